/** Type, risk and reversibility of a migration. */
import type { Risk } from '../config/settings.ts';
import type { Analysis } from './analyse.ts';
import type { Tag } from './effect.ts';
import type { MigrationType, RelationSize } from './model.ts';

/** Rows touched: from here on it is medium. */
export const MEDIUM_ROWS = 100_000;
/** Above this it is high. */
export const HIGH_ROWS = 10_000_000;
/** A foreign key on a table of this size is critical: it locks two tables while it looks every row up. */
export const BIG_TABLE_ROWS = 1_000_000;

const ORDER: readonly Risk[] = ['low', 'medium', 'high', 'critical'];

export function typeOf(analyses: readonly Analysis[]): MigrationType {
  if (has(analyses, 'destroys') || has(analyses, 'table-dropped') || has(analyses, 'column-dropped')) {
    return 'destructive';
  }
  const data = analyses.some(({ facts, tags }) => facts.class === 'dml' || tags.has('writes-rows'));
  const schema = analyses.some(({ facts, tags }) => facts.class === 'ddl' || tags.has('changes-schema'));
  if (data && schema) return 'combined';
  return data ? 'dml' : 'ddl';
}

/**
 * The highest level that applies:
 * low: under 100 000 rows touched, additive only, nullable; medium: up to 10 million rows, or NOT NULL added, or
 * something parked, or something changed; high: more rows, schema and data together, rename, type change; critical:
 * destructive without parking, foreign keys on big tables, type narrowing, partitioning.
 */
export function riskOf(
  analyses: readonly Analysis[],
  relations: readonly RelationSize[],
): { readonly risk: Risk; readonly reasons: readonly string[] } {
  const found: { readonly risk: Risk; readonly reason: string }[] = [];
  const add = (risk: Risk, reason: string): void => {
    found.push({ risk, reason });
  };
  const where = (tag: Tag): string => {
    const lines = analyses.filter(({ tags }) => tags.has(tag)).map(({ statement }) => statement.line);
    return lines.length === 1 ? `line ${lines[0]}` : `lines ${lines.join(', ')}`;
  };

  if (has(analyses, 'destroys')) add('critical', `takes data away that is not parked (${where('destroys')})`);
  if (has(analyses, 'type-narrowing')) add('critical', `narrows a type (${where('type-narrowing')})`);
  if (has(analyses, 'partitioning')) add('critical', `changes partitions (${where('partitioning')})`);
  if (has(analyses, 'foreign-key')) {
    const big = biggest(relations.filter((size) => inForeignKey(analyses, size.relation)));
    if (big !== null && (big.rows ?? 0) >= BIG_TABLE_ROWS) {
      add('critical', `changes a foreign key on a big table: ${big.relation}, ${count(big.rows)} rows`);
    } else add('medium', `changes a foreign key (${where('foreign-key')})`);
  }
  if (has(analyses, 'rename')) add('high', `renames what programs use by name (${where('rename')})`);
  if (has(analyses, 'type-change')) add('high', `changes a type (${where('type-change')})`);
  if (has(analyses, 'writes-rows') && has(analyses, 'changes-schema')) {
    add('high', 'changes schema and data together');
  }
  const largest = biggest(relations);
  if (largest !== null && (largest.rows ?? 0) > HIGH_ROWS) {
    add('high', `touches ${largest.relation}, ${count(largest.rows)} rows`);
  } else if (largest !== null && (largest.rows ?? 0) >= MEDIUM_ROWS) {
    add('medium', `touches ${largest.relation}, ${count(largest.rows)} rows`);
  }
  if (has(analyses, 'not-null')) add('medium', `adds NOT NULL (${where('not-null')})`);
  if (has(analyses, 'takes-away')) {
    add('medium', `drops what is parked until the rollback window ends (${where('takes-away')})`);
  }
  if (has(analyses, 'alters')) add('medium', `changes what is there (${where('alters')})`);
  if (has(analyses, 'irreversible')) {
    add('high', `does what no inverse can be derived for (${where('irreversible')})`);
  }

  const risk = found.reduce<Risk>((high, { risk: next }) => (rank(next) > rank(high) ? next : high), 'low');
  const reasons = found.filter((entry) => entry.risk === risk).map(({ reason }) => reason);
  if (reasons.length === 0) reasons.push('takes nothing away, and touches fewer than 100 000 rows');
  const unknown = relations.filter((size) => size.rows === null).map((size) => size.relation);
  if (unknown.length > 0) reasons.push(`row counts not known: ${unknown.join(', ')}`);
  return { risk, reasons };
}

/** Whether a way back can be derived, or is written. */
export function isReversible(analyses: readonly Analysis[], hasDown: boolean): boolean {
  return hasDown || !has(analyses, 'irreversible');
}

function has(analyses: readonly Analysis[], tag: Tag): boolean {
  return analyses.some(({ tags }) => tags.has(tag));
}

function inForeignKey(analyses: readonly Analysis[], relation: string): boolean {
  return analyses.some(
    ({ tags, facts }) =>
      tags.has('foreign-key') &&
      facts.locks.some((lock) => lock.relation === relation && lock.role !== 'source'),
  );
}

function biggest(relations: readonly RelationSize[]): RelationSize | null {
  return relations.reduce<RelationSize | null>(
    (high, size) => (size.rows !== null && size.rows > (high?.rows ?? -1) ? size : high),
    null,
  );
}

function rank(risk: Risk): number {
  return ORDER.indexOf(risk);
}

function count(rows: number | null): string {
  return (rows ?? 0).toLocaleString('en').replaceAll(',', ' ');
}
