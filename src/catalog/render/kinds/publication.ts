/** Publications: what they hold and how they publish it, in place (manual, ALTER PUBLICATION). */
import type { CatalogObject } from '../../model.ts';
import type { RenderContext } from '../context.ts';
import { keyOf } from '../names.ts';
import type { DefinitionOptions } from './definition.ts';
import { splitOutside, trailingList } from './definition-text.ts';

interface Member {
  readonly kind: 'table' | 'schema';
  /** The table's or schema's identity. */
  readonly identity: string;
  /** `ONLY `, where the table's children are not meant. */
  readonly only: string;
  /** Column list and WHERE, as they stand behind it. */
  readonly rest: string;
}

interface Publication {
  readonly all: boolean;
  readonly members: readonly Member[];
  readonly options: ReadonlyMap<string, string>;
}

/** What an option is where it is not said (manual, CREATE PUBLICATION). */
const USUAL: Readonly<Record<string, string>> = {
  publish: "'insert, update, delete, truncate'",
  publish_via_partition_root: 'false',
  publish_generated_columns: 'none',
};

function read(object: CatalogObject): Publication {
  const { head, options } = trailingList(String(object.properties.definition));
  const body = head
    .slice(`CREATE PUBLICATION ${object.identity}`.length)
    .replace(/ WITH$/, '')
    .trim();
  const all = body === 'FOR ALL TABLES';
  return { all, members: all || body === '' ? [] : membersOf(body.replace(/^FOR /, '')), options };
}

/** `TABLE a, ONLY b (c) WHERE (d), TABLES IN SCHEMA e, f`: the words are said once for all that follow. */
function membersOf(list: string): Member[] {
  let kind: Member['kind'] = 'table';
  return splitOutside(list, ',').map((item) => {
    const words = /^(TABLES IN SCHEMA |TABLE )?/.exec(item)?.[1];
    if (words !== undefined) kind = words === 'TABLE ' ? 'table' : 'schema';
    const named = item.slice(words?.length ?? 0);
    if (kind === 'schema') return { kind, identity: named, only: '', rest: '' };
    const [head = '', only = '', identity = ''] = /^(ONLY )?((?:"(?:[^"]|"")*"|[^\s("])+)/.exec(named) ?? [];
    return { kind, identity, only, rest: named.slice(head.length) };
  });
}

function written(members: readonly Member[]): string {
  const tables = members.filter((one) => one.kind === 'table');
  const schemas = members.filter((one) => one.kind === 'schema');
  return [
    ...(tables.length === 0
      ? []
      : [`TABLE ${tables.map(({ only, identity, rest }) => `${only}${identity}${rest}`).join(', ')}`]),
    ...(schemas.length === 0 ? [] : [`TABLES IN SCHEMA ${schemas.map((one) => one.identity).join(', ')}`]),
  ].join(', ');
}

/** The definition with other members. */
function withMembers(object: CatalogObject, members: readonly Member[]): CatalogObject {
  const definition = String(object.properties.definition);
  const options = definition.slice(definition.lastIndexOf(' WITH ('));
  const body = members.length === 0 ? '' : ` FOR ${written(members)}`;
  const properties = {
    ...object.properties,
    definition: `CREATE PUBLICATION ${object.identity}${body}${options}`,
  };
  return { ...object, properties };
}

export const publicationChanges: DefinitionOptions = {
  change(before, after, context) {
    const had = read(before);
    const wanted = read(after);
    if (had.all !== wanted.all) return null;
    const alter = `ALTER PUBLICATION ${after.identity}`;
    const current = had.members.flatMap((one) => now(one, context));
    const stays = (one: Member): boolean =>
      wanted.members.some(
        (other) =>
          other.kind === one.kind && other.identity === one.identity && context.same(one.rest, other.rest),
      );
    const kept = current.filter(stays);
    const lost = current.filter((one) => !stays(one));
    const gained = wanted.members.filter(
      (one) => !kept.some((other) => other.kind === one.kind && other.identity === one.identity),
    );
    const options = Object.entries(USUAL).flatMap(([name, usual]) => {
      const value = wanted.options.get(name) ?? usual;
      return (had.options.get(name) ?? usual) === value ? [] : [`${name} = ${value}`];
    });
    return [
      ...(lost.length === 0 ? [] : [`${alter} DROP ${written(lost.map((one) => ({ ...one, rest: '' })))}`]),
      ...(options.length === 0 ? [] : [`${alter} SET (${options.join(', ')})`]),
      ...(gained.length === 0 ? [] : [`${alter} ADD ${written(gained)}`]),
    ];
  },
  /** A table that goes takes its membership along; a column in a list or filter holds on to it. */
  detach(object, cause) {
    const { members } = read(object);
    const isHeld = (one: Member): boolean =>
      cause.kind === 'schema' || cause.kind === 'table'
        ? one.kind === cause.kind && one.identity === cause.identity
        : cause.parent === keyOf('table', one.identity);
    const held = members.filter(isHeld);
    if (held.length === 0) return null;
    const sql = `ALTER PUBLICATION ${object.identity} DROP ${written(held.map((one) => ({ ...one, rest: '' })))}`;
    const left = withMembers(
      object,
      members.filter((one) => !isHeld(one)),
    );
    return { drafts: [{ sql }], left };
  },
};

/** The member under the name that it has now; nothing where what it is about goes, and the membership with it. */
function now(one: Member, context: RenderContext): Member[] {
  const later = context.later(keyOf(one.kind, one.identity));
  if (later !== undefined) return [{ ...one, identity: later.identity }];
  return context.to.objects.has(keyOf(one.kind, one.identity)) ? [one] : [];
}
