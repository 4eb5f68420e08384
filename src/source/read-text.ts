import { readFileSync } from 'node:fs';
import { FerrataError } from '../errors.ts';
import { normaliseText } from '../sql/locate.ts';

/**
 * A text file as UTF-8 with LF line ends and without byte order mark. Throws `migration-invalid` where it is no UTF-8:
 * a wrongly read character would be written to the database.
 *
 * @param shown the path for messages
 */
export function readText(path: string, shown: string): string {
  const bytes = readFileSync(path);
  try {
    return normaliseText(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
    throw new FerrataError('migration-invalid', `${shown} is not UTF-8 text`, {
      why: utf16
        ? 'It begins with the byte order mark of UTF-16.'
        : 'Some of its bytes are no characters in UTF-8.',
      hint: utf16
        ? `Convert it: iconv -f UTF-16 -t UTF-8 ${shown}`
        : `Convert it: iconv -f WINDOWS-1252 -t UTF-8 ${shown} (or whatever it was written in).`,
      cause,
    });
  }
}
