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
  const drop = propertiesOf<DefinitionProperties>(object).drop;
  if (drop === null) throw new CannotRender('the catalog has no SQL for it');
  return drop
    .replace(/^DROP\s+/i, '')
    .trim()
    .replace(/;$/, '');
}

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
    return ownedAfterCreate(object, wanted, { named: name, grantee: name }, context);
  }
  const current = context.options.currentUser;
  const statements = [];
  if (current === undefined || role(current) !== role(wanted.owner)) {
    statements.push(`ALTER ${name} OWNER TO ${role(wanted.owner)}`);
  }
  return [...statements, ...commentChange(name, null, wanted.comment)];
}

export function definitionKind(rank: number, options: { readonly tightens?: boolean } = {}): KindRenderer {
  return {
    rank,
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
      return [make(ownedChanges(oldOwned, newOwned, { named: name, grantee: name }), options)];
    },
  };
}

export function unsupported(kind: ObjectKind, rank: number): KindRenderer {
  const refuse = (): never => {
    throw new CannotRender(`${kind} objects cannot be rendered`);
  };
  return {
    rank,
    create: refuse,
    drop: refuse,
    alter: (before, wanted) => (equalJson(before.properties, wanted.properties) ? [] : refuse()),
  };
}
