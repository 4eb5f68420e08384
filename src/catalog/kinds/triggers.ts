import { quoteIdent } from '../../sql/quote.ts';
import type { ReadContext } from '../context.ts';
import { bool, type Text, text } from '../decode.ts';
import { CAPTURE_PREFIX, type TriggerProperties } from '../model.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

/** How triggers, rules and event triggers fire (`tgenabled`, `ev_enabled`, `evtenabled`). */
export const ENABLED: Readonly<Record<string, TriggerProperties['enabled']>> = {
  O: 'origin',
  D: 'disabled',
  R: 'replica',
  A: 'always',
};

export const triggers: Kind = {
  name: 'triggers',
  scope: { of: 'relation', column: 3, makes: ['trigger'] },
  // Up to version 14 the copies in partitions are marked internal; those of foreign keys always are, and have a constraint.
  query: () =>
    `SELECT t.oid, t.tgname, t.tgrelid, pg_get_triggerdef(t.oid), t.tgenabled, t.tgparentid <> 0, t.tgconstraint <> 0,
       t.tgattr, CASE WHEN t.tgconstraint <> 0 THEN (SELECT c.conname FROM pg_constraint c WHERE c.oid = t.tgconstraint) END,
       t.tgconstraint
     FROM pg_trigger t
     WHERE t.oid >= ${FIRST_USER_OID} AND (NOT t.tgisinternal OR (t.tgparentid <> 0 AND NOT EXISTS (
       SELECT FROM pg_constraint c WHERE c.oid = t.tgconstraint AND c.contype <> 't')))`,
  read(rows, context) {
    for (const [
      oid,
      name,
      table,
      definition,
      enabled,
      inherited,
      constraint,
      columns,
      constraintName,
      constraintOid,
    ] of rows) {
      const relation = context.relations.get(text(table));
      if (relation === undefined || definition === null || text(name).startsWith(CAPTURE_PREFIX)) continue;
      const parked = relation.parked ?? context.parkedAmong(relation, text(columns).split(' '));
      context.add(
        {
          kind: 'trigger',
          identity: `${relation.identity}.${quoteIdent(text(name))}`,
          parent: relation.key,
          properties: {
            definition: parked?.text(text(definition)) ?? text(definition),
            enabled: ENABLED[text(enabled)] ?? 'origin',
            inherited: bool(inherited),
            constraint: bool(constraint),
            comment: context.comment('pg_trigger', text(oid)),
            ...context.dependsOnExtensions('pg_trigger', text(oid)),
            ...constraintProperties(text(name), constraintName, text(constraintOid), context),
          },
          physical: `pg_trigger:${oid}`,
        },
        parked,
      );
    }
  },
};

/** A constraint trigger has a constraint, too, which is named as it is until somebody renames one of the two. */
function constraintProperties(
  trigger: string,
  constraint: Text | undefined,
  oid: string,
  context: ReadContext,
): { readonly constraintName?: string; readonly constraintComment?: string } {
  if (constraint === null || constraint === undefined) return {};
  const comment = context.comment('pg_constraint', oid);
  return {
    ...(constraint === trigger ? {} : { constraintName: quoteIdent(constraint) }),
    ...(comment === null ? {} : { constraintComment: comment }),
  };
}
