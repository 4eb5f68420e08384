/** CREATE TABLE in all its forms, and what it says of columns and constraints. */
import type {
  ColumnProperties,
  ConstraintProperties,
  IndexProperties,
  TableProperties,
} from '../../catalog/model.ts';
import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import {
  child,
  children,
  flag,
  type KindedNode,
  type Node,
  nameFromRange,
  strings,
  text,
} from '../../sql/tree.ts';
import { isSerial, typeNameOf } from '../types.ts';
import { constraintName, indexColumnNames, joinedName, relationName } from './chosen-names.ts';
import { indexParts, keyColumn } from './index-parts.ts';
import {
  changed,
  checkDefinition,
  column,
  columnsIn,
  constraint,
  expressionText,
  index,
  lastName,
  object,
  table,
  UNREAD,
} from './make.ts';
import type { Names, Replays } from './replay.ts';
import type { KnownObject, KnownSchema } from './schema.ts';

export const tableReplays: Replays = {
  CreateStmt({ node }, known, names) {
    createTable(node, {}, known, names);
  },
  CreateForeignTableStmt({ node }, known, names) {
    const base = child(node, 'base');
    if (base !== null) createTable(base, { foreignServer: text(node, 'servername') }, known, names);
  },
  CreateTableAsStmt({ node }, known, names) {
    const into = child(node, 'into');
    const range = child(into, 'rel');
    const name = nameFromRange(range);
    if (name === null) return;
    const relation = names.made(name, text(range, 'relpersistence') === 't');
    if (flag(node, 'if_not_exists') && isThere(relation, known)) return;
    if (text(node, 'objtype') === 'OBJECT_MATVIEW') {
      known.put(
        object('materialized view', relation, {
          definition: UNREAD,
          populated: true,
          columns: [],
          options: [],
        }),
      );
    } else known.put(table(relation));
    // Its columns are those of the query: not read.
  },
  SelectStmt({ node }, known, names) {
    const range = child(child(node, 'intoClause'), 'rel');
    const name = nameFromRange(range);
    if (name !== null) known.put(table(names.made(name, text(range, 'relpersistence') === 't')));
  },
};

function isThere(relation: string, known: KnownSchema): boolean {
  const kinds = ['table', 'view', 'materialized view', 'sequence', 'index'] as const;
  return kinds.some((kind) => known.has(kind, relation));
}

function createTable(node: Node, more: Partial<TableProperties>, known: KnownSchema, names: Names): void {
  const range = child(node, 'relation');
  const name = nameFromRange(range);
  if (name === null) return;
  const relation = names.made(name, text(range, 'relpersistence') === 't');
  if (flag(node, 'if_not_exists') && (isThere(relation, known) || !known.complete)) {
    // Whether it was there, and as what, nobody knows.
    if (!isThere(relation, known)) known.put(table(relation, { ...more, ...keyOf(node) }));
    return;
  }
  known.drop('table', relation);
  const parents = children(node, 'inhRelations').flatMap(
    (item) => names.relation(nameFromRange(item.node)) ?? [],
  );
  const bound = child(node, 'partbound');
  const [partitionOf = null] = bound === null ? [] : parents;
  const ofType = child(node, 'ofTypename');
  known.put(
    table(relation, {
      ...more,
      ...keyOf(node),
      persistence: text(range, 'relpersistence') === 'u' ? 'unlogged' : 'permanent',
      accessMethod: text(node, 'accessMethod') ?? (keyOf(node).partitionKey === undefined ? 'heap' : null),
      tablespace: text(node, 'tablespacename'),
      ofType: ofType === null ? null : names.type(ofType),
      ...(bound === null
        ? { inherits: parents }
        : { partitionOf, partitionBound: flag(bound, 'is_default') ? 'DEFAULT' : UNREAD }),
    }),
  );
  for (const parent of parents) inherit(relation, parent, bound !== null, known);
  const elements = children(node, 'tableElts');
  for (const element of elements) {
    if (element.kind === 'ColumnDef') addColumn(relation, element.node, known, names);
    if (element.kind === 'TableLikeClause') like(relation, element.node, known, names);
  }
  for (const constraint of sortedConstraints(elements)) addConstraint(relation, constraint, known, names);
}

function keyOf(node: Node): Partial<TableProperties> {
  const key = child(node, 'partspec');
  if (key === null) return {};
  const strategy = text(key, 'strategy')?.replace('PARTITION_STRATEGY_', '') ?? 'RANGE';
  const columns = children(key, 'partParams').map((item) => {
    const name = text(item.node, 'name');
    return name === null ? UNREAD : quoteIdent(name);
  });
  return { partitionKey: `${strategy} (${columns.join(', ')})` };
}

/** Keys get their indexes before the rest, a primary key first (parse_utilcmd.c, transformIndexConstraints). */
function sortedConstraints(elements: readonly KindedNode[]): readonly Node[] {
  const found = elements.filter((element) => element.kind === 'Constraint').map((element) => element.node);
  const rank = (node: Node): number => (text(node, 'contype') === 'CONSTR_PRIMARY' ? 0 : 1);
  return [...found].sort((a, b) => rank(a) - rank(b));
}

/** Columns, CHECKs and, for a partition, keys and indexes of the parent. */
function inherit(relation: string, parent: string, partition: boolean, known: KnownSchema): void {
  for (const above of known.children(`table ${parent}`)) {
    const name = lastName(above.identity);
    if (above.kind === 'column') {
      const properties = above.properties as ColumnProperties;
      known.put(
        column(relation, name, {
          ...properties,
          ...(partition ? {} : { identity: null }),
          local: false,
          inheritedFrom: 1,
        }),
      );
    } else if (above.kind === 'constraint') {
      const properties = above.properties as ConstraintProperties;
      if (properties.type === 'check' ? !properties.noInherit : partition) {
        known.put(
          constraint(`table ${relation}`, partitionKeyName(properties, relation, name), {
            ...properties,
            local: false,
            inheritedFrom: 1,
          }),
        );
      }
    } else if (above.kind === 'index' && partition) copiedIndex(relation, above, above.identity, known);
  }
}

/** A partition's copy of a key is named after the partition. */
function partitionKeyName(properties: ConstraintProperties, relation: string, name: string): string {
  const labels: Readonly<Record<string, string>> = { primary: 'pkey', unique: 'key', exclusion: 'excl' };
  const label = labels[properties.type];
  if (label === undefined) return name;
  return joinedName(lastName(relation), label === 'pkey' ? null : properties.columns.join('_'), label);
}

function copiedIndex(
  relation: string,
  above: KnownObject,
  partitionOf: string | null,
  known: KnownSchema,
): void {
  const properties = above.properties as IndexProperties;
  const { keys, included } = indexParts(properties.definition);
  const columns = [...keys.map(nameOfKey), ...included.map(nameOfKey)];
  const name = relationName(known, relation, columns, 'idx');
  const identity = quoteQualified(splitQualified(relation)[0] ?? null, name);
  known.put(index(identity, { ...properties, table: relation, partitionOf }, `table ${relation}`));
}

/** What an index calls its key: the column, the function, or `expr`. */
function nameOfKey(key: string): string {
  return keyColumn(key) ?? /^"?([\w$]+)"?\(/.exec(key)?.[1] ?? 'expr';
}

/** parse_utilcmd.c, transformTableLikeClause: bits of TableLikeOption in parsenodes.h. */
function like(relation: string, node: Node, known: KnownSchema, names: Names): void {
  const source = names.relation(nameFromRange(child(node, 'relation')));
  if (source === null) return;
  const options = Number(node.options ?? 0);
  const including = (bit: number): boolean => (options & (1 << bit)) !== 0;
  for (const found of known.children(`table ${source}`)) {
    const name = lastName(found.identity);
    if (found.kind === 'column') {
      const properties = found.properties as ColumnProperties;
      const plain = { type: properties.type, collation: properties.collation, notNull: properties.notNull };
      known.put(
        column(relation, name, {
          ...plain,
          default: including(3) ? properties.default : null,
          identity: including(5) ? properties.identity : null,
          generated: including(4) ? properties.generated : null,
        }),
      );
    } else if (found.kind === 'constraint') {
      const properties = found.properties as ConstraintProperties;
      const key = properties.type !== 'check' && properties.type !== 'foreign';
      if (properties.type === 'foreign' || !including(key ? 6 : 2)) continue;
      known.put(
        constraint(`table ${relation}`, partitionKeyName(properties, relation, name), {
          ...properties,
          validated: true,
        }),
      );
    } else if (found.kind === 'index' && including(6)) {
      copiedIndex(relation, found, null, known);
    }
  }
}

/** A column of CREATE TABLE or ADD COLUMN, with the constraints that stand behind it. */
export function addColumn(relation: string, node: Node, known: KnownSchema, names: Names): void {
  const name = text(node, 'colname') ?? '';
  const typeName = typeNameOf(node);
  const inherited = known.get('column', `${relation}.${quoteIdent(name)}`);
  const constraints = joinedConstraints(node);
  const made = column(relation, name, {
    ...(inherited?.properties as ColumnProperties | undefined),
    type:
      typeName === null
        ? ((inherited?.properties as ColumnProperties | undefined)?.type ?? UNREAD)
        : names.type(typeName),
    collation: collationOf(node),
    ...(isSerial(typeName) ? serial(relation, name, typeName, known) : {}),
    ...columnFacts(constraints),
  });
  known.put(made);
  for (const constraint of constraints) {
    const type = text(constraint, 'contype');
    if (type === 'CONSTR_NOTNULL' || type === 'CONSTR_NULL' || type === 'CONSTR_DEFAULT') continue;
    addConstraint(relation, withColumn(constraint, name), known, names);
  }
}

/** The constraints behind a column, each with what is said of it: the grammar gives NOT ENFORCED … a node of its own. */
export function joinedConstraints(column: Node | null): readonly Node[] {
  const joined: Node[] = [];
  for (const { node } of children(column, 'constraints')) {
    const said = ATTRIBUTES[text(node, 'contype') ?? ''];
    const last = joined.at(-1);
    if (said === undefined) joined.push(node);
    else if (last !== undefined) joined.splice(-1, 1, { ...last, ...said });
  }
  return joined;
}

const ATTRIBUTES: Readonly<Record<string, Node>> = {
  CONSTR_ATTR_DEFERRABLE: { deferrable: true },
  CONSTR_ATTR_NOT_DEFERRABLE: { deferrable: false },
  CONSTR_ATTR_DEFERRED: { deferrable: true, initdeferred: true },
  CONSTR_ATTR_IMMEDIATE: { initdeferred: false },
  CONSTR_ATTR_ENFORCED: { is_enforced: true },
  CONSTR_ATTR_NOT_ENFORCED: { is_enforced: false, skip_validation: true },
};

function collationOf(node: Node): string | null {
  const names = strings(
    child(child(node, 'collClause'), 'CollateClause')?.collname ?? child(node, 'collClause')?.collname,
  );
  return names.length === 0 ? null : names.map(quoteIdent).join('.');
}

function columnFacts(constraints: readonly Node[]): Partial<ColumnProperties> {
  let facts: Partial<ColumnProperties> = {};
  for (const node of constraints) {
    switch (text(node, 'contype')) {
      case 'CONSTR_NOTNULL':
        facts = { ...facts, notNull: true };
        break;
      case 'CONSTR_PRIMARY':
        facts = { ...facts, notNull: true };
        break;
      case 'CONSTR_DEFAULT': {
        const value = expressionText(node.raw_expr);
        facts = { ...facts, default: value === 'NULL' ? null : value };
        break;
      }
      case 'CONSTR_IDENTITY':
        facts = {
          ...facts,
          notNull: true,
          identity: text(node, 'generated_when') === 'a' ? 'always' : 'by default',
        };
        break;
      case 'CONSTR_GENERATED':
        facts = {
          ...facts,
          generated: text(node, 'generated_kind') === 'v' ? 'virtual' : 'stored',
          generationExpression: generationText(node.raw_expr),
        };
        break;
      default:
        break;
    }
  }
  return facts;
}

/** The columns that it reads are what is asked of it. */
function generationText(expression: unknown): string {
  return columnsIn(expression).map(quoteIdent).join(', ');
}

function serial(
  relation: string,
  name: string,
  typeName: Node | null,
  known: KnownSchema,
): Partial<ColumnProperties> & { readonly type: string } {
  const word = strings(typeName?.names).at(-1) ?? 'serial';
  const type = /big|8/.test(word) ? 'bigint' : /small|2/.test(word) ? 'smallint' : 'integer';
  const sequence = quoteQualified(
    splitQualified(relation)[0] ?? null,
    relationName(known, relation, [name], 'seq'),
  );
  known.put(
    object('sequence', sequence, {
      ownedBy: `${relation}.${quoteIdent(name)}`,
      dataType: type,
      persistence: 'permanent',
    }),
  );
  return { type, notNull: true, default: `nextval('${sequence}'::regclass)` };
}

/** A constraint that stands behind a column is about that column. */
function withColumn(node: Node, name: string): Node {
  const keys = [{ String: { sval: name } }];
  switch (text(node, 'contype')) {
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
      return { ...node, keys };
    case 'CONSTR_FOREIGN':
      return { ...node, fk_attrs: keys };
    default:
      return node;
  }
}

/** ADD CONSTRAINT, and the constraints of CREATE TABLE. */
export function addConstraint(relation: string, node: Node, known: KnownSchema, names: Names): void {
  const parent = `table ${relation}` as const;
  const given = text(node, 'conname');
  const keys = strings(node.keys);
  const common = {
    deferrable: flag(node, 'deferrable'),
    deferred: flag(node, 'initdeferred'),
    validated: !flag(node, 'skip_validation') && node.is_enforced !== false,
    enforced: node.is_enforced !== false,
    noInherit: flag(node, 'is_no_inherit'),
  };
  switch (text(node, 'contype')) {
    case 'CONSTR_CHECK': {
      const columns = columnsIn(node.raw_expr);
      const name = given ?? constraintName(known, parent, columns.length === 1 ? columns : [], 'check');
      known.put(
        constraint(parent, name, {
          ...common,
          type: 'check',
          definition: checkDefinition(node.raw_expr),
          columns,
        }),
      );
      return;
    }
    case 'CONSTR_FOREIGN': {
      const columns = strings(node.fk_attrs);
      const references = names.relation(nameFromRange(child(node, 'pktable')));
      known.put(
        constraint(parent, given ?? constraintName(known, parent, columns, 'fkey'), {
          ...common,
          type: 'foreign',
          definition: foreignKeyText(node, columns, references, known),
          columns,
          references,
        }),
      );
      return;
    }
    case 'CONSTR_NOTNULL':
      for (const name of keys) {
        setColumn(relation, name, { notNull: true, notNullValid: common.validated }, known);
      }
      return;
    case 'CONSTR_PRIMARY':
    case 'CONSTR_UNIQUE':
    case 'CONSTR_EXCLUSION':
      addKey(relation, node, { ...common, validated: true }, known);
      return;
    default:
      return;
  }
}

const ACTIONS: Readonly<Record<string, string>> = {
  r: 'RESTRICT',
  c: 'CASCADE',
  n: 'SET NULL',
  d: 'SET DEFAULT',
};

/** As `pg_get_constraintdef` prints it; without the columns referred to where they are not known. */
function foreignKeyText(
  node: Node,
  columns: readonly string[],
  references: string | null,
  known: KnownSchema,
): string {
  const key = known
    .children(`table ${references ?? ''}`)
    .find(
      ({ kind, properties }) =>
        kind === 'constraint' && 'type' in properties && properties.type === 'primary',
    );
  const written = strings(node.pk_attrs);
  const referenced =
    written.length > 0 ? written : ((key?.properties as ConstraintProperties | undefined)?.columns ?? []);
  const list = (names: readonly string[]): string => names.map(quoteIdent).join(', ');
  const action = (key: string, event: string): string => {
    const word = ACTIONS[text(node, key) ?? ''];
    return word === undefined ? '' : ` ON ${event} ${word}`;
  };
  const actions = `${action('fk_upd_action', 'UPDATE')}${action('fk_del_action', 'DELETE')}`;
  return `FOREIGN KEY (${list(columns)}) REFERENCES ${references ?? UNREAD}${referenced.length === 0 ? '' : `(${list(referenced)})`}${actions}`;
}

function addKey(
  relation: string,
  node: Node,
  common: Partial<ConstraintProperties>,
  known: KnownSchema,
): void {
  const primary = text(node, 'contype') === 'CONSTR_PRIMARY';
  const exclusion = text(node, 'contype') === 'CONSTR_EXCLUSION';
  const using = text(node, 'indexname');
  const schema = splitQualified(relation)[0] ?? null;
  const old = using === null ? null : known.get('index', quoteQualified(schema, using));
  const elements = children(node, 'exclusions').map((item) =>
    Array.isArray(item.node.items) ? item.node.items[0] : null,
  );
  const columns =
    using === null ? (exclusion ? indexColumnNames(elements) : strings(node.keys)) : columnsOfDefinition(old);
  const label = primary ? 'pkey' : exclusion ? 'excl' : 'key';
  const name = text(node, 'conname') ?? using ?? relationName(known, relation, primary ? [] : columns, label);
  if (old !== null) known.drop('index', old.identity);
  const kind = primary ? 'PRIMARY KEY' : exclusion ? 'EXCLUDE' : 'UNIQUE';
  known.put(
    constraint(
      `table ${relation}`,
      primary && text(node, 'conname') === null && using === null
        ? joinedName(lastName(relation), null, 'pkey')
        : name,
      {
        ...common,
        type: primary ? 'primary' : exclusion ? 'exclusion' : 'unique',
        definition: `${kind} (${columns.map(quoteIdent).join(', ')})`,
        columns,
        index: { options: [], tablespace: null, valid: true, comment: null },
      },
    ),
  );
  if (primary) for (const column of columns) setColumn(relation, column, { notNull: true }, known);
}

/** The columns of an index, as its definition has them; empty where it is not known. */
export function columnsOfDefinition(known: KnownObject | null): readonly string[] {
  if (known === null) return [];
  const { definition } = known.properties as IndexProperties;
  return indexParts(definition).keys.flatMap((key) => keyColumn(key) ?? []);
}

export function setColumn(
  relation: string,
  name: string,
  properties: Partial<ColumnProperties>,
  known: KnownSchema,
): void {
  const old = known.get('column', `${relation}.${quoteIdent(name)}`);
  if (old !== null) known.put(changed<ColumnProperties>(old, properties));
}
