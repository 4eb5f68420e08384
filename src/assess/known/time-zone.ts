/** Whether the session's TimeZone is UTC, statement by statement (manual, SET TIME ZONE). */
import type { ParsedStatement } from '../../sql/model.ts';
import { sessionSetting } from '../../sql/session.ts';
import { child, children, text } from '../../sql/tree.ts';

const UTC = /^(etc\/)?(utc|gmt|uct|zulu|greenwich|universal)([+-]?0+(:?00)?)?$|^[+-]?0+(:00)?$/i;

/** Whether a value of TimeZone is UTC, or as good. */
export function isUtc(timeZone: string): boolean {
  return UTC.test(timeZone);
}

export function isUtcAfter(statement: ParsedStatement, before: boolean): boolean {
  const { kind, node } = statement;
  const name = kind === 'VariableSetStmt' ? text(node, 'name') : sessionSetting(statement);
  if (name === 'all' || kind === 'DiscardStmt') return false;
  if (name?.toLowerCase() !== 'timezone') return before;
  const [value] = children(node, 'args').map((argument) => argument.node);
  if (text(node, 'kind') !== 'VAR_SET_VALUE' || value === undefined) return false;
  const constant = text(child(value, 'sval'), 'sval') ?? String(child(value, 'ival')?.ival ?? 0);
  return isUtc(constant);
}
