/** Row security policies (manual, CREATE POLICY, ALTER POLICY). */
import type { CatalogObject, PolicyProperties } from '../../model.ts';
import type { KindRenderer } from '../context.ts';
import { equalJson, make, part, propertiesOf } from '../context.ts';
import { localName, ownerRelation } from '../names.ts';
import { commentChange, role } from '../owned.ts';
import { RANK } from '../ranks.ts';

function on(object: CatalogObject): string {
  return `POLICY ${localName(object)} ON ${ownerRelation(object)}`;
}

function roles(policy: PolicyProperties): string {
  return policy.roles.length === 0 ? 'PUBLIC' : policy.roles.map(policyRole).join(', ');
}

function policyRole(name: string): string {
  return name.toLowerCase() === 'public' ? 'PUBLIC' : role(name);
}

function parenthesized(expression: string): string {
  return `(${expression})`;
}

export const policy: KindRenderer = {
  rank: RANK.policy,
  create(object) {
    const wanted = propertiesOf<PolicyProperties>(object);
    const using = wanted.using === null ? '' : ` USING ${parenthesized(wanted.using)}`;
    const check = wanted.withCheck === null ? '' : ` WITH CHECK ${parenthesized(wanted.withCheck)}`;
    const sql =
      `CREATE ${on(object)} AS ${wanted.permissive ? 'PERMISSIVE' : 'RESTRICTIVE'} ` +
      `FOR ${wanted.command.toUpperCase()} TO ${roles(wanted)}${using}${check}`;
    return [make([sql, ...commentChange(on(object), null, wanted.comment)], { tightens: true })];
  },
  drop: (object) => [{ sql: `DROP ${on(object)}` }],
  alter(before, after, context) {
    const had = propertiesOf<PolicyProperties>(before);
    const wanted = propertiesOf<PolicyProperties>(after);
    if (had.permissive !== wanted.permissive || had.command !== wanted.command) return 'rebuild';
    const sameUsing = context.same(had.using, wanted.using);
    const sameCheck = context.same(had.withCheck, wanted.withCheck);
    if ((!sameUsing && wanted.using === null) || (!sameCheck && wanted.withCheck === null)) return 'rebuild';
    let changes = '';
    if (!equalJson(had.roles, wanted.roles)) changes += ` TO ${roles(wanted)}`;
    if (!sameUsing && wanted.using !== null) changes += ` USING ${parenthesized(wanted.using)}`;
    if (!sameCheck && wanted.withCheck !== null) changes += ` WITH CHECK ${parenthesized(wanted.withCheck)}`;
    return [
      make(commentChange(on(after), had.comment, wanted.comment)),
      ...part('change', changes === '' ? [] : [`ALTER ${on(after)}${changes}`], { tightens: true }),
    ];
  },
  rename(object, current, name) {
    return `ALTER ${on({ ...object, identity: current })} RENAME TO ${name}`;
  },
};
