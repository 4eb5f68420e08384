/** RENAME and SET SCHEMA: what belongs to an object goes with it, and what refers to it refers to it still. */
import type {
  ColumnProperties,
  ConstraintProperties,
  IndexProperties,
  ObjectKind,
  TableProperties,
} from '../../catalog/model.ts';
import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import { child, flag, nameFromParts, relationOf, strings, text } from '../../sql/tree.ts';
import { descendants, renameColumn } from './alter-table.ts';
import { changed, lastName, renamed } from './make.ts';
import type { Names, Replays } from './replay.ts';
import type { KnownObject, KnownSchema } from './schema.ts';

const RELATIONS: Readonly<Record<string, ObjectKind>> = {
  OBJECT_TABLE: 'table',
  OBJECT_FOREIGN_TABLE: 'table',
  OBJECT_VIEW: 'view',
  OBJECT_MATVIEW: 'materialized view',
  OBJECT_SEQUENCE: 'sequence',
  OBJECT_INDEX: 'index',
};

const TYPES: readonly ObjectKind[] = ['domain', 'enum', 'composite', 'range', 'base type'];

export const renameReplays: Replays = {
  RenameStmt({ node }, known, names) {
    const to = text(node, 'newname') ?? '';
    const type = text(node, 'renameType') ?? '';
    const relation = names.relation(relationOf(node));
    if (relation !== null && RELATIONS[type] !== undefined) {
      // ALTER TABLE renames views, sequences and indexes as well.
      moveRelation(relation, quoteQualified(splitQualified(relation)[0] ?? null, to), known);
      return;
    }
    const from = text(node, 'subname') ?? '';
    if (relation !== null && (type === 'OBJECT_COLUMN' || type === 'OBJECT_ATTRIBUTE')) {
      const heirs = flag(child(node, 'relation'), 'inh') ? descendants(relation, known) : [];
      for (const one of [relation, ...heirs]) renameColumn(one, from, to, known);
      return;
    }
    if (relation !== null && type === 'OBJECT_TABCONSTRAINT') {
      rename('constraint', `${relation}.${quoteIdent(from)}`, `${relation}.${quoteIdent(to)}`, known);
      return;
    }
    if (type === 'OBJECT_SCHEMA') {
      renameSchema(from, to, known);
      return;
    }
    if (type === 'OBJECT_TYPE' || type === 'OBJECT_DOMAIN') {
      const name = nameFromParts(strings(child(child(node, 'object'), 'List')?.items));
      if (name === null) return;
      const old = names.typeName(name);
      moveType(old, quoteQualified(splitQualified(old)[0] ?? null, to), known);
    }
  },
  AlterObjectSchemaStmt({ node }, known, names) {
    const to = text(node, 'newschema') ?? '';
    const relation = names.relation(relationOf(node));
    if (relation !== null) {
      moveRelation(relation, quoteQualified(to, lastName(relation)), known);
      return;
    }
    const type = text(node, 'objectType');
    if (type !== 'OBJECT_TYPE' && type !== 'OBJECT_DOMAIN') return;
    const name = typeNameIn(node, names);
    if (name !== null) moveType(name, quoteQualified(to, lastName(name)), known);
  },
};

function typeNameIn(node: Parameters<typeof child>[0], names: Names): string | null {
  const object = child(node, 'object');
  const parts = strings(child(object, 'List')?.items ?? child(object, 'TypeName')?.names);
  const name = nameFromParts(parts);
  return name === null ? null : names.typeName(name);
}

function rename(kind: ObjectKind, from: string, to: string, known: KnownSchema): void {
  const old = known.get(kind, from);
  if (old === null) return;
  known.drop(kind, from);
  known.put(renamed(old, to));
}

/** A relation under another name or in another schema, with all that belongs to it. */
function moveRelation(from: string, to: string, known: KnownSchema): void {
  for (const kind of new Set(Object.values(RELATIONS))) {
    const old = known.get(kind, from);
    if (old === null) continue;
    const belongings = known.children(`${kind} ${from}`);
    known.drop(kind, from);
    known.put(renamed(old, to));
    for (const part of belongings) known.put(movedPart(part, from, to, `${kind} ${to}`));
    if (kind === 'table') {
      moveReferences(from, to, known);
      moveSequences(from, to, known);
    }
  }
}

function movedPart(part: KnownObject, from: string, to: string, parent: string): KnownObject {
  if (part.kind !== 'index') return renamed(part, to + part.identity.slice(from.length), parent);
  // An index goes along into another schema, and keeps its name.
  const moved = quoteQualified(splitQualified(to)[0] ?? null, lastName(part.identity));
  return changed<IndexProperties>(renamed(part, moved, parent), { table: to });
}

/** Sequences that the table's columns own go with it into another schema. */
function moveSequences(from: string, to: string, known: KnownSchema): void {
  for (const sequence of known.objects('sequence')) {
    const { ownedBy = null } = sequence.properties as { readonly ownedBy?: string | null };
    if (ownedBy?.startsWith(`${from}.`) !== true) continue;
    const identity = quoteQualified(splitQualified(to)[0] ?? null, lastName(sequence.identity));
    known.drop('sequence', sequence.identity);
    known.put(changed(renamed(sequence, identity), { ownedBy: to + ownedBy.slice(from.length) }));
  }
}

function moveReferences(from: string, to: string, known: KnownSchema): void {
  for (const key of known.foreignKeysTo(from)) {
    known.put(changed<ConstraintProperties>(key, { references: to }));
  }
  for (const heir of known.heirs(from)) {
    const { partitionOf, inherits } = heir.properties as TableProperties;
    known.put(
      changed<TableProperties>(heir, {
        partitionOf: partitionOf === from ? to : partitionOf,
        inherits: inherits.map((above) => (above === from ? to : above)),
      }),
    );
  }
}

function moveType(from: string, to: string, known: KnownSchema): void {
  for (const kind of TYPES) {
    const old = known.get(kind, from);
    if (old === null) continue;
    const belongings = known.children(`${kind} ${from}`);
    known.drop(kind, from);
    known.put(renamed(old, to));
    for (const part of belongings)
      known.put(renamed(part, to + part.identity.slice(from.length), `${kind} ${to}`));
  }
  for (const suffix of ['', '[]']) {
    for (const column of known.columnsOfType(from + suffix)) {
      known.put(changed<ColumnProperties>(column, { type: to + suffix }));
    }
  }
}

function renameSchema(from: string, to: string, known: KnownSchema): void {
  const prefix = `${quoteIdent(from)}.`;
  for (const kind of new Set(Object.values(RELATIONS))) {
    for (const object of known.objects(kind)) {
      if (object.identity.startsWith(prefix)) {
        moveRelation(object.identity, `${quoteIdent(to)}.${object.identity.slice(prefix.length)}`, known);
      }
    }
  }
  for (const kind of TYPES) {
    for (const object of known.objects(kind)) {
      if (object.identity.startsWith(prefix)) {
        moveType(object.identity, `${quoteIdent(to)}.${object.identity.slice(prefix.length)}`, known);
      }
    }
  }
}
