import { deparse } from '../../sql/deparse.ts';
import type { KindedNode, Node } from '../../sql/tree.ts';
import { child, flag, nameFromRange, strings, text, walk } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import { type ScriptHit, scriptRule } from './rule.ts';
import { byTime } from './weight.ts';

export const multiAlterSameTable = scriptRule({
  id: 'multi-alter-same-table',
  severity: 'warning',
  title: 'Several ALTER TABLEs each go through the same table',
  read: () => {
    const seen: Analysis[] = [];
    return {
      see: (analysis) => {
        seen.push(analysis);
        return [];
      },
      end: (context) =>
        runs(seen).map((run): ScriptHit => {
          const [first, ...rest] = run.analyses;
          const last = rest.at(-1) ?? first;
          const lines = run.analyses.map(({ statement }) => statement.line).join(', ');
          return {
            statement: last.statement,
            severity: byTime(context, [run.relation], 'warning'),
            message: `${run.relation} is read${run.rewrites ? ' and written anew' : ''} ${run.analyses.length} times while it is locked (lines ${lines}); one ALTER TABLE with all of these commands does it once.`,
            safeSql: async () => [await merged(run.analyses)],
          };
        }),
    };
  },
  why: 'The commands of one ALTER TABLE that need to look at every row share a single pass over the table (PostgreSQL manual, ALTER TABLE, notes); those of several each make their own, under the lock.',
  instead: 'Write the commands into one ALTER TABLE, separated by commas.',
  manual: 'sql-altertable.html#SQL-ALTERTABLE-NOTES',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int, b int); INSERT INTO t VALUES (1, 2, 3);',
    bad: 'ALTER TABLE t ALTER COLUMN a TYPE bigint; ALTER TABLE t ALTER COLUMN b TYPE bigint;',
    danger: { kind: 'rewrite', relation: 't', times: 2 },
  },
});

interface Run {
  readonly relation: string;
  readonly rewrites: boolean;
  readonly analyses: readonly [Analysis, ...Analysis[]];
}

interface Open {
  readonly relation: string;
  readonly analyses: Analysis[];
  readonly names: Set<string>;
}

/** ALTER TABLEs of one table that could be one: nothing between them touches it, and no two name the same column. */
function runs(seen: readonly Analysis[]): readonly Run[] {
  const found: Run[] = [];
  let open: Open | null = null;
  const close = (): void => {
    const { relation, analyses } = (open as Open | null) ?? { relation: '', analyses: [] };
    const [first, ...rest] = analyses;
    if (first !== undefined && rest.length > 0) {
      const rewrites = analyses.some(({ facts }) => facts.rewrites.length > 0);
      found.push({ relation, rewrites, analyses: [first, ...rest] });
    }
    open = null;
  };
  for (const analysis of seen) {
    const relation = passesOver(analysis);
    const names = relation === null ? null : namesIn(analysis);
    if (relation === null || names === null) {
      // Whatever else stands between may need the one before, or be needed by the one behind.
      if (!isHarmless(analysis)) close();
      continue;
    }
    const current = open as Open | null;
    if (current === null || current.relation !== relation || overlap(current.names, names)) {
      close();
      open = { relation, analyses: [analysis], names: new Set(names) };
    } else {
      current.analyses.push(analysis);
      for (const name of names) current.names.add(name);
    }
  }
  close();
  return found;
}

/** The table that an ALTER TABLE reads or writes whole while it is locked; null for every other statement. */
function passesOver({ statement, facts }: Analysis): string | null {
  if (statement.kind !== 'AlterTableStmt' || text(statement.node, 'objtype') !== 'OBJECT_TABLE') return null;
  const relation = facts.locks.find((lock) => lock.role === 'target')?.relation ?? null;
  if (relation === null || facts.blocks === 'nothing') return null;
  const passes = facts.rewrites.includes(relation) || facts.validates.length > 0;
  return passes ? relation : null;
}

/** Commands that can stand in one statement whatever their order, as long as their columns differ. */
const MERGEABLE = new Set([
  'AT_AddColumn',
  'AT_AlterColumnType',
  'AT_SetNotNull',
  'AT_AddConstraint',
  'AT_ColumnDefault',
  'AT_SetLogged',
]);

/** Columns and constraints that it names; null where its commands are not to be merged. */
function namesIn({ statement }: Analysis): ReadonlySet<string> | null {
  const commands = Array.isArray(statement.node.cmds) ? statement.node.cmds : [];
  const names = new Set<string>();
  let mergeable = true;
  walk(commands, (kind, node) => {
    if (kind === 'AlterTableCmd') {
      mergeable &&=
        MERGEABLE.has(text(node, 'subtype') ?? '') && flag(child(statement.node, 'relation'), 'inh');
      add(names, text(node, 'name'));
    }
    if (kind === 'ColumnDef') add(names, text(node, 'colname'));
    if (kind === 'ColumnRef') add(names, strings(node.fields).at(-1) ?? null);
    if (kind === 'Constraint') {
      add(names, text(node, 'conname'));
      for (const key of ['keys', 'fk_attrs'] as const)
        for (const name of strings(node[key])) add(names, name);
      // An index is built apart from the pass over the rows.
      if (['CONSTR_UNIQUE', 'CONSTR_PRIMARY', 'CONSTR_EXCLUSION'].includes(text(node, 'contype') ?? '')) {
        mergeable = false;
      }
    }
    return undefined;
  });
  return mergeable ? names : null;
}

function add(names: Set<string>, name: string | null): void {
  if (name !== null) names.add(name);
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return [...b].some((name) => a.has(name));
}

function isHarmless({ statement }: { readonly statement: KindedNode }): boolean {
  return ['CommentStmt', 'TransactionStmt', 'VariableSetStmt', 'VariableShowStmt'].includes(statement.kind);
}

async function merged([first, ...rest]: readonly [Analysis, ...Analysis[]]): Promise<string | null> {
  const commands = [first, ...rest].flatMap(({ statement }) => statement.node.cmds as readonly Node[]);
  const same = rest.every(
    ({ statement }) =>
      JSON.stringify(nameFromRange(child(statement.node, 'relation'))) ===
        JSON.stringify(nameFromRange(child(first.statement.node, 'relation'))) &&
      flag(statement.node, 'missing_ok') === flag(first.statement.node, 'missing_ok'),
  );
  return same ? deparse('AlterTableStmt', { ...first.statement.node, cmds: commands }) : null;
}
