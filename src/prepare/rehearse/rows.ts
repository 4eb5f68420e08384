/** The rows that a rehearsal's start holds. */
import type { Catalog } from '../../catalog/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { fillSynthetic, type SyntheticVariant } from '../synthetic/index.ts';

/** `given`: what was restored or sampled stays as it is; `empty`: none are made; else the synthetic variants. */
export type RowVariant = 'given' | 'empty' | SyntheticVariant;

/** Fills the copy, but for the tables in `without` (identities); `long`: with long texts among them. Tables that could not be filled are named with the reason. */
export async function fillRows(
  connection: Connection,
  catalog: Catalog,
  variant: RowVariant,
  without: ReadonlySet<string> = new Set(),
  long = false,
): Promise<{ readonly unfilled: readonly string[] }> {
  if (variant === 'given' || variant === 'empty') return { unfilled: [] };
  const filled = await fillSynthetic(connection, catalog, { variant, without, long });
  return { unfilled: filled.unfilled.map(({ table }) => table) };
}
