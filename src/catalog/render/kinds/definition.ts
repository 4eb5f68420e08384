/** Kinds whose definition is one statement, given by the catalog: created, dropped and, where they differ, both. */
import type { CatalogObject, DefinitionProperties, Json, ObjectKind, Owned } from '../../model.ts';
import type { KindRenderer, RenderContext } from '../context.ts';
import { CannotRender, equalJson, make, propertiesOf } from '../context.ts';
import { commentChange, ownedAfterCreate, ownedChanges, role } from '../owned.ts';

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
  'publication',
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
  return [...statements, ...commentChange(name, null, wanted.comment)];
}

export function definitionKind(
  kind: ObjectKind,
  rank: number,
  options: { readonly tightens?: boolean } = {},
): KindRenderer {
  const word = kind.toUpperCase();
  return {
    rank,
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
      if (definition === null) throw new CannotRender('the catalog has no SQL for it');
      return [make([definition.trim().replace(/;$/, ''), ...after(object, context)], options)];
    },
    drop(object) {
      const { drop } = propertiesOf<DefinitionProperties>(object);
      if (drop === null) throw new CannotRender('the catalog has no SQL for dropping it');
      return [{ sql: drop.trim().replace(/;$/, '') }];
    },
    alter(before, afterwards, context) {
      const had = before.properties;
      const wanted = afterwards.properties;
      for (const name of new Set([...Object.keys(had), ...Object.keys(wanted)])) {
        if (name === 'definition') {
          if (!context.same(text(had[name]), text(wanted[name]))) return 'rebuild';
        } else if (!KNOWN.has(name) && !equalJson(had[name] ?? null, wanted[name] ?? null)) {
          return 'rebuild';
        }
      }
      const oldOwned = owned(before);
      const newOwned = owned(afterwards);
      const changed = ['owner', 'comment', 'privileges', 'securityLabels'].some(
        (name) => !equalJson(had[name] ?? null, wanted[name] ?? null),
      );
      if (!changed) return [make([], options)];
      const name = named(afterwards);
      if (oldOwned === null || newOwned === null) {
        return [make(commentChange(name, text(had.comment), text(wanted.comment)), options)];
      }
      return [make(ownedChanges(oldOwned, newOwned, { named: name, grantee: granted(afterwards) }), options)];
    },
  };
}
