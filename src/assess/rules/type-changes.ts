/** ALTER COLUMN … TYPE on tables that others use. */
import { type Node, relationOf, text } from '../../sql/tree.ts';
import { columnTypeChange } from '../statements/column-type.ts';
import { columnDefinition } from '../statements/columns.ts';
import { commands, existingRelation, once } from './rule.ts';
import type { Target } from './steps.ts';

export interface TypeChangeOfColumn extends Target, ReturnType<typeof columnTypeChange> {
  readonly command: Node;
  readonly definition: Node;
  /** timestamp ↔ timestamptz, without a USING of its own: what it costs depends on the session. */
  readonly zone: boolean;
}

export const typeChanges = once((analysis, context): readonly TypeChangeOfColumn[] => {
  const table = existingRelation(analysis, context);
  const written = relationOf(analysis.statement.node);
  if (table === null || written === null) return [];
  // Attributes of a composite type: a table that has them is not changed, the server refuses.
  if (text(analysis.statement.node, 'objtype') === 'OBJECT_TYPE') return [];
  return commands(analysis, 'AT_AlterColumnType').flatMap((command) => {
    const definition = columnDefinition(command);
    if (definition === null) return [];
    const change = columnTypeChange(command, table, context);
    const plain = definition.raw_default === undefined;
    return [
      {
        table,
        written,
        command,
        definition,
        ...change,
        zone:
          plain &&
          change.from !== null &&
          zoned(change.from) !== null &&
          zoned(change.to) === !zoned(change.from),
      },
    ];
  });
});

/** Whether a timestamp has a time zone; null for every other type. */
function zoned(type: string): boolean | null {
  const word = /^timestamp(?:\(\d\))? with(out)? time zone$/.exec(type);
  return word === null ? null : word[1] === undefined;
}
