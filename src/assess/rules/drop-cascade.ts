import type { ObjectKey, ObjectKind } from '../../catalog/model.ts';
import { deparse } from '../../sql/deparse.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { namesFromLists, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { dependentsOf, dropSql, told } from './dependents.ts';
import { alterTableSql, commands, existingRelation, type Hit, rule } from './rule.ts';

/** Kinds that have no rule of their own about what goes with them. */
const KINDS: Readonly<Record<string, ObjectKind>> = {
  OBJECT_TABLE: 'table',
  OBJECT_FOREIGN_TABLE: 'table',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_INDEX: 'index',
};

/** Their names hold more than a name: nothing is looked up. */
const OTHERS = new Set([
  'OBJECT_FUNCTION',
  'OBJECT_PROCEDURE',
  'OBJECT_ROUTINE',
  'OBJECT_AGGREGATE',
  'OBJECT_OPERATOR',
  'OBJECT_COLLATION',
  'OBJECT_EXTENSION',
  'OBJECT_FOREIGN_SERVER',
]);

export const dropCascade = rule({
  id: 'drop-cascade',
  severity: 'danger',
  title: 'CASCADE drops whatever depends on it, in silence',
  on: ['DropStmt', 'AlterTableStmt'],
  commands: ['AT_DropColumn', 'AT_DropConstraint'],
  applies: (analysis, context) =>
    analysis.statement.kind === 'DropStmt' ? dropped(analysis, context) : altered(analysis, context),
  why: 'CASCADE follows the dependencies as far as they lead, and says no more than a NOTICE (PostgreSQL manual, 5.15). What it takes along is not parked, and a trigger or a view that a later migration had added disappears unnoticed.',
  instead:
    'Change what depends on it so that it no longer does, or drop that by name, in order, where everybody can read it; then the object without CASCADE. The server refuses when something was forgotten.',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE u (id int PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t;',
    bad: 'DROP TABLE t CASCADE;',
    danger: { kind: 'breaks', query: 'SELECT id FROM v', sqlstate: '42P01' },
    good: ['CREATE OR REPLACE VIEW v AS SELECT id FROM u', 'DROP TABLE t'],
  },
  manual: 'ddl-depend.html',
});

function dropped(analysis: Analysis, context: AssessContext): readonly Hit[] {
  const { kind, node } = analysis.statement;
  if (text(node, 'behavior') !== 'DROP_CASCADE') return [];
  const type = text(node, 'removeType') ?? '';
  const object = KINDS[type];
  if (object === undefined) {
    return OTHERS.has(type) ? [unknown(() => deparse(kind, { ...node, behavior: 'DROP_RESTRICT' }))] : [];
  }
  const relations = namesFromLists(node, 'objects').flatMap((name) => context.resolve(name) ?? []);
  const old = relations.filter((relation) => !context.isNew(relation));
  if (old.length === 0) return [];
  const roots = old.map((relation): ObjectKey => `${object} ${relation}`);
  return hitOf(roots, object, context, () => deparse(kind, { ...node, behavior: 'DROP_RESTRICT' }));
}

function altered(analysis: Analysis, context: AssessContext): readonly Hit[] {
  const table = existingRelation(analysis, context);
  if (table === null) return [];
  const of = (subtype: string, kind: ObjectKind): readonly Hit[] =>
    commands(analysis, subtype)
      .filter((command) => text(command, 'behavior') === 'DROP_CASCADE')
      .flatMap((command) => {
        const root: ObjectKey = `${kind} ${table}.${quoteIdent(text(command, 'name') ?? '')}`;
        return hitOf([root], kind, context, () =>
          alterTableSql(analysis, { ...command, behavior: 'DROP_RESTRICT' }),
        );
      });
  return [...of('AT_DropColumn', 'column'), ...of('AT_DropConstraint', 'constraint')];
}

/** One hit where something would go along, or nobody knows. */
function hitOf(
  roots: readonly ObjectKey[],
  kind: ObjectKind,
  context: AssessContext,
  restricted: () => Promise<string | null>,
): readonly Hit[] {
  const dependents = dependentsOf(context, roots);
  if (dependents === null) return [unknown(restricted)];
  if (dependents.length === 0) return [];
  const drops = [...dependents].reverse().map((key) => dropSql(key, kind, context));
  return [
    {
      message: `With it go ${told(dependents)}.`,
      safeSql: async () => [...drops, await restricted()],
    },
  ];
}

function unknown(restricted: () => Promise<string | null>): Hit {
  return {
    message:
      'What depends on it goes too: views, foreign keys, columns; those of the day it runs, not those that you have in mind (not known without the database).',
    severity: 'warning',
    safeSql: async () => [await restricted()],
  };
}
