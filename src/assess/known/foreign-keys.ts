/** The parts of a foreign key, read from its definition as `pg_get_constraintdef` prints it. */
import type { ConstraintProperties } from '../../catalog/model.ts';
import { splitQualified } from '../../sql/quote.ts';

export type KeyAction = 'NO ACTION' | 'RESTRICT' | 'CASCADE' | 'SET NULL' | 'SET DEFAULT';

export interface ForeignKey {
  readonly columns: readonly string[];
  readonly references: string | null;
  /** Null where they are not known: the primary key of a table that nobody knows. */
  readonly referenced: readonly string[] | null;
  readonly onDelete: KeyAction;
  readonly onUpdate: KeyAction;
}

export function foreignKey({ columns, references, definition }: ConstraintProperties): ForeignKey {
  const list = / REFERENCES .*?\(([^)]*)\)/.exec(definition)?.[1];
  const action = (event: string): KeyAction => {
    const found = new RegExp(`ON ${event} (CASCADE|RESTRICT|SET NULL|SET DEFAULT)`).exec(definition)?.[1];
    return (found as KeyAction | undefined) ?? 'NO ACTION';
  };
  return {
    columns,
    references,
    referenced:
      list === undefined || list === ''
        ? null
        : list.split(', ').map((part) => splitQualified(part)[0] ?? part),
    onDelete: action('DELETE'),
    onUpdate: action('UPDATE'),
  };
}
