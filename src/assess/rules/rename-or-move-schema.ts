import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import { relationOf, showName, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { readGone } from './names-gone.ts';
import { scriptRule } from './rule.ts';

export const renameOrMoveSchema = scriptRule({
  id: 'rename-or-move-schema',
  severity: 'danger',
  title: 'Under another schema, programs do not find it any more',
  read: readGone(({ statement }, context) => {
    const { kind, node } = statement;
    if (kind === 'RenameStmt' && text(node, 'renameType') === 'OBJECT_SCHEMA') {
      const from = text(node, 'subname') ?? '';
      const to = text(node, 'newname') ?? '';
      return [
        {
          name: quoteIdent(from),
          hit: {
            statement,
            message: `Every name with ${quoteIdent(from)} in front fails from now on, and so does every search_path that relies on it.`,
            safeSql: viewsFor(from, to, statement.text, context),
          },
        },
      ];
    }
    if (kind !== 'AlterObjectSchemaStmt') return [];
    const type = text(node, 'objectType') ?? '';
    const written = relationOf(node);
    const relation = context.resolve(written);
    const to = text(node, 'newschema') ?? '';
    if (written === null || relation === null) {
      return [
        {
          name: statement.text,
          hit: {
            statement,
            message: `${WORDS[type] ?? 'What'} is moved is found under ${quoteIdent(to)} alone from now on.`,
            safeSql: [],
          },
        },
      ];
    }
    if (context.isNew(relation) || splitQualified(relation)[0] === to) return [];
    const readable = type === 'OBJECT_TABLE' || type === 'OBJECT_VIEW' || type === 'OBJECT_MATVIEW';
    return [
      {
        name: relation,
        hit: {
          statement,
          message: `${relation} is found under ${quoteIdent(to)} alone from now on: by its full name, or where ${quoteIdent(to)} is on the search_path.`,
          safeSql: readable
            ? [
                statement.text,
                `CREATE VIEW ${showName({ schema: splitQualified(relation)[0] ?? null, name: written.name })} AS SELECT * FROM ${showName({ schema: to, name: written.name })}`,
              ]
            : [],
        },
      },
    ];
  }),
  why: 'Programs name tables with their schema, or rely on the search_path of their role; function bodies do, too. Views, foreign keys and indexes follow by themselves (PostgreSQL manual, 5.10, ALTER SCHEMA).',
  instead:
    'In the same transaction leave views under the old name (simple ones take writes too); drop them when no program uses them any more.',
  example: {
    schema: 'CREATE SCHEMA archive; CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1);',
    bad: 'ALTER TABLE t SET SCHEMA archive;',
    danger: { kind: 'breaks', query: 'SELECT id FROM t', sqlstate: '42P01' },
  },
  manual: 'ddl-schemas.html',
});

const WORDS: Readonly<Record<string, string>> = {
  OBJECT_EXTENSION: 'The extension that',
  OBJECT_FUNCTION: 'The function that',
  OBJECT_PROCEDURE: 'The procedure that',
  OBJECT_TYPE: 'The type that',
  OBJECT_DOMAIN: 'The domain that',
};

/** A schema of the old name with a view of each table; nothing where it holds more than relations that can be read. */
function viewsFor(from: string, to: string, rename: string, context: AssessContext): readonly string[] {
  const within = (
    kind: 'table' | 'view' | 'materialized view' | 'sequence' | 'function' | 'enum' | 'domain',
  ) =>
    context.known
      .objects(kind)
      .map(({ identity }) => splitQualified(identity))
      .filter(([schema]) => schema === from);
  const others = [...within('sequence'), ...within('function'), ...within('enum'), ...within('domain')];
  const relations = [...within('table'), ...within('view'), ...within('materialized view')];
  if (others.length > 0 || relations.length === 0) return [];
  return [
    rename,
    `CREATE SCHEMA ${quoteIdent(from)}`,
    ...relations.map(([, name = '']) => {
      const old = showName({ schema: from, name });
      return `CREATE VIEW ${old} AS SELECT * FROM ${showName({ schema: to, name })}`;
    }),
  ];
}
