/** Kinds whose definition is one statement, given by the catalog: created, dropped and, where they differ, both. */
import type { CatalogObject, DefinitionProperties, Json, ObjectKind, Owned } from '../../model.ts';
import type { KindRenderer, RenderContext } from '../context.ts';
import { CannotRender, equalJson, make, propertiesOf } from '../context.ts';
import type { Draft } from '../graph.ts';
import { commentChange, labelChanges, ownedAfterCreate, ownedChanges, role } from '../owned.ts';

/** What is said by `definition` itself, or by the statements that follow it here. */
const KNOWN: ReadonlySet<string> = new Set([
  'definition',
  'drop',
  'owner',
  'comment',
  'privileges',
  'securityLabels',
]);

/** What ALTER, COMMENT ON and GRANT call it: the words between DROP and the end of the drop statement. */
function named(object: CatalogObject): string {
  const target = object.extra?.target;
  if (typeof target === 'string') return target;
  const drop = propertiesOf<DefinitionProperties>(object).drop;
  if (drop === null) throw new CannotRender('the catalog has no SQL for it');
  return drop
    .replace(/^DROP\s+/i, '')
    .trim()
    .replace(/;$/, '');
}

function granted(object: CatalogObject): string {
  const target = object.extra?.grantTarget;
  return typeof target === 'string' ? target : named(object);
}

/** Kinds whose ALTER … RENAME TO and SET SCHEMA take the kind's own words and the identity. */
const RENAMES: ReadonlySet<ObjectKind> = new Set([
  'statistics',
  'operator class',
  'operator family',
  'publication',
  'subscription',
  'server',
  'foreign data wrapper',
  'collation',
  'conversion',
  'text search parser',
  'text search template',
  'text search dictionary',
  'text search configuration',
  'event trigger',
  'language',
  'aggregate',
]);
const MOVES: ReadonlySet<ObjectKind> = new Set([
  'statistics',
  'operator',
  'operator class',
  'operator family',
  'collation',
  'conversion',
  'text search parser',
  'text search template',
  'text search dictionary',
  'text search configuration',
  'aggregate',
]);

function text(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function list(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly Json[]).map(String) : [];
}

function owned(object: CatalogObject): Owned | null {
  const { owner, comment, privileges, securityLabels } = propertiesOf<DefinitionProperties>(object);
  if (typeof owner !== 'string') return null;
  return {
    owner,
    comment: text(comment),
    privileges: list(privileges),
    securityLabels: list(securityLabels),
  };
}

function after(object: CatalogObject, context: RenderContext): string[] {
  const properties = propertiesOf<DefinitionProperties>(object);
  const name = named(object);
  const wanted = owned(object);
  if (wanted === null) return commentChange(name, null, text(properties.comment));
  if (properties.privileges !== undefined) {
    return ownedAfterCreate(object, wanted, { named: name, grantee: granted(object) }, context);
  }
  const current = context.options.currentUser;
  const statements = [];
  if (current === undefined || role(current) !== role(wanted.owner)) {
    statements.push(`ALTER ${name} OWNER TO ${role(wanted.owner)}`);
  }
  return [
    ...statements,
    ...commentChange(name, null, wanted.comment),
    ...labelChanges(name, [], wanted.securityLabels ?? []),
  ];
}

/** What a kind that knows more than DROP and CREATE does. */
export interface DefinitionOptions extends Pick<KindRenderer, 'detach'> {
  readonly drop?: (object: CatalogObject) => readonly Draft[];
  readonly tightens?: boolean;
  /**
   * The statements that lead from one definition to the other, both under the names of `after`; null where there are
   * none, and it has to be made again. Asked only where the definitions differ.
   */
  readonly change?: (
    before: CatalogObject,
    after: CatalogObject,
    context: RenderContext,
  ) => readonly string[] | null;
  /** Properties that `change` is about, beside the definition. */
  readonly changes?: readonly string[];
  /** Columns hold on to it: it steps aside for what takes its name, instead of being dropped first. */
  readonly swaps?: true;
  /** Why it cannot be created, where it has no definition. */
  readonly missing?: (object: CatalogObject) => string;
}

export function definitionKind(
  kind: ObjectKind,
  rank: number,
  { change, changes = [], missing, detach, drop: dropOther, swaps, ...options }: DefinitionOptions = {},
): KindRenderer {
  // ALTER ROUTINE takes an aggregate's plain argument types, also where ALTER AGGREGATE wants ORDER BY or *.
  const word = kind === 'aggregate' ? 'ROUTINE' : kind.toUpperCase();
  return {
    rank,
    ...(detach === undefined ? {} : { detach }),
    ...(RENAMES.has(kind) && {
      rename: (_object: CatalogObject, current: string, name: string) =>
        `ALTER ${word} ${current} RENAME TO ${name}`,
    }),
    ...(MOVES.has(kind) && {
      move: (_object: CatalogObject, current: string, schema: string) =>
        `ALTER ${word} ${current} SET SCHEMA ${schema}`,
    }),
    create(object, context) {
      const { definition } = propertiesOf<DefinitionProperties>(object);
      if (definition === null) throw new CannotRender(missing?.(object) ?? 'the catalog has no SQL for it');
      return [make([definition.trim().replace(/;$/, ''), ...after(object, context)], options)];
    },
    drop(object) {
      if (dropOther !== undefined) return dropOther(object);
      const { drop } = propertiesOf<DefinitionProperties>(object);
      if (drop === null) throw new CannotRender('the catalog has no SQL for dropping it');
      return [{ sql: drop.trim().replace(/;$/, '') }];
    },
    alter(before, afterwards, context) {
      const had = before.properties;
      const wanted = afterwards.properties;
      let differs = false;
      for (const name of new Set([...Object.keys(had), ...Object.keys(wanted)])) {
        if (name === 'definition') {
          if (!context.same(text(had[name]), text(wanted[name]))) differs = true;
        } else if (!KNOWN.has(name) && !equalJson(had[name] ?? null, wanted[name] ?? null)) {
          if (!changes.includes(name)) return 'rebuild';
          differs = true;
        }
      }
      const drafts = differs ? (change?.(before, afterwards, context) ?? null) : [];
      if (drafts === null) return swaps === true ? 'swap' : 'rebuild';
      const oldOwned = owned(before);
      const newOwned = owned(afterwards);
      const changed = ['owner', 'comment', 'privileges', 'securityLabels'].some(
        (name) => !equalJson(had[name] ?? null, wanted[name] ?? null),
      );
      if (!changed) return [make(drafts, options)];
      const name = named(afterwards);
      if (oldOwned === null || newOwned === null) {
        const comment = commentChange(name, text(had.comment), text(wanted.comment));
        return [make([...drafts, ...comment], options)];
      }
      const about = ownedChanges(oldOwned, newOwned, { named: name, grantee: granted(afterwards) });
      return [make([...drafts, ...about], options)];
    },
  };
}
