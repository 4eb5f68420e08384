import type { ParsedStatement } from '../../sql/model.ts';
import {
  child,
  children,
  flag,
  type Node,
  nameFromParts,
  nameFromRange,
  relationOf,
  strings,
  text,
} from '../../sql/tree.ts';
import { rule } from './rule.ts';
import type { NamedKind } from './settings.ts';

export const styleNaming = rule({
  id: 'style-naming',
  severity: 'info',
  optional: true,
  title: 'A name that is not as the project names things',
  on: [
    'CreateStmt',
    'AlterTableStmt',
    'IndexStmt',
    'ViewStmt',
    'CreateTableAsStmt',
    'CreateSeqStmt',
    'CreateFunctionStmt',
    'CreateTrigStmt',
    'CreateSchemaStmt',
    'CreateEnumStmt',
    'CompositeTypeStmt',
    'CreateDomainStmt',
    'RenameStmt',
  ],
  applies: ({ statement }, context) => {
    const { naming } = context.surroundings.settings;
    return namesIn(statement).flatMap(({ kind, name, table, columns }) => {
      const pattern = naming[kind];
      if (pattern === undefined || fits(name, pattern, table, columns)) return [];
      return [
        {
          message: `The ${WORDS[kind]} ${name} is not named like ${shown(pattern, table, columns)}.`,
          safeSql: [],
        },
      ];
    });
  },
  why: 'Names that follow one pattern are found by it, and tell what they belong to in error messages and plans. Quoted names with capitals must be quoted for ever (PostgreSQL manual, 4.1.1).',
  instead: 'The patterns are the project’s own: `assess.naming` in its configuration.',
  manual: 'sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS',
  example: {
    schema: '',
    bad: 'CREATE TABLE "Orders" (id bigint PRIMARY KEY);',
    danger: {
      kind: 'shows',
      query: "SELECT relname FROM pg_class WHERE relname = 'Orders' AND to_regclass('Orders') IS NULL",
    },
    good: ['CREATE TABLE orders (id bigint PRIMARY KEY)'],
  },
});

const WORDS: Readonly<Record<NamedKind, string>> = {
  schema: 'schema',
  table: 'table',
  view: 'view',
  column: 'column',
  index: 'index',
  uniqueIndex: 'unique index',
  primaryKey: 'primary key',
  unique: 'unique constraint',
  foreignKey: 'foreign key',
  check: 'check',
  exclusion: 'exclusion constraint',
  sequence: 'sequence',
  function: 'function',
  trigger: 'trigger',
  type: 'type',
};

interface Named {
  readonly kind: NamedKind;
  readonly name: string;
  readonly table: string;
  readonly columns: readonly string[];
}

function fits(name: string, pattern: string, table: string, columns: readonly string[]): boolean {
  return new RegExp(`^(?:${filled(pattern, table, columns)})$`, 'u').test(name);
}

function filled(pattern: string, table: string, columns: readonly string[]): string {
  return pattern.replaceAll('{table}', literal(table)).replaceAll('{columns}', literal(columns.join('_')));
}

function shown(pattern: string, table: string, columns: readonly string[]): string {
  return `/${filled(pattern, table, columns)}/`;
}

function literal(value: string): string {
  return value.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&');
}

/** The names that a statement gives. */
function namesIn({ kind, node }: ParsedStatement): readonly Named[] {
  const plain = (as: NamedKind, name: string | null, table = '', columns: readonly string[] = []) =>
    name === null ? [] : [{ kind: as, name, table, columns }];
  const table = relationOf(node)?.name ?? '';
  switch (kind) {
    case 'CreateStmt':
      return [
        ...plain('table', table),
        ...children(node, 'tableElts').flatMap((element) =>
          element.kind === 'Constraint'
            ? ofConstraint(element.node, table, null)
            : ofColumn(element.node, table),
        ),
      ];
    case 'AlterTableStmt':
      return children(node, 'cmds').flatMap(({ node: command }) => {
        const subtype = text(command, 'subtype');
        const definition = child(command, 'def');
        if (subtype === 'AT_AddColumn') return ofColumn(child(definition, 'ColumnDef'), table);
        return subtype === 'AT_AddConstraint'
          ? ofConstraint(child(definition, 'Constraint'), table, null)
          : [];
      });
    case 'IndexStmt': {
      const columns = children(node, 'indexParams').map((item) => text(item.node, 'name') ?? 'expr');
      const as = flag(node, 'unique') ? 'uniqueIndex' : 'index';
      return plain(as, text(node, 'idxname'), table, columns);
    }
    case 'ViewStmt':
      return plain('view', nameFromRange(child(node, 'view'))?.name ?? null);
    case 'CreateTableAsStmt': {
      const as = text(node, 'objtype') === 'OBJECT_MATVIEW' ? 'view' : 'table';
      return plain(as, nameFromRange(child(child(node, 'into'), 'rel'))?.name ?? null);
    }
    case 'CreateSeqStmt':
      return plain('sequence', nameFromRange(child(node, 'sequence'))?.name ?? null);
    case 'CreateFunctionStmt':
      return plain('function', nameFromParts(strings(node.funcname))?.name ?? null);
    case 'CreateTrigStmt':
      return plain('trigger', text(node, 'trigname'), table);
    case 'CreateSchemaStmt':
      return plain('schema', text(node, 'schemaname'));
    case 'CreateEnumStmt':
      return plain('type', nameFromParts(strings(node.typeName))?.name ?? null);
    case 'CompositeTypeStmt':
      return plain('type', nameFromRange(child(node, 'typevar'))?.name ?? null);
    case 'CreateDomainStmt':
      return plain('type', nameFromParts(strings(node.domainname))?.name ?? null);
    case 'RenameStmt':
      return renamed(node, table);
    default:
      return [];
  }
}

const RENAMED: Readonly<Record<string, NamedKind>> = {
  OBJECT_TABLE: 'table',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'view',
  OBJECT_COLUMN: 'column',
  OBJECT_SCHEMA: 'schema',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_FUNCTION: 'function',
  OBJECT_TRIGGER: 'trigger',
  OBJECT_TYPE: 'type',
  OBJECT_DOMAIN: 'type',
};

function renamed(node: Node, table: string): readonly Named[] {
  const kind = RENAMED[text(node, 'renameType') ?? ''];
  const name = text(node, 'newname');
  return kind === undefined || name === null ? [] : [{ kind, name, table, columns: [] }];
}

function ofColumn(column: Node | null, table: string): readonly Named[] {
  const name = text(column, 'colname');
  if (name === null) return [];
  const constraints = children(column, 'constraints').flatMap((item) => ofConstraint(item.node, table, name));
  return [{ kind: 'column', name, table, columns: [name] }, ...constraints];
}

const CONSTRAINTS: Readonly<Record<string, NamedKind>> = {
  CONSTR_PRIMARY: 'primaryKey',
  CONSTR_UNIQUE: 'unique',
  CONSTR_FOREIGN: 'foreignKey',
  CONSTR_CHECK: 'check',
  CONSTR_EXCLUSION: 'exclusion',
};

/** A constraint without a name gets the server's. */
function ofConstraint(constraint: Node | null, table: string, column: string | null): readonly Named[] {
  const kind = CONSTRAINTS[text(constraint, 'contype') ?? ''];
  const name = text(constraint, 'conname');
  if (kind === undefined || name === null) return [];
  const keys = [...strings(constraint?.keys), ...strings(constraint?.fk_attrs)];
  return [{ kind, name, table, columns: column === null ? keys : [column] }];
}
