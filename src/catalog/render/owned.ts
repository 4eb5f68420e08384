/** Owner, privileges, comment and security labels: the same for every kind that has them. */
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import type { CatalogObject, Owned } from '../model.ts';
import type { RenderContext } from './context.ts';
import { equalJson } from './context.ts';
import { builtInPrivileges, parsePrivilege, privilegeChanges, withNewOwner } from './privileges.ts';

export interface OwnedTarget {
  /** As ALTER and COMMENT ON name it: `MATERIALIZED VIEW public.v`. */
  readonly named: string;
  /** As GRANT names it: `TABLE public.v`. */
  readonly grantee: string;
  /** False where the owner follows another object's (an owned sequence). */
  readonly ownOwner?: boolean;
}

/** A role as SQL names it. Roles in properties may be bare or quoted. */
export function role(name: string): string {
  if (name === 'PUBLIC' || name.startsWith('"')) return name;
  return quoteIdent(name);
}

export function commentOn(named: string, comment: string | null): string {
  return `COMMENT ON ${named} IS ${comment === null ? 'NULL' : quoteLiteral(comment)}`;
}

export function commentChange(named: string, before: string | null, after: string | null): string[] {
  return before === after ? [] : [commentOn(named, after)];
}

export function ownedAfterCreate(
  object: CatalogObject,
  wanted: Owned,
  target: OwnedTarget,
  context: RenderContext,
): string[] {
  const statements: string[] = [];
  const owner = role(wanted.owner);
  const current = context.options.currentUser;
  if (target.ownOwner !== false && (current === undefined || role(current) !== owner)) {
    statements.push(`ALTER ${target.named} OWNER TO ${owner}`);
  }
  if (context.hasDefaultPrivileges) {
    const others = context.defaultGrantees.filter((grantee) => grantee !== owner);
    statements.push(
      ...privilegeChanges({ on: target.grantee, owner }, [], wanted.privileges.map(normalized), [
        ...new Set(['PUBLIC', owner, ...others]),
      ]),
    );
  } else {
    statements.push(
      ...privilegeChanges(
        { on: target.grantee, owner },
        builtInPrivileges(object.kind, owner, context.major),
        wanted.privileges.map(normalized),
      ),
    );
  }
  statements.push(
    ...commentChange(target.named, null, wanted.comment),
    ...labelChanges(target.named, [], wanted.securityLabels ?? []),
  );
  return statements;
}

export function ownedChanges(
  before: Owned,
  after: Owned,
  target: OwnedTarget,
  options: { readonly ownerFollows?: boolean } = {},
): string[] {
  const statements: string[] = [];
  const owner = role(after.owner);
  const former = role(before.owner);
  if (former !== owner && options.ownerFollows !== true) {
    statements.push(`ALTER ${target.named} OWNER TO ${owner}`);
  }
  const had = before.privileges.map(normalized);
  const wanted = after.privileges.map(normalized);
  if (former !== owner || !equalJson(had, wanted)) {
    const moved = former === owner ? had : withNewOwner(had, former, owner);
    statements.push(...privilegeChanges({ on: target.grantee, owner }, moved, wanted));
  }
  statements.push(...commentChange(target.named, before.comment, after.comment));
  statements.push(...labelChanges(target.named, before.securityLabels ?? [], after.securityLabels ?? []));
  return statements;
}

/** SECURITY LABEL for what differs between two lists of `provider=label`; its provider must be loaded (manual). */
export function labelChanges(named: string, before: readonly string[], after: readonly string[]): string[] {
  const statements: string[] = [];
  const split = (label: string): [string, string] => {
    const at = label.indexOf('=');
    return [label.slice(0, at), label.slice(at + 1)];
  };
  const providers = new Set(after.map((label) => split(label)[0]));
  for (const label of before) {
    const [provider] = split(label);
    if (!providers.has(provider)) {
      statements.push(`SECURITY LABEL FOR ${quoteIdent(provider)} ON ${named} IS NULL`);
    }
  }
  for (const label of after) {
    if (before.includes(label)) continue;
    const [provider, value] = split(label);
    statements.push(`SECURITY LABEL FOR ${quoteIdent(provider)} ON ${named} IS ${quoteLiteral(value)}`);
  }
  return statements;
}

/** Grantee and grantor quoted where needed, so that items can be compared and written down. */
export function normalized(item: string): string {
  const { grantee, privilege, grantable, grantor } = parsePrivilege(item);
  return `${role(grantee)}=${privilege}${grantable ? '*' : ''}/${role(grantor)}`;
}
