/**
 * What a statement leaves behind, as far as its text tells. What it may have done beyond that is forgotten, so that what
 * is known stays true: a DO block or a function that runs DDL, a table made from a query.
 */
import type { ParsedStatement } from '../../sql/model.ts';
import type { Node, QualifiedName } from '../../sql/tree.ts';
import { alterReplays } from './alter-table.ts';
import { replayCode } from './blocks.ts';
import { dropReplays } from './drops.ts';
import { otherReplays } from './others.ts';
import { renameReplays } from './renames.ts';
import type { KnownSchema } from './schema.ts';
import { tableReplays } from './tables.ts';

/** How names are found at the moment the statement runs. */
export interface Names {
  /** An existing relation: schema-qualified. */
  relation(name: QualifiedName | null): string | null;
  /** A relation or type that is made: schema-qualified. */
  made(name: QualifiedName, temporary?: boolean): string;
  /** A TypeName node, as `format_type` prints it. */
  type(typeName: Node | null): string;
  /** A user's type by its name: schema-qualified. */
  typeName(name: QualifiedName): string;
}

/** Takes in what one kind of statement does. */
export type Replay = (statement: ParsedStatement, known: KnownSchema, names: Names) => void;
export type Replays = Readonly<Record<string, Replay>>;

const REPLAYS: Replays = {
  ...tableReplays,
  ...alterReplays,
  ...renameReplays,
  ...dropReplays,
  ...otherReplays,
};

/** Changes `known` to what it is after the statement. Statements that leave the schema as it is change nothing. */
export function replay(statement: ParsedStatement, known: KnownSchema, names: Names): void {
  REPLAYS[statement.kind]?.(statement, known, names);
  replayCode(statement, known, names);
}
