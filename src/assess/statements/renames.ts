/** RENAME, SET SCHEMA and COMMENT: of relations, of what belongs to them, of everything else. */
import { child, flag, type Node, nameFromParts, relationOf, strings, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import type { FactId } from '../facts/index.ts';
import { apply } from './apply.ts';
import type { Family } from './family.ts';

export const renameFamily: Family = {
  RenameStmt({ node }, effect, context) {
    const relation = context.resolve(relationOf(node));
    const type = text(node, 'renameType') ?? '';
    effect.tagFor(relation, 'changes-schema', 'alters');
    // Who uses the object by its name breaks; of an index or constraint nobody does.
    if (!UNUSED_BY_NAME.has(type)) effect.tagFor(relation, 'rename');
    if (relation === null) {
      if (type === 'OBJECT_TYPE')
        apply('type.rename-composite', { target: composite(node, context) }, effect, context);
      return;
    }
    if (type === 'OBJECT_ATTRIBUTE') {
      const name = relationOf(node);
      const target = name === null ? null : context.resolveType(name);
      const partition = target === null ? [] : context.tablesOfType(target);
      apply('rename.attribute-cascade', { target, partition }, effect, context);
      return;
    }
    const heirs = flag(child(node, 'relation'), 'inh') ? context.descendants(relation) : [];
    const partition = reached(type, relation, heirs, node, context);
    apply(
      factOf(type, relation, context),
      { target: relation, index: relation, sequence: relation, partition },
      effect,
      context,
    );
  },
  AlterObjectSchemaStmt({ node }, effect, context) {
    const relation = context.resolve(relationOf(node));
    effect.tagFor(relation, 'changes-schema', 'alters', 'rename');
    const sequence = text(node, 'objectType') === 'OBJECT_SEQUENCE';
    const fact = sequence ? 'set-schema.sequence' : 'set-schema.table';
    apply(fact, { target: relation, sequence: relation }, effect, context);
  },
  CommentStmt({ node }, effect, context) {
    effect.tag('changes-schema');
    const type = text(node, 'objtype') ?? '';
    const fact = COMMENTS[type];
    if (fact === undefined) return;
    const parts = strings(child(child(node, 'object'), 'List')?.items);
    const ofPart = type === 'OBJECT_COLUMN' || fact === 'comment.constraint';
    const relation = context.resolve(nameFromParts(ofPart ? parts.slice(0, -1) : parts));
    const cast = { target: relation, index: relation, sequence: relation, source: relation };
    apply(fact, cast, effect, context);
  },
};

const UNUSED_BY_NAME: ReadonlySet<string> = new Set([
  'OBJECT_INDEX',
  'OBJECT_TABCONSTRAINT',
  'OBJECT_TRIGGER',
  'OBJECT_POLICY',
]);

const COMMENTS: Readonly<Record<string, FactId>> = {
  OBJECT_TABLE: 'comment.table',
  OBJECT_COLUMN: 'comment.column',
  OBJECT_VIEW: 'comment.view',
  OBJECT_MATVIEW: 'comment.matview',
  OBJECT_FOREIGN_TABLE: 'comment.foreign',
  OBJECT_INDEX: 'comment.index',
  OBJECT_SEQUENCE: 'comment.sequence',
  OBJECT_TABCONSTRAINT: 'comment.constraint',
  OBJECT_TRIGGER: 'comment.constraint',
  OBJECT_RULE: 'comment.constraint',
  OBJECT_POLICY: 'comment.constraint',
};

function factOf(type: string, relation: string, context: AssessContext): FactId {
  switch (type) {
    case 'OBJECT_INDEX':
      return 'rename.index';
    case 'OBJECT_SEQUENCE':
      return 'rename.sequence';
    case 'OBJECT_TABLE':
      // ALTER TABLE renames indexes and sequences too, but locks them as it does tables.
      if (context.tableOfIndex(relation) !== null) return 'rename.index-table';
      return context.known.has('sequence', relation) ? 'rename.sequence' : 'rename.table';
    case 'OBJECT_TRIGGER':
      return 'trigger.rename-partitioned';
    default:
      return 'rename.column-inherited';
  }
}

/** Columns and CHECKs are renamed in the heirs as well, keys are not; triggers in partitions. */
function reached(
  type: string,
  relation: string,
  heirs: readonly string[],
  node: Node,
  context: AssessContext,
): readonly string[] {
  switch (type) {
    case 'OBJECT_COLUMN':
      return heirs;
    case 'OBJECT_TABCONSTRAINT': {
      const known = context.constraint(relation, text(node, 'subname') ?? '');
      return known === null || known.type === 'check' ? heirs : [];
    }
    case 'OBJECT_TRIGGER':
      return context.isPartitioned(relation) ? context.descendants(relation) : [];
    default:
      return [];
  }
}

/** The composite type that is renamed; null for every other type. */
function composite(node: Node, context: AssessContext): string | null {
  const name = nameFromParts(strings(child(child(node, 'object'), 'List')?.items));
  const type = name === null ? null : context.resolveType(name);
  return type !== null && context.known.has('composite', type) ? type : null;
}
