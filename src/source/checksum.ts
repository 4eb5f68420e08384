import { createHash } from 'node:crypto';

/**
 * SHA-256, hex, over the files of a migration in a fixed order, each with its name and length in front, so that text
 * cannot move from one file to the next unseen. The texts are normalised already (LF, no byte order mark).
 */
export function migrationChecksum(
  files: readonly { readonly name: string; readonly text: string }[],
): string {
  const hash = createHash('sha256');
  for (const { name, text } of files) hash.update(`${name} ${Buffer.byteLength(text)}\n`).update(text);
  return hash.digest('hex');
}
