export { findLateRows } from './find.ts';
export { heldByOldShape } from './held.ts';
export type { WrittenLateRow } from './model.ts';
export { touchedPairs } from './pairs.ts';
export { type LateRowOptions, writeLateRows } from './write.ts';
