/** Tables and columns before and after a change, matched by who they are, not by name. */
import type { Catalog, CatalogObject, EnumProperties } from '../../catalog/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { type ColumnShape, type TableShape, tableShapes } from '../synthetic/schema.ts';

export interface ColumnPair {
  readonly before: ColumnShape;
  readonly after: ColumnShape;
}

export interface TablePair {
  readonly before: TableShape;
  readonly after: TableShape;
  readonly columns: readonly ColumnPair[];
}

/**
 * Every table that rows can be written to and that is on both sides: the same relation, or, where it was made anew,
 * the one of the same name. Columns likewise. Partitions are written through their root.
 */
export function tablePairs(before: Catalog, after: Catalog): readonly TablePair[] {
  const old = [...tableShapes(before).values()].filter(writable);
  const byPhysical = new Map(old.map((table) => [table.physical, table]));
  const byName = new Map(old.map((table) => [table.identity, table]));
  const now = [...tableShapes(after).values()].filter(writable);
  const present = new Set(now.map(({ physical }) => physical));
  return now.flatMap((table) => {
    const same = byPhysical.get(table.physical);
    const named = byName.get(table.identity);
    const match = same ?? (named !== undefined && !present.has(named.physical) ? named : undefined);
    return match === undefined ? [] : [{ before: match, after: table, columns: columnPairs(match, table) }];
  });
}

function writable(table: TableShape): boolean {
  return table.partitionOf === null && !table.foreign;
}

function columnPairs(before: TableShape, after: TableShape): readonly ColumnPair[] {
  const pairs: ColumnPair[] = [];
  const taken = new Set<string>();
  const rest: ColumnShape[] = [];
  for (const column of after.columns) {
    const match = before.columns.find(({ physical }) => physical === column.physical);
    if (match === undefined) rest.push(column);
    else {
      pairs.push({ before: match, after: column });
      taken.add(match.name);
    }
  }
  for (const column of rest) {
    const match = before.columns.find(({ name }) => name === column.name && !taken.has(name));
    if (match !== undefined) pairs.push({ before: match, after: column });
  }
  return pairs;
}

/** The pairs that the change touched, or wrote data into (`written`, identities after the change). */
export function touchedPairs(
  before: Catalog,
  after: Catalog,
  written: readonly string[],
): readonly TablePair[] {
  const types = changedTypes(before, after);
  return tablePairs(before, after).filter((pair) => {
    if (written.includes(pair.after.identity)) return true;
    if (pair.columns.some(({ after: column }) => types.some((type) => usesType(column.type, type))))
      return true;
    return (
      signature(pair.before) !== signature(pair.after) ||
      guards(before, pair.before) !== guards(after, pair.after)
    );
  });
}

function signature(table: TableShape): string {
  return JSON.stringify([
    table.identity,
    table.columns.map(({ physical, ...column }) => column),
    table.partitionKey,
  ]);
}

/** What decides whether a row gets in, beside the columns: constraints, unique indexes, triggers, rules, partitions. */
function guards(catalog: Catalog, table: TableShape): string {
  const parent = `table ${table.identity}`;
  const items: string[] = [];
  for (const object of catalog.objects.values()) {
    if (object.parent === parent) {
      if (object.kind === 'constraint' || object.kind === 'rule' || object.kind === 'trigger') {
        items.push(
          `${object.kind} ${String(object.properties.definition)} ${String(object.properties.enabled)}`,
        );
      } else if (object.kind === 'index' && object.properties.unique === true) {
        items.push(String(object.properties.definition));
      }
    } else if (object.kind === 'table' && object.properties.partitionOf === table.identity) {
      items.push(`partition ${String(object.properties.partitionBound)}`);
    }
  }
  return items.sort().join('\n');
}

/** Enums, domains, composites and ranges that are not what they were, by identity after the change. */
function changedTypes(before: Catalog, after: Catalog): readonly string[] {
  const kinds = new Set(['enum', 'domain', 'composite', 'range']);
  const describe = (catalog: Catalog, key: string): string => {
    const object = catalog.objects.get(key);
    const checks = [...catalog.objects.values()]
      .filter((other) => other.kind === 'constraint' && other.parent === key)
      .map(({ properties }) => String(properties.definition))
      .sort();
    const { owner, comment, privileges, ...rest } = object?.properties ?? {};
    return JSON.stringify([rest, checks]);
  };
  const changed: string[] = [];
  const old = new Map([...before.objects].map(([key, object]) => [object.physical, key]));
  for (const [key, object] of after.objects) {
    if (!kinds.has(object.kind)) continue;
    const was = old.get(object.physical) ?? key;
    if (was !== key || describe(before, was) !== describe(after, key)) changed.push(object.identity);
  }
  return changed;
}

/** `text` is a `format_type` text: a type itself, or an array of it. */
export function usesType(text: string, type: string): boolean {
  return text === type || text.startsWith(`${type}[`) || text.startsWith(`${type}(`);
}

/** The new name of an old column; null where it is gone. */
export function newName(pair: TablePair, old: string): string | null {
  return pair.columns.find(({ before }) => before.name === old)?.after.name ?? null;
}

/** The old expression under the new names of its columns. */
export function renamed(pair: TablePair, expression: string): string {
  return pair.columns
    .filter(({ before, after }) => before.name !== after.name)
    .reduce((text, { before, after }) => {
      const name = quoteIdent(before.name).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
      return text.replace(
        new RegExp(`(^|[^\\w".'])${name}(?=$|[^\\w"'(])`, 'g'),
        (_, lead: string) => `${lead}${quoteIdent(after.name)}`,
      );
    }, expression);
}

/** Labels of an enum that were renamed: the old name by the new one. A label is who it is by its id in `pg_enum`. */
export function renamedLabels(before: CatalogObject, after: CatalogObject): ReadonlyMap<string, string> {
  const old = labelsById(before);
  const names = new Map<string, string>();
  for (const [id, label] of labelsById(after)) {
    const was = old.get(id);
    if (was !== undefined && was !== label) names.set(label, was);
  }
  return names;
}

function labelsById(object: CatalogObject): ReadonlyMap<string, string> {
  const { labels } = object.properties as unknown as EnumProperties;
  const ids = object.extra?.labelIds;
  return new Map(Array.isArray(ids) ? labels.map((label, index) => [String(ids[index]), label]) : []);
}
