import { deparse } from '../../sql/deparse.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { child, children, type Node, relationOf, showName, strings, text } from '../../sql/tree.ts';
import { joinedName } from '../known/chosen-names.ts';
import { foreignKeysOf } from './foreign-keys.ts';
import { scriptRule } from './rule.ts';
import { assumed, readTransactions } from './script-rules.ts';
import { COMMIT } from './steps.ts';
import { byTraffic } from './weight.ts';

export const multipleFksOneTx = scriptRule({
  id: 'multiple-fks-one-tx',
  severity: 'info',
  title: 'Foreign keys to several tables in one transaction lock all of those at once',
  read: readTransactions((transaction, context) => {
    const locked = new Set<string>();
    for (const { statement, facts } of transaction.analyses) {
      const targets = new Set(
        foreignKeysOf(statement, context)
          .filter((key) => key.referenced !== key.table)
          .map((key) => key.referenced),
      );
      const before = [...locked];
      for (const lock of facts.locks) {
        if (
          lock.mode === 'ShareRowExclusiveLock' &&
          lock.role === 'referenced' &&
          targets.has(lock.relation)
        ) {
          locked.add(lock.relation);
        }
      }
      if (locked.size < 2) continue;
      const all = [...locked];
      const busy = all.some((table) => byTraffic(context, table) === 'warning');
      return [
        {
          statement,
          message: `No write to ${all.join(', ')} until the transaction ends${assumed(transaction, context)}; a program that writes them in another order may deadlock with it.`,
          severity: busy ? ('warning' as const) : ('info' as const),
          safeSql:
            before.length > 0 && targets.size === 1 ? [COMMIT, statement.text] : () => apart(statement),
        },
      ];
    }
    return [];
  }, 1),
  why: 'Each foreign key takes a ShareRowExclusiveLock on the table that it refers to and keeps it until the transaction ends. Two of them are taken one after the other, while programs may hold the second and wait for the first (PostgreSQL manual, 13.3.4).',
  instead:
    'One foreign key per transaction: make the table without them, then add each as NOT VALID, and validate it.',
  example: {
    schema: 'CREATE TABLE r (id int PRIMARY KEY); CREATE TABLE s (id int PRIMARY KEY);',
    bad: 'CREATE TABLE t (id int PRIMARY KEY, r_id int REFERENCES r (id), s_id int REFERENCES s (id));',
    danger: {
      kind: 'holds together',
      relations: ['r', 's'],
      mode: 'ShareRowExclusiveLock',
    },
  },
  manual: 'explicit-locking.html#LOCKING-DEADLOCKS',
});

/** The statement without its foreign keys, and then each of those in a transaction of its own. */
async function apart(statement: ParsedStatement): Promise<readonly (string | null)[]> {
  const { kind, node } = statement;
  const keys: Node[] = [];
  const take = (constraint: Node, columns?: unknown): void => {
    const { initially_valid: _valid, ...rest } = constraint;
    keys.push({ ...rest, skip_validation: true, ...(columns === undefined ? {} : { fk_attrs: columns }) });
  };
  const isKey = (constraint: Node): boolean => text(constraint, 'contype') === 'CONSTR_FOREIGN';
  const withoutKeys = (column: Node): Node => {
    const constraints = children(column, 'constraints');
    for (const { node: constraint } of constraints.filter((item) => isKey(item.node))) {
      take(constraint, [{ String: { sval: text(column, 'colname') ?? '' } }]);
    }
    const kept = constraints.filter((item) => !isKey(item.node));
    const { constraints: _constraints, ...bare } = column;
    return kept.length === 0
      ? bare
      : { ...bare, constraints: kept.map((item) => ({ [item.kind]: item.node })) };
  };
  let base: string | null = null;
  if (kind === 'CreateStmt') {
    const elements = children(node, 'tableElts').flatMap(({ kind: elementKind, node: element }) => {
      if (elementKind === 'ColumnDef') return [{ ColumnDef: withoutKeys(element) }];
      if (elementKind !== 'Constraint' || !isKey(element)) return [{ [elementKind]: element }];
      take(element);
      return [];
    });
    base = await deparse(kind, { ...node, tableElts: elements });
  } else {
    const commands = children(node, 'cmds').flatMap(({ node: command }) => {
      const constraint = child(child(command, 'def'), 'Constraint');
      const column = child(child(command, 'def'), 'ColumnDef');
      if (text(command, 'subtype') === 'AT_AddConstraint' && constraint !== null && isKey(constraint)) {
        take(constraint);
        return [];
      }
      if (text(command, 'subtype') !== 'AT_AddColumn' || column === null) return [command];
      return [{ ...command, def: { ColumnDef: withoutKeys(column) } }];
    });
    base =
      commands.length === 0
        ? ''
        : await deparse(kind, { ...node, cmds: commands.map((command) => ({ AlterTableCmd: command })) });
  }
  const table = relationOf(node);
  const steps: (string | null)[] = base === '' ? [] : [base];
  for (const key of keys) {
    const name = text(key, 'conname') ?? nameOfKey(table?.name ?? '', key);
    const add = await deparse('AlterTableStmt', {
      relation: { ...child(node, 'relation'), inh: true },
      objtype: 'OBJECT_TABLE',
      cmds: [
        {
          AlterTableCmd: {
            subtype: 'AT_AddConstraint',
            behavior: 'DROP_RESTRICT',
            def: { Constraint: { ...key, conname: name } },
          },
        },
      ],
    });
    const validate =
      table === null ? null : `ALTER TABLE ${showName(table)} VALIDATE CONSTRAINT ${quoteIdent(name)}`;
    steps.push(...(steps.length === 0 ? [] : [COMMIT]), add, COMMIT, validate);
  }
  return steps;
}

function nameOfKey(table: string, key: Node): string {
  return joinedName(table, strings(key.fk_attrs).join('_'), 'fkey');
}
