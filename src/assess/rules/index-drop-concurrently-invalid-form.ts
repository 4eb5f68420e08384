import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import { flag, namesFromLists, type QualifiedName, showName, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { rule } from './rule.ts';

export const indexDropConcurrentlyInvalidForm = rule({
  id: 'index-drop-concurrently-invalid-form',
  severity: 'danger',
  title: 'A DROP INDEX CONCURRENTLY that the server refuses',
  on: ['DropStmt'],
  applies: (analysis, context) => {
    const { node } = analysis.statement;
    if (text(node, 'removeType') !== 'OBJECT_INDEX' || !flag(node, 'concurrent')) return [];
    const names = namesFromLists(node, 'objects');
    const maybe = flag(node, 'missing_ok');
    const reasons = [
      names.length > 1 ? 'it names more than one index' : null,
      text(node, 'behavior') === 'DROP_CASCADE' ? 'it says CASCADE' : null,
      ...names.map((name) => refusal(name, context)),
    ].filter((reason) => reason !== null);
    if (reasons.length === 0) return [];
    return [
      {
        message: `The statement fails: ${reasons.join(', and ')}.`,
        safeSql: names.map((name) => dropOf(name, maybe, context)),
      },
    ];
  },
  why: 'CONCURRENTLY drops one index at a time, knows no CASCADE, and neither works for an index of a partitioned table nor for the one behind a UNIQUE, PRIMARY KEY or EXCLUDE constraint (PostgreSQL manual, DROP INDEX).',
  instead:
    'One statement per index, without CASCADE. The index of a constraint goes with the constraint, one of a partitioned table without CONCURRENTLY; both lock the table for a moment.',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int, b int); CREATE INDEX t_a ON t (a); CREATE INDEX t_b ON t (b);',
    bad: 'DROP INDEX CONCURRENTLY t_a, t_b;',
    danger: { kind: 'fails', sqlstate: '0A000' },
  },
  manual: 'sql-dropindex.html',
});

function refusal(name: QualifiedName, context: AssessContext): string | null {
  const index = context.resolve(name) ?? '';
  const table = context.tableOfIndex(index);
  if (table === null) return null;
  if (isOfConstraint(index, context)) return `${index} belongs to a constraint of ${table}`;
  return context.isPartitioned(table) ? `${table} is partitioned` : null;
}

function isOfConstraint(index: string, context: AssessContext): boolean {
  return context.index(index) === null;
}

function dropOf(name: QualifiedName, maybe: boolean, context: AssessContext): string {
  const index = context.resolve(name) ?? '';
  const table = context.tableOfIndex(index);
  const exists = maybe ? 'IF EXISTS ' : '';
  if (table !== null && isOfConstraint(index, context)) {
    const constraint = quoteIdent(splitQualified(index).at(-1) ?? '');
    return `ALTER TABLE ${table} DROP CONSTRAINT ${exists}${constraint}`;
  }
  const partitioned = table !== null && context.isPartitioned(table);
  return `DROP INDEX ${partitioned ? '' : 'CONCURRENTLY '}${exists}${showName(name)}`;
}
