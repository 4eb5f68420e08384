import type { ObjectKey } from '../../catalog/model.ts';
import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import { children, flag, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { told } from './dependents.ts';
import { rule } from './rule.ts';

export const dropSchema = rule({
  id: 'drop-schema',
  severity: 'danger',
  title: 'DROP SCHEMA takes everything that is in it',
  on: ['DropStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    if (text(node, 'removeType') !== 'OBJECT_SCHEMA') return [];
    const cascade = text(node, 'behavior') === 'DROP_CASCADE';
    return children(node, 'objects').flatMap(({ node: item }) => {
      const schema = text(item, 'sval') ?? '';
      const inside = contentOf(schema, context);
      if (inside !== null && inside.length === 0) return [];
      if (
        flag(node, 'missing_ok') &&
        context.known.complete &&
        !context.known.has('schema', quoteIdent(schema))
      )
        return [];
      // Without CASCADE an empty one goes, and nothing else.
      if (inside === null && !cascade) return [];
      const what = inside === null ? 'Everything in it' : `It holds ${told(inside)}, which`;
      return [
        {
          message: cascade
            ? `${what} goes with ${quoteIdent(schema)}, and what depends on it in other schemas.`
            : `The statement fails: ${quoteIdent(schema)} holds ${told(inside ?? [])}.`,
          safeSql: [],
        },
      ];
    });
  },
  why: 'CASCADE drops all tables, views, functions and types of the schema, and what depends on them elsewhere; without it the server refuses as long as there is anything (PostgreSQL manual, DROP SCHEMA).',
  instead:
    'Drop what is in it by name, one migration per part that programs no longer use, and the empty schema last, without CASCADE. Take a backup of it before: pg_dump --schema.',
  example: {
    schema: 'CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY);',
    bad: 'DROP SCHEMA s CASCADE;',
    danger: { kind: 'breaks', query: 'SELECT id FROM s.t', sqlstate: '42P01' },
  },
  manual: 'sql-dropschema.html',
});

const KINDS = [
  'table',
  'view',
  'materialized view',
  'sequence',
  'function',
  'enum',
  'domain',
  'composite',
] as const;

/** What lies in the schema; null where nobody knows. Of what the migration itself made nothing. */
function contentOf(schema: string, context: AssessContext): readonly ObjectKey[] | null {
  const found = KINDS.flatMap((kind) =>
    context.known
      .objects(kind)
      .filter(({ identity }) => splitQualified(identity)[0] === schema && !context.isNew(identity))
      .map(({ identity }): ObjectKey => `${kind} ${identity}`),
  );
  return found.length === 0 && !context.known.complete ? null : found;
}
