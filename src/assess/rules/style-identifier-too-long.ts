import { tokens } from '../../sql/lexer.ts';
import { splitQualified } from '../../sql/quote.ts';
import { scriptRule } from './rule.ts';

/** NAMEDATALEN - 1 (manual, 4.1.1). */
const MAX_BYTES = 63;

export const styleIdentifierTooLong = scriptRule({
  id: 'style-identifier-too-long',
  severity: 'info',
  optional: true,
  title: 'A name of more than 63 bytes is cut off',
  read: () => ({
    see: ({ statement }) => {
      const long = new Set<string>();
      for (const token of tokens(statement.text)) {
        if (token.kind !== 'word' && token.kind !== 'quoted-name') continue;
        const piece = statement.text.slice(token.start, token.end);
        const name = token.kind === 'word' ? piece : (splitQualified(piece)[0] ?? piece);
        if (Buffer.byteLength(name) > MAX_BYTES) long.add(name);
      }
      return [...long].map((name) => ({
        statement,
        message: `${name} becomes ${cut(name)}: who asks the catalog for the whole name finds nothing, and another name with the same beginning is the same.`,
        safeSql: [],
      }));
    },
  }),
  why: 'The server keeps the first 63 bytes of a name and says so in a NOTICE alone (PostgreSQL manual, 4.1.1).',
  instead: 'Choose a shorter name.',
  manual: 'sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS',
  example: {
    schema: 'CREATE TABLE t (id bigint PRIMARY KEY);',
    bad: 'CREATE INDEX t_id_which_everybody_asks_for_when_the_moon_is_full_and_the_night_is_long ON t (id);',
    danger: {
      kind: 'shows',
      query:
        "SELECT relname FROM pg_class WHERE relname LIKE 't_id_which%' AND octet_length(relname::text) = 63",
    },
    good: ['CREATE INDEX t_id_which_everybody_asks_for ON t (id)'],
  },
});

/** As the server cuts it: whole characters within 63 bytes. */
function cut(name: string): string {
  let bytes = 0;
  let kept = '';
  for (const char of name) {
    bytes += Buffer.byteLength(char);
    if (bytes > MAX_BYTES) break;
    kept += char;
  }
  return kept;
}
