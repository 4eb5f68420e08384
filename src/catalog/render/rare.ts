/**
 * Properties that most objects lack, whatever their kind: bound to an extension, privileges on a row type or on system
 * columns, triggers of constraints switched off … They are put on top of what the kind's own renderer makes, so that it
 * need not know them.
 */
import { dollarQuote, quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { clip, MAX_NAME_BYTES } from '../kinds/facts.ts';
import type { CatalogObject, Json } from '../model.ts';
import { grantorOf, OWNER_WORD, undone } from '../privilege-statements.ts';
import { CannotRender, equalJson, type Part, part, partId } from './context.ts';
import type { Draft } from './graph.ts';
import { localName, localPart, nameOf, ownerRelation } from './names.ts';
import { commentChange, labelChanges, normalized, role } from './owned.ts';
import { privilegeChanges, withNewOwner } from './privileges.ts';

/** `before` is null where the object is made anew; it has the names of `after` already. */
export function rareChanges(before: CatalogObject | null, after: CatalogObject): readonly Part[] {
  const extensions = changesOf('dependsOnExtensions', before, after);
  return [
    ...part(
      'rare',
      [
        ...typeChanges(before, after),
        ...systemColumnChanges(before, after),
        ...constraintOfTrigger(before, after),
        ...disabledTriggers(before, after),
        ...indexBehind(before, after),
        ...notNullAlsoLocal(before, after),
        ...domainNotNull(before, after),
        ...memberPrivileges(before, after),
        ...onTables(before, after),
        ...partLabels(before, after),
      ],
      { needs: [partId('not null', `${after.kind} ${after.identity}`)] },
    ),
    ...part('extensions', extensionChanges(named(after), extensions), {
      needs: extensions.gained.map((name) => partId('make', `extension ${name}`)),
    }),
  ].map((one) => ({ ...one, tightens: true }));
}

interface Changes {
  readonly lost: readonly string[];
  readonly gained: readonly string[];
}

function list(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? (value as readonly Json[]).map(String) : [];
}

function text(value: Json | undefined): string | null {
  return typeof value === 'string' ? value : null;
}

function between(had: readonly string[], wanted: readonly string[]): Changes {
  return {
    lost: had.filter((item) => !wanted.includes(item)),
    gained: wanted.filter((item) => !had.includes(item)),
  };
}

function changesOf(property: string, before: CatalogObject | null, after: CatalogObject): Changes {
  return between(list(before?.properties[property]), list(after.properties[property]));
}

/** As ALTER names it. */
function named(object: CatalogObject): string {
  switch (object.kind) {
    case 'trigger':
      return `TRIGGER ${localName(object)} ON ${ownerRelation(object)}`;
    case 'function':
      return `ROUTINE ${object.identity}`;
    default:
      return `${object.kind.toUpperCase()} ${object.identity}`;
  }
}

function extensionChanges(target: string, { lost, gained }: Changes): string[] {
  return [
    ...lost.map((name) => `ALTER ${target} NO DEPENDS ON EXTENSION ${name}`),
    ...gained.map((name) => `ALTER ${target} DEPENDS ON EXTENSION ${name}`),
  ];
}

/** Privileges and comment of the type that a table or view has. */
function typeChanges(before: CatalogObject | null, after: CatalogObject): string[] {
  if (after.kind !== 'table' && after.kind !== 'view' && after.kind !== 'materialized view') return [];
  const owner = role(String(after.properties.owner));
  const privileges = (object: CatalogObject | null): readonly string[] => {
    const said = object?.properties.typePrivileges;
    return said === undefined ? [`${owner}=USAGE/${owner}`, `PUBLIC=USAGE/${owner}`] : list(said);
  };
  const on = `TYPE ${after.identity}`;
  return [
    ...privilegeChanges(
      { on, owner },
      moved(privileges(before), before, owner),
      privileges(after).map(normalized),
    ),
    ...commentChange(on, text(before?.properties.typeComment), text(after.properties.typeComment)),
  ];
}

/** What was granted under the former owner is the new owner's grant now. */
function moved(items: readonly string[], before: CatalogObject | null, owner: string): readonly string[] {
  const former = before === null ? owner : role(String(before.properties.owner));
  const had = items.map(normalized);
  return former === owner ? had : withNewOwner(had, former, owner);
}

function systemColumnChanges(before: CatalogObject | null, after: CatalogObject): string[] {
  const [had, wanted] = [byColumn(before), byColumn(after)];
  const owner = role(String(after.properties.owner));
  return [...new Set([...had.keys(), ...wanted.keys()])]
    .sort()
    .flatMap((column) =>
      privilegeChanges(
        { on: `TABLE ${after.identity}`, column, owner },
        moved(had.get(column) ?? [], before, owner),
        (wanted.get(column) ?? []).map(normalized),
      ),
    );
}

/** `ctid: reader=SELECT/app` items, by column. */
function byColumn(object: CatalogObject | null): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const item of list(object?.properties.systemColumnPrivileges)) {
    const at = item.indexOf(': ');
    const column = item.slice(0, at);
    found.set(column, [...(found.get(column) ?? []), item.slice(at + 2)]);
  }
  return found;
}

/** The constraint that a constraint trigger has, where it has another name or a comment. */
function constraintOfTrigger(before: CatalogObject | null, after: CatalogObject): string[] {
  if (after.kind !== 'trigger') return [];
  const name = (object: CatalogObject | null) => text(object?.properties.constraintName) ?? localName(after);
  const table = ownerRelation(after);
  const statements =
    name(before) === name(after)
      ? []
      : [`ALTER TABLE ${table} RENAME CONSTRAINT ${name(before)} TO ${name(after)}`];
  return [
    ...statements,
    ...commentChange(
      `CONSTRAINT ${name(after)} ON ${table}`,
      text(before?.properties.constraintComment),
      text(after.properties.constraintComment),
    ),
  ];
}

const STATES: Readonly<Record<string, string>> = {
  disabled: 'DISABLE',
  replica: 'ENABLE REPLICA',
  always: 'ENABLE ALWAYS',
};

/** The names of a constraint's own triggers are made of OIDs: they are looked up where the statement runs. */
function disabledTriggers(before: CatalogObject | null, after: CatalogObject): string[] {
  const { lost, gained } = changesOf('disabledTriggers', before, after);
  const wanted = new Map(gained.map(split));
  for (const item of lost) {
    const [trigger] = split(item);
    if (!wanted.has(trigger)) wanted.set(trigger, 'origin');
  }
  return [...wanted].map(([trigger, state]) => {
    const at = trigger.indexOf(' on ');
    const [routine, table] = [trigger.slice(0, at), trigger.slice(at + 4)];
    const body = `
DECLARE
  name name;
BEGIN
  FOR name IN SELECT t.tgname FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_constraint c ON c.oid = t.tgconstraint
    WHERE c.conname = ${quoteLiteral(localPart(after))} AND c.conrelid = ${quoteLiteral(ownerRelation(after))}::pg_catalog.regclass
      AND t.tgisinternal AND t.tgrelid = ${quoteLiteral(table)}::pg_catalog.regclass
      AND t.tgfoid = ${quoteLiteral(`pg_catalog.${routine}`)}::pg_catalog.regproc
  LOOP
    EXECUTE pg_catalog.format('ALTER TABLE %s ${STATES[state] ?? 'ENABLE'} TRIGGER %I', ${quoteLiteral(table)}, name);
  END LOOP;
END
`;
    return `DO ${dollarQuote(body)}`;
  });
}

/** `routine on table: state` */
function split(item: string): [trigger: string, state: string] {
  const at = item.lastIndexOf(': ');
  return [item.slice(0, at), item.slice(at + 2)];
}

/** Statistics targets, and extensions, of the index behind a constraint. */
function indexBehind(before: CatalogObject | null, after: CatalogObject): string[] {
  if (after.kind !== 'constraint') return [];
  const [had, wanted] = [indexOf(before), indexOf(after)];
  const schema = nameOf(after).path[0] ?? '';
  const index = `INDEX ${quoteIdent(schema)}.${localName(after)}`;
  const targets = between(list(had?.statistics), list(wanted?.statistics));
  const goals = new Map(targets.lost.map((item) => [item.slice(0, item.indexOf('=')), '-1']));
  for (const item of targets.gained) {
    const at = item.indexOf('=');
    goals.set(item.slice(0, at), item.slice(at + 1));
  }
  return [
    ...[...goals].map(([column, goal]) => `ALTER ${index} ALTER COLUMN ${column} SET STATISTICS ${goal}`),
    ...extensionChanges(index, between(list(had?.dependsOnExtensions), list(wanted?.dependsOnExtensions))),
  ];
}

function indexOf(object: CatalogObject | null): Readonly<Record<string, Json>> | null {
  const index = object?.properties.index;
  return typeof index === 'object' && index !== null && !Array.isArray(index)
    ? (index as Readonly<Record<string, Json>>)
    : null;
}

/** PostgreSQL 18: SET NOT NULL on an inherited one says that the table wants it itself; nothing takes that back alone. */
function notNullAlsoLocal(before: CatalogObject | null, after: CatalogObject): string[] {
  if (after.kind !== 'column' || after.properties.notNull !== true) return [];
  const had = before?.properties.notNullAlsoLocal === true;
  const wanted = after.properties.notNullAlsoLocal === true;
  if (had === wanted) return [];
  if (wanted) return [`ALTER TABLE ${ownerRelation(after)} ALTER COLUMN ${localName(after)} SET NOT NULL`];
  // Taken back by leaving the parents for a while (rebinding.ts), or it stays alone when the parents' goes.
  return [];
}

/** From PostgreSQL 17 on a domain's NOT NULL has a name. What it has now is looked up: the domain may have been renamed. */
function domainNotNull(before: CatalogObject | null, after: CatalogObject): string[] {
  if (after.kind !== 'domain' || after.properties.notNull !== true) return [];
  const kept = before?.properties.notNull === true ? before : null;
  const wanted = text(after.properties.notNullName);
  const name = wanted ?? quoteIdent(clipped(localPart(after)));
  const statements: string[] = [];
  if (wanted !== text(kept?.properties.notNullName)) {
    const body = `
DECLARE
  present name;
BEGIN
  SELECT conname INTO present FROM pg_catalog.pg_constraint
    WHERE contype = 'n' AND contypid = ${quoteLiteral(after.identity)}::pg_catalog.regtype;
  IF pg_catalog.quote_ident(present) <> ${quoteLiteral(name)} THEN
    EXECUTE pg_catalog.format('ALTER DOMAIN ${after.identity.replaceAll("'", "''").replaceAll('%', '%%')} RENAME CONSTRAINT %I TO %s', present, ${quoteLiteral(name)});
  END IF;
END
`;
    statements.push(`DO ${dollarQuote(body)}`);
  }
  const comment = text(after.properties.notNullComment);
  return [
    ...statements,
    ...commentChange(
      `CONSTRAINT ${name} ON DOMAIN ${after.identity}`,
      text(kept?.properties.notNullComment),
      comment,
    ),
  ];
}

/** `<domain>_not_null`, as the server shortens it. */
function clipped(domain: string): string {
  const label = '_not_null';
  return clip(domain, MAX_NAME_BYTES - label.length) + label;
}

/** Privileges on what an extension made, beyond those that its script gave. */
function memberPrivileges(before: CatalogObject | null, after: CatalogObject): string[] {
  if (after.kind !== 'extension') return [];
  const { lost, gained } = changesOf('memberPrivileges', before, after);
  return [...lost.map(undone), ...gained].flatMap((statement) => {
    const { sql, grantor } = grantorOf(statement);
    if (sql.includes(` ${OWNER_WORD}`)) {
      throw new CannotRender(`privileges of the owner of one of its members differ: ${statement}`);
    }
    return grantor === null ? [sql] : [`SET LOCAL ROLE ${grantor}`, sql, 'RESET ROLE'];
  });
}

/** What users put on an extension's tables. A new extension makes its own part itself: what is there is let be. */
function onTables(before: CatalogObject | null, after: CatalogObject): Draft[] {
  if (after.kind !== 'extension') return [];
  const [had, wanted] = [madeOn(before), madeOn(after)];
  const lost = [...had].filter(([make]) => !wanted.has(make)).sort(([a], [b]) => turn(b) - turn(a));
  const gained = [...wanted.keys()].filter((make) => !had.has(make)).sort((a, b) => turn(a) - turn(b));
  return [
    ...lost.map(([, drop]) => ({ sql: drop, destroysData: / DROP COLUMN /.test(drop) })),
    ...gained.map((make) => ({ sql: before === null ? unlessThere(make) : make })),
  ];
}

/** Columns come first and go last; a trigger is there before it is switched off. */
function turn(make: string): number {
  if (/^ALTER TABLE (?:"(?:[^"]|"")+"|[^\s"])+ ADD COLUMN /.test(make)) return 0;
  return / (?:DISABLE|ENABLE REPLICA|ENABLE ALWAYS) TRIGGER /.test(make) ? 2 : 1;
}

function madeOn(object: CatalogObject | null): ReadonlyMap<string, string> {
  const list = object?.properties.onTables;
  if (!Array.isArray(list)) return new Map();
  return new Map(
    (list as readonly { readonly make: string; readonly drop: string }[]).map(({ make, drop }) => [
      make,
      drop,
    ]),
  );
}

function unlessThere(statement: string): string {
  // A second primary key is an invalid table definition.
  const there = 'duplicate_table OR duplicate_object OR duplicate_column OR invalid_table_definition';
  const body = `\nBEGIN\n  ${statement};\nEXCEPTION WHEN ${there} THEN\n  NULL;\nEND\n`;
  return `DO ${dollarQuote(body)}`;
}

interface LabelledPart {
  readonly target: string;
  readonly labels: readonly string[];
}

/** Security labels of what is no object of its own: columns of views, identity sequences. */
function partLabels(before: CatalogObject | null, after: CatalogObject): string[] {
  const had = new Map(labelled(before).map((one) => [one.target, one.labels]));
  return labelled(after).flatMap(({ target, labels }) => labelChanges(target, had.get(target) ?? [], labels));
}

function labelled(object: CatalogObject | null): readonly LabelledPart[] {
  if (object === null) return [];
  const { properties } = object;
  if (object.kind === 'column') {
    const sequence = properties.identitySequence;
    if (typeof sequence !== 'object' || sequence === null || Array.isArray(sequence)) return [];
    const { name, securityLabels } = sequence as Readonly<Record<string, Json>>;
    return [{ target: `SEQUENCE ${name}`, labels: list(securityLabels) }];
  }
  const parts = properties.columns;
  if (object.kind === 'constraint' || !Array.isArray(parts)) return [];
  return (parts as readonly Readonly<Record<string, Json>>[]).map(({ name, securityLabels }) => ({
    target: `COLUMN ${object.identity}.${quoteIdent(String(name))}`,
    labels: list(securityLabels),
  }));
}

/** Properties that are read and that nothing writes yet: a difference in one is refused by name. */
const UNWRITTEN: readonly string[] = [];

/** Throws `CannotRender` where what differs cannot be written. */
export function refuseUnwritten(before: CatalogObject | null, after: CatalogObject): void {
  for (const property of UNWRITTEN) {
    if (!equalJson(before?.properties[property] ?? null, after.properties[property] ?? null)) {
      throw new CannotRender(`${property} differs, which cannot be written as SQL yet`);
    }
  }
}
