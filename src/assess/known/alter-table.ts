/** ALTER TABLE, command by command, for the table and those that inherit from it. */
import type { ConstraintProperties, TableProperties } from '../../catalog/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { child, children, flag, type Node, nameFromRange, relationOf, text } from '../../sql/tree.ts';
import { typeNameOf } from '../types.ts';
import { changed, expressionText, object, renamed, UNREAD } from './make.ts';
import type { Names, Replays } from './replay.ts';
import type { KnownObject, KnownSchema } from './schema.ts';
import { addColumn, addConstraint, setColumn } from './tables.ts';

export const alterReplays: Replays = {
  AlterTableStmt({ node }, known, names) {
    if (text(node, 'objtype') === 'OBJECT_TYPE') return alterComposite(node, known, names);
    const relation = names.relation(relationOf(node));
    if (relation === null) return;
    // A statement about a table that was never made: there is more than was replayed.
    if (!known.has('table', relation)) known.notWhole();
    const heirs = flag(child(node, 'relation'), 'inh') ? descendants(relation, known) : [];
    for (const command of inPasses(children(node, 'cmds').map((item) => item.node))) {
      const subtype = text(command, 'subtype') ?? '';
      const step = COMMANDS[subtype];
      if (step === undefined) continue;
      step(relation, command, known, names);
      if (!INHERITED.has(subtype)) continue;
      for (const heir of heirs) step(heir, command, known, names);
    }
  },
};

export function descendants(relation: string, known: KnownSchema): readonly string[] {
  const found: string[] = [];
  const queue = [relation];
  for (let parent = queue.pop(); parent !== undefined; parent = queue.pop()) {
    for (const { identity } of known.heirs(parent)) {
      if (found.includes(identity)) continue;
      found.push(identity);
      queue.push(identity);
    }
  }
  return found;
}

/** Whatever their order in the text, commands are carried out kind by kind (tablecmds.c, AlterTablePass). */
function inPasses(commands: readonly Node[]): readonly Node[] {
  return [...commands].sort((a, b) => passOf(a) - passOf(b));
}

function passOf(command: Node): number {
  const subtype = text(command, 'subtype') ?? '';
  if (/^AT_Drop(Column|Constraint|NotNull|Expression|Identity)$/.test(subtype)) return 0;
  if (subtype === 'AT_ColumnDefault' && command.def === undefined) return 0;
  const place = ['AT_AlterColumnType', 'AT_SetExpression', 'AT_AddColumn'].indexOf(subtype);
  if (place !== -1) return 1 + place;
  return subtype === 'AT_AddConstraint' || subtype === 'AT_SetNotNull' ? 4 : 5;
}

/** Commands that reach the heirs as well (tablecmds.c, ATPrepCmd). */
const INHERITED = new Set([
  'AT_AddColumn',
  'AT_DropColumn',
  'AT_AlterColumnType',
  'AT_ColumnDefault',
  'AT_SetNotNull',
  'AT_DropNotNull',
  'AT_DropExpression',
  'AT_SetExpression',
  'AT_AddConstraint',
  'AT_DropConstraint',
  'AT_ValidateConstraint',
]);

type Step = (relation: string, command: Node, known: KnownSchema, names: Names) => void;

const COMMANDS: Readonly<Record<string, Step>> = {
  AT_AddColumn(relation, command, known, names) {
    const definition = child(child(command, 'def'), 'ColumnDef');
    if (definition === null) return;
    const name = text(definition, 'colname') ?? '';
    const there = known.has('column', `${relation}.${quoteIdent(name)}`);
    if (flag(command, 'missing_ok') && there) return;
    if (flag(command, 'missing_ok') && !known.isWhole(relation)) {
      // Which definition the column has is not known: the one that was there, or this one.
      known.drop('column', `${relation}.${quoteIdent(name)}`);
      return;
    }
    addColumn(relation, definition, known, names);
  },
  AT_DropColumn(relation, command, known) {
    const name = text(command, 'name') ?? '';
    known.drop('column', `${relation}.${quoteIdent(name)}`);
    dropUsers(relation, name, known);
  },
  AT_AlterColumnType(relation, command, known, names) {
    const definition = child(child(command, 'def'), 'ColumnDef');
    const typeName = typeNameOf(definition);
    if (typeName === null) return;
    setColumn(relation, text(command, 'name') ?? '', { type: names.type(typeName), collation: null }, known);
  },
  AT_ColumnDefault(relation, command, known) {
    const value = command.def === undefined ? null : expressionText(command.def);
    setColumn(relation, text(command, 'name') ?? '', { default: value === 'NULL' ? null : value }, known);
  },
  AT_SetNotNull(relation, command, known) {
    setColumn(relation, text(command, 'name') ?? '', { notNull: true, notNullValid: true }, known);
  },
  AT_DropNotNull(relation, command, known) {
    setColumn(relation, text(command, 'name') ?? '', { notNull: false }, known);
  },
  AT_DropExpression(relation, command, known) {
    setColumn(relation, text(command, 'name') ?? '', { generated: null, generationExpression: null }, known);
  },
  AT_AddIdentity(relation, command, known) {
    setColumn(relation, text(command, 'name') ?? '', { identity: 'by default', notNull: true }, known);
  },
  AT_DropIdentity(relation, command, known) {
    setColumn(relation, text(command, 'name') ?? '', { identity: null }, known);
  },
  AT_AddConstraint(relation, command, known, names) {
    const constraint = child(child(command, 'def'), 'Constraint');
    if (constraint !== null) addConstraint(relation, constraint, known, names);
  },
  AT_DropConstraint(relation, command, known) {
    const identity = `${relation}.${quoteIdent(text(command, 'name') ?? '')}`;
    known.drop('constraint', identity);
    if (text(command, 'behavior') !== 'DROP_CASCADE') return;
    // Foreign keys that need the key go with it: which ones, its columns would tell.
    for (const key of known.foreignKeysTo(relation)) known.drop('constraint', key.identity);
  },
  AT_ValidateConstraint(relation, command, known) {
    const identity = `${relation}.${quoteIdent(text(command, 'name') ?? '')}`;
    const old = known.get('constraint', identity);
    if (old !== null) known.put(changed<ConstraintProperties>(old, { validated: true }));
  },
  AT_AlterConstraint(relation, command, known) {
    const change =
      child(child(command, 'def'), 'ATAlterConstraint') ?? child(child(command, 'def'), 'Constraint');
    const identity = `${relation}.${quoteIdent(text(change, 'conname') ?? '')}`;
    const old = known.get('constraint', identity);
    if (old === null || !flag(change, 'alterEnforceability')) return;
    const enforced = flag(change, 'is_enforced');
    known.put(changed<ConstraintProperties>(old, { enforced, validated: enforced }));
  },
  AT_AttachPartition(relation, command, known, names) {
    const partition = names.relation(nameFromRange(child(partitionCommand(command), 'name')));
    const bound = child(partitionCommand(command), 'bound');
    if (partition === null) return;
    setTable(
      partition,
      { partitionOf: relation, partitionBound: flag(bound, 'is_default') ? 'DEFAULT' : UNREAD },
      known,
    );
  },
  AT_DetachPartition: detach,
  AT_DetachPartitionFinalize: detach,
  AT_AddInherit(relation, command, known, names) {
    const parent = names.relation(nameFromRange(child(child(command, 'def'), 'RangeVar')));
    const old = known.get('table', relation)?.properties as TableProperties | undefined;
    if (parent !== null && old !== undefined) {
      setTable(relation, { inherits: [...old.inherits, parent] }, known);
    }
  },
  AT_DropInherit(relation, command, known, names) {
    const parent = names.relation(nameFromRange(child(child(command, 'def'), 'RangeVar')));
    const old = known.get('table', relation)?.properties as TableProperties | undefined;
    if (old !== undefined) {
      setTable(relation, { inherits: old.inherits.filter((above) => above !== parent) }, known);
    }
  },
  AT_SetAccessMethod: (relation, command, known) =>
    setTable(relation, { accessMethod: text(command, 'name') }, known),
  AT_SetTableSpace: (relation, command, known) =>
    setTable(relation, { tablespace: text(command, 'name') }, known),
  AT_SetLogged: (relation, _command, known) => setTable(relation, { persistence: 'permanent' }, known),
  AT_SetUnLogged: (relation, _command, known) => setTable(relation, { persistence: 'unlogged' }, known),
  AT_EnableRowSecurity: (relation, _command, known) => setTable(relation, { rowSecurity: true }, known),
  AT_DisableRowSecurity: (relation, _command, known) => setTable(relation, { rowSecurity: false }, known),
  AT_ForceRowSecurity: (relation, _command, known) => setTable(relation, { forceRowSecurity: true }, known),
  AT_NoForceRowSecurity: (relation, _command, known) =>
    setTable(relation, { forceRowSecurity: false }, known),
  AT_ReplicaIdentity(relation, command, known) {
    const identity = child(child(command, 'def'), 'ReplicaIdentityStmt');
    const words: Readonly<Record<string, string>> = { f: 'full', n: 'nothing', d: 'default' };
    const type = text(identity, 'identity_type') ?? '';
    setTable(relation, { replicaIdentity: words[type] ?? `index ${text(identity, 'name') ?? ''}` }, known);
  },
};

function detach(...[, command, known, names]: Parameters<Step>): void {
  const partition = names.relation(nameFromRange(child(partitionCommand(command), 'name')));
  if (partition !== null) setTable(partition, { partitionOf: null, partitionBound: null }, known);
}

function partitionCommand(command: Node): Node | null {
  return child(child(command, 'def'), 'PartitionCmd');
}

function setTable(relation: string, properties: Partial<TableProperties>, known: KnownSchema): void {
  const old = known.get('table', relation);
  if (old !== null) known.put(changed<TableProperties>(old, properties));
}

/** What uses a column goes with it: constraints, and indexes that name it. */
function dropUsers(relation: string, name: string, known: KnownSchema): void {
  for (const object of known.children(`table ${relation}`)) {
    if (object.kind === 'constraint') {
      const { columns } = object.properties as ConstraintProperties;
      if (columns.includes(name)) known.drop('constraint', object.identity);
    } else if (object.kind === 'index' && mentions(object, name)) known.drop('index', object.identity);
  }
}

function mentions(index: KnownObject, column: string): boolean {
  const { definition } = index.properties as { readonly definition: string };
  const list = definition.slice(definition.indexOf('('));
  const word = quoteIdent(column).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(^|[^\\w$"])${word}($|[^\\w$"])`).test(list);
}

/** ALTER TYPE of a composite type: its attributes are not asked about. */
function alterComposite(node: Node, known: KnownSchema, names: Names): void {
  const range = nameFromRange(child(node, 'relation'));
  if (range === null) return;
  const identity = names.typeName(range);
  if (!known.has('composite', identity)) known.put(object('composite', identity, { attributes: [] }));
}

/** A column under another name, in the table and, where it is inherited, in the heirs. */
export function renameColumn(relation: string, from: string, to: string, known: KnownSchema): void {
  const old = known.get('column', `${relation}.${quoteIdent(from)}`);
  if (old !== null) {
    known.drop('column', old.identity);
    known.put(renamed(old, `${relation}.${quoteIdent(to)}`));
  }
  for (const object of known.children(`table ${relation}`)) {
    if (object.kind === 'constraint') {
      const properties = object.properties as ConstraintProperties;
      if (!properties.columns.includes(from)) continue;
      known.put(
        changed<ConstraintProperties>(object, {
          columns: properties.columns.map((column) => (column === from ? to : column)),
          definition: withWord(properties.definition, from, to),
        }),
      );
    } else if (object.kind === 'index' && mentions(object, from)) {
      const { definition } = object.properties as { readonly definition: string };
      const at = definition.indexOf('(');
      known.put(
        changed(object, { definition: definition.slice(0, at) + withWord(definition.slice(at), from, to) }),
      );
    }
  }
}

function withWord(sql: string, from: string, to: string): string {
  const word = quoteIdent(from).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return sql.replace(
    new RegExp(`(^|[^\\w$"])${word}(?=$|[^\\w$"])`, 'g'),
    `$1${quoteIdent(to).replace(/\$/g, '$$$$')}`,
  );
}
