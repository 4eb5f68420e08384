/** What filling a table with rows needs to know about it, gathered from the catalog. */
import type {
  Catalog,
  CatalogObject,
  ColumnProperties,
  ConstraintProperties,
  IndexProperties,
  ObjectKey,
  TableProperties,
  TriggerProperties,
} from '../../catalog/model.ts';
import { splitQualified } from '../../sql/quote.ts';

export interface ColumnShape {
  readonly name: string;
  /** `format_type` text. */
  readonly type: string;
  readonly notNull: boolean;
  readonly default: string | null;
  readonly identity: boolean;
  /** SQL of a generated column's expression; null for every other column. */
  readonly generation: string | null;
  readonly physical: string;
}

export interface CheckShape {
  readonly name: string;
  /** SQL, without the word CHECK. */
  readonly expression: string;
  readonly columns: readonly string[];
}

export interface KeyShape {
  /** Of the constraint or index, `schema.table.name` or `schema.index`. */
  readonly identity: string;
  readonly columns: readonly string[];
  readonly primary: boolean;
  readonly nullsNotDistinct: boolean;
}

export interface ForeignKeyShape {
  readonly name: string;
  readonly columns: readonly string[];
  /** The referenced table's identity. */
  readonly references: string;
  readonly referencedColumns: readonly string[];
}

export interface TableShape {
  /** `schema.table`, quoted where needed. */
  readonly identity: string;
  readonly physical: string;
  readonly columns: readonly ColumnShape[];
  readonly checks: readonly CheckShape[];
  /** Plain unique keys; partial and expression indexes are not among them. */
  readonly keys: readonly KeyShape[];
  readonly foreignKeys: readonly ForeignKeyShape[];
  /** Columns of exclusion constraints. */
  readonly exclusions: readonly { readonly identity: string; readonly columns: readonly string[] }[];
  readonly deferrableKeys: boolean;
  readonly partitionKey: string | null;
  readonly partitionOf: string | null;
  readonly partitionBound: string | null;
  readonly foreign: boolean;
  readonly hasRules: boolean;
  /** Triggers of users that are not disabled, with the clause that enables them as they are. */
  readonly triggers: readonly { readonly name: string; readonly enable: string }[];
}

interface Gathered {
  readonly object: CatalogObject<TableProperties>;
  readonly columns: CatalogObject<ColumnProperties>[];
  readonly constraints: CatalogObject<ConstraintProperties>[];
  readonly indexes: CatalogObject<IndexProperties>[];
  readonly triggers: CatalogObject<TriggerProperties>[];
  rules: boolean;
}

/** Every table of the catalog, partitioned and foreign ones too, by identity. */
export function tableShapes(catalog: Catalog): ReadonlyMap<string, TableShape> {
  const gathered = new Map<ObjectKey, Gathered>();
  for (const [key, object] of catalog.objects) {
    if (object.kind !== 'table') continue;
    gathered.set(key, {
      object: object as unknown as CatalogObject<TableProperties>,
      columns: [],
      constraints: [],
      indexes: [],
      triggers: [],
      rules: false,
    });
  }
  for (const object of catalog.objects.values()) {
    const table = object.parent === null ? undefined : gathered.get(object.parent);
    if (table === undefined) continue;
    if (object.kind === 'column') table.columns.push(object as unknown as CatalogObject<ColumnProperties>);
    else if (object.kind === 'constraint') {
      table.constraints.push(object as unknown as CatalogObject<ConstraintProperties>);
    } else if (object.kind === 'index')
      table.indexes.push(object as unknown as CatalogObject<IndexProperties>);
    else if (object.kind === 'trigger') {
      table.triggers.push(object as unknown as CatalogObject<TriggerProperties>);
    } else if (object.kind === 'rule') table.rules = true;
  }
  const shapes = [...gathered.values()].map(shapeOf);
  return new Map(shapes.map((shape) => [shape.identity, shape]));
}

/** The unquoted last part of a dotted identity. */
export function lastName(identity: string): string {
  return splitQualified(identity).at(-1) ?? identity;
}

function shapeOf(gathered: Gathered): TableShape {
  const { object, constraints, indexes, triggers } = gathered;
  const properties = object.properties;
  const columns = [...gathered.columns].sort((a, b) => a.properties.position - b.properties.position);
  const enforced = constraints.filter(({ properties: p }) => p.enforced !== false);
  return {
    identity: object.identity,
    physical: object.physical,
    columns: columns.map(columnShape),
    checks: enforced.filter(({ properties: p }) => p.type === 'check').map(checkShape),
    keys: [
      ...constraints.filter(({ properties: p }) => p.type === 'unique' || p.type === 'primary').map(keyShape),
      ...indexes.flatMap(indexKey),
    ],
    foreignKeys: enforced.filter(({ properties: p }) => p.type === 'foreign').flatMap(foreignKeyShape),
    exclusions: constraints
      .filter(({ properties: p }) => p.type === 'exclusion')
      .map(({ identity, properties: p }) => ({ identity, columns: p.columns })),
    deferrableKeys: constraints.some(
      ({ properties: p }) => p.deferrable && ['unique', 'primary', 'exclusion'].includes(p.type),
    ),
    partitionKey: properties.partitionKey,
    partitionOf: properties.partitionOf,
    partitionBound: properties.partitionBound,
    foreign: properties.foreignServer !== null,
    hasRules: gathered.rules,
    triggers: triggers
      .filter(({ properties: p }) => p.enabled !== 'disabled')
      .map(({ identity, properties: p }) => ({
        name: lastName(identity),
        enable: p.enabled === 'origin' ? 'ENABLE' : `ENABLE ${p.enabled.toUpperCase()}`,
      })),
  };
}

function columnShape({ identity, physical, properties }: CatalogObject<ColumnProperties>): ColumnShape {
  return {
    name: lastName(identity),
    type: properties.type,
    notNull: properties.notNull,
    default: properties.default,
    identity: properties.identity !== null,
    generation: properties.generated === null ? null : properties.generationExpression,
    physical,
  };
}

function checkShape({ identity, properties }: CatalogObject<ConstraintProperties>): CheckShape {
  return {
    name: lastName(identity),
    expression: checkExpression(properties.definition),
    columns: properties.columns,
  };
}

/** The expression of `CHECK (…)` as `pg_get_constraintdef` writes it, parentheses kept. */
export function checkExpression(definition: string): string {
  const start = definition.indexOf('(');
  return start === -1 ? 'true' : definition.slice(start, closing(definition, start) + 1);
}

/** The offset of the parenthesis that closes the one at `start`; quoted text is passed over. */
function closing(text: string, start: number): number {
  let depth = 0;
  for (let index = start; index < text.length; index++) {
    const char = text[index];
    if (char === "'" || char === '"') {
      const escapes = char === "'" && /[eE]/.test(text[index - 1] ?? '');
      index++;
      while (index < text.length && text[index] !== char) index += escapes && text[index] === '\\' ? 2 : 1;
    } else if (char === '(') depth++;
    else if (char === ')' && --depth === 0) return index;
  }
  return text.length - 1;
}

function keyShape({ identity, properties }: CatalogObject<ConstraintProperties>): KeyShape {
  return {
    identity,
    columns: properties.columns,
    primary: properties.type === 'primary',
    nullsNotDistinct: /NULLS NOT DISTINCT/.test(properties.definition),
  };
}

/** A unique index over plain columns of every row is as good as a constraint. */
function indexKey({ identity, properties }: CatalogObject<IndexProperties>): KeyShape[] {
  if (!properties.unique || / WHERE /.test(properties.definition)) return [];
  const start = properties.definition.indexOf('(', properties.definition.indexOf(' USING '));
  if (start === -1) return [];
  const columns = identifierList(properties.definition, start);
  if (columns === null) return [];
  const nullsNotDistinct = /NULLS NOT DISTINCT/.test(properties.definition);
  return [{ identity, columns, primary: false, nullsNotDistinct }];
}

function foreignKeyShape({ identity, properties }: CatalogObject<ConstraintProperties>): ForeignKeyShape[] {
  const { references, definition } = properties;
  if (references === null) return [];
  const word = definition.indexOf(' REFERENCES ');
  const referencedColumns = identifierList(definition, definition.indexOf('(', word));
  // A temporal key (PERIOD) refers to covering ranges, not to equal values: left to trial.
  if (word === -1 || referencedColumns === null || referencedColumns.length !== properties.columns.length) {
    return [];
  }
  return [{ name: lastName(identity), columns: properties.columns, references, referencedColumns }];
}

/** The names in a parenthesised list; null where an item is more than a column (an expression, PERIOD). */
export function identifierList(text: string, start: number): string[] | null {
  if (start === -1) return null;
  const inner = text.slice(start + 1, closing(text, start));
  const names: string[] = [];
  for (const item of splitTop(inner)) {
    // Collation, operator class and order may follow the column's name in an index.
    const match = /^\s*("(?:[^"]|"")+"|[^\s"()]+)(\s+[^()]*)?\s*$/.exec(item);
    const name = match?.[1];
    if (name === undefined || name === 'PERIOD') return null;
    names.push(lastName(name));
  }
  return names;
}

function splitTop(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (char === '(') index = closing(text, index);
    else if (char === '"') {
      index++;
      while (index < text.length && text[index] !== '"') index++;
    } else if (char === ',') {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
