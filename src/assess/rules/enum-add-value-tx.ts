import type { EnumProperties } from '../../catalog/model.ts';
import { quoteLiteral, quoteQualified, splitQualified } from '../../sql/quote.ts';
import { readRelations, writtenRelations } from '../../sql/relations.ts';
import {
  child,
  flag,
  nameFromParts,
  type QualifiedName,
  relationOf,
  strings,
  text,
  walk,
} from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { type ScriptHit, scriptRule } from './rule.ts';
import { assumed, transactions } from './script-rules.ts';

export const enumAddValueTx = scriptRule({
  id: 'enum-add-value-tx',
  severity: 'danger',
  title: 'A new enum value is used in the transaction that adds it',
  read: () => {
    const seen: Analysis[] = [];
    const added = new Map<Analysis, NewLabel>();
    const uses = new Map<Analysis, ReadonlySet<string> | null>();
    return {
      see: (analysis, context) => {
        // Ferrata commits between the two by itself.
        if (!context.loose) return [];
        seen.push(analysis);
        // Which enums it can speak of depends on the moment.
        if (added.size > 0) uses.set(analysis, enumsIn(analysis, context));
        const label = newLabel(analysis, context);
        if (label !== null) added.set(analysis, label);
        return [];
      },
      end: (context) => {
        if (added.size === 0) return [];
        return transactions(seen, context.loose).flatMap((transaction) => {
          const hits: ScriptHit[] = [];
          const open: NewLabel[] = [];
          for (const analysis of transaction.analyses) {
            const types = uses.get(analysis) ?? null;
            const used = open.find(
              ({ type, label }) =>
                (types === null || types.has(type)) && mentionsConstant(analysis.statement.node, label),
            );
            if (used !== undefined) {
              hits.push({
                statement: analysis.statement,
                message: `${quoteLiteral(used.label)} of ${used.type} was added in line ${used.line} of the same transaction, and cannot be used before it is committed${assumed(transaction, context)}.`,
                safeSql: [used.text, 'COMMIT', analysis.statement.text],
              });
            }
            const label = added.get(analysis);
            if (label !== undefined) open.push(label);
          }
          return hits.slice(0, 1);
        });
      },
    };
  },
  why: 'ALTER TYPE … ADD VALUE may stand in a transaction, but the new value cannot be used until that has been committed, unless the type was made in it as well (PostgreSQL manual, ALTER TYPE, notes). The statement fails, and the whole transaction with it.',
  instead:
    'Commit behind ALTER TYPE, or put it into a file of its own. In a migration that Ferrata runs nothing is to be done: it commits between the two by itself.',
  manual: 'sql-altertype.html',
  example: {
    schema:
      "CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TABLE t (id int PRIMARY KEY, m mood); INSERT INTO t VALUES (1, 'ok');",
    bad: "BEGIN; ALTER TYPE mood ADD VALUE 'happy'; UPDATE t SET m = 'happy' WHERE id = 1; COMMIT;",
    danger: { kind: 'fails', sqlstate: '55P04' },
  },
});

interface NewLabel {
  readonly type: string;
  readonly label: string;
  readonly line: number;
  readonly text: string;
}

function newLabel({ statement }: Analysis, context: AssessContext): NewLabel | null {
  const { kind, node } = statement;
  const label = text(node, 'newVal');
  const name = nameFromParts(strings(node.typeName));
  if (kind !== 'AlterEnumStmt' || label === null || text(node, 'oldVal') !== null || name === null)
    return null;
  if (context.isNewType(name)) return null;
  const type = context.resolveType(name);
  const known = context.known.get('enum', type)?.properties as EnumProperties | undefined;
  if (flag(node, 'skipIfNewValExists') && known?.labels.includes(label) === true) return null;
  return { type, label, line: statement.line, text: statement.text };
}

/** Types that a statement may mean: of the columns of its tables, and of its casts; null where they are not known. */
function enumsIn({ statement }: Analysis, context: AssessContext): ReadonlySet<string> | null {
  const types = new Set<string>();
  const names: readonly QualifiedName[] = [
    ...writtenRelations(statement),
    ...readRelations(statement),
    relationOf(statement.node),
  ].filter((name) => name !== null);
  for (const name of names) {
    const relation = context.resolve(name);
    const columns = relation === null ? [] : context.columns(relation);
    if (columns.length === 0) return null;
    for (const { type } of columns) addType(types, type, context);
  }
  let known = names.length > 0;
  walk({ [statement.kind]: statement.node }, (kind, node) => {
    if (kind === 'TypeCast' || kind === 'ColumnDef') {
      const name = nameFromParts(strings(child(node, 'typeName')?.names));
      if (name !== null) types.add(context.resolveType(name));
    }
    // Whatever a function takes.
    if (kind === 'FuncCall') known = false;
    return undefined;
  });
  return known ? types : null;
}

function addType(types: Set<string>, type: string, context: AssessContext): void {
  const [first, second] = splitQualified(type.replace(/\[\]$/, ''));
  if (first === undefined) return;
  types.add(
    second === undefined ? context.resolveType({ schema: null, name: first }) : quoteQualified(first, second),
  );
}

/** Whether the label stands in the statement as a string constant. */
function mentionsConstant(root: unknown, label: string): boolean {
  let found = false;
  walk(root, (kind, node) => {
    if (kind === 'A_Const' && text(child(node, 'sval'), 'sval') === label) found = true;
    return !found;
  });
  return found;
}
