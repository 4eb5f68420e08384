/**
 * Subscriptions (manual, CREATE SUBSCRIPTION, ALTER SUBSCRIPTION, DROP SUBSCRIPTION), without reaching the publisher.
 * The connection string may hold a password: it is never read, so a subscription is changed and dropped but never made.
 * A dropped one leaves its replication slot on the publisher, which is told from there (`pg_drop_replication_slot`).
 */
import { quoteIdent, quoteLiteral } from '../../../sql/quote.ts';
import type { CatalogObject, Json } from '../../model.ts';
import { CannotRender } from '../context.ts';
import type { DefinitionOptions } from './definition.ts';

function list(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

function settings(object: CatalogObject): Map<string, string> {
  return new Map(
    list(object.properties.options).map((item) => {
      const at = item.indexOf('=');
      return [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}

/** Options that the server changes only together with the publisher's slot. */
const SHARED: ReadonlySet<string> = new Set(['two_phase', 'failover']);

/** `substream` as the option is written. */
const STREAMING: Readonly<Record<string, string>> = { t: 'on', f: 'off', p: 'parallel' };

function option(name: string, value: string): string {
  return `${name} = ${quoteLiteral(name === 'streaming' ? (STREAMING[value] ?? value) : value)}`;
}

export const subscriptionChanges: DefinitionOptions = {
  changes: ['enabled', 'slot', 'publications', 'options'],
  missing: () =>
    'its connection string may hold a password and is never read: create it yourself, then set its state and options',
  drop(object) {
    const alter = `ALTER SUBSCRIPTION ${object.identity}`;
    const { enabled, slot } = object.properties;
    return [
      ...(enabled === true ? [`${alter} DISABLE`] : []),
      ...(slot === null ? [] : [`${alter} SET (slot_name = NONE)`]),
      `DROP SUBSCRIPTION ${object.identity}`,
    ].map((sql) => ({ sql }));
  },
  change(before, after) {
    const had = before.properties;
    const wanted = after.properties;
    const alter = `ALTER SUBSCRIPTION ${after.identity}`;
    const drafts: string[] = [];
    if (had.enabled === true && wanted.enabled !== true) drafts.push(`${alter} DISABLE`);
    const items: string[] = [];
    const old = settings(before);
    for (const [name, value] of settings(after)) {
      if (old.get(name) === value) continue;
      if (SHARED.has(name)) {
        throw new CannotRender(`its option ${name} is changed only together with the publisher's slot`);
      }
      items.push(option(name, value));
    }
    const { slot } = wanted;
    if (had.slot !== slot) {
      items.push(`slot_name = ${typeof slot === 'string' ? quoteLiteral(slot) : 'NONE'}`);
    }
    if (items.length > 0) drafts.push(`${alter} SET (${items.join(', ')})`);
    const publications = list(wanted.publications);
    if (list(had.publications).join('\n') !== publications.join('\n')) {
      drafts.push(
        `${alter} SET PUBLICATION ${publications.map(quoteIdent).join(', ')} WITH (refresh = false)`,
      );
    }
    if (had.enabled !== true && wanted.enabled === true) drafts.push(`${alter} ENABLE`);
    return drafts;
  },
};
