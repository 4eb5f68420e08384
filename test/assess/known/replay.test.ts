/** What the replay knows of a schema, against what a server has after the same statements. */
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { indexParts } from '../../../src/assess/known/index-parts.ts';
import { KnownSchema } from '../../../src/assess/known/schema.ts';
import { replayScript } from '../../../src/assess/replay.ts';
import type {
  ColumnProperties,
  ConstraintProperties,
  DomainProperties,
  EnumProperties,
  IndexProperties,
  ObjectKind,
  TableProperties,
} from '../../../src/catalog/model.ts';
import { readCatalog } from '../../../src/catalog/read.ts';
import { parseScript } from '../../../src/sql/parse.ts';
import { outerMajors, testServer } from '../../support/servers.ts';

const KINDS: readonly ObjectKind[] = [
  'table',
  'column',
  'constraint',
  'index',
  'domain',
  'enum',
  'view',
  'materialized view',
  'sequence',
  'function',
  'trigger',
  'policy',
];

/** What is asked of an object: the rest is not replayed. */
function facts(kind: ObjectKind, properties: object): unknown {
  switch (kind) {
    case 'table': {
      const table = properties as TableProperties;
      return [
        table.partitionKey !== null,
        table.partitionOf,
        table.inherits,
        table.persistence,
        table.ofType,
      ];
    }
    case 'column': {
      const { type, notNull, default: value, identity, generated } = properties as ColumnProperties;
      return [type, notNull, value !== null, identity, generated];
    }
    case 'constraint': {
      const { type, columns, validated, enforced, references } = properties as ConstraintProperties;
      return [type, [...columns].sort(), validated, enforced, references];
    }
    case 'index': {
      const { table, unique, definition } = properties as IndexProperties;
      const { keys, included, where } = indexParts(definition);
      return [table, unique, keys.length, included, where !== null];
    }
    case 'domain':
      return [(properties as DomainProperties).type, (properties as DomainProperties).notNull];
    case 'enum':
      return (properties as EnumProperties).labels;
    default:
      return [];
  }
}

/** Tables made from a query, whose columns are not replayed. */
const UNREAD = ['selected', 'selected_too'];

function lines(
  objects: Iterable<{ readonly kind: ObjectKind; readonly identity: string; readonly properties: object }>,
) {
  return [...objects]
    .filter(
      ({ kind, identity }) =>
        kind !== 'column' || !UNREAD.some((name) => identity.startsWith(`public.${name}.`)),
    )
    .map(({ kind, identity, properties }) => `${kind} ${identity} ${JSON.stringify(facts(kind, properties))}`)
    .sort();
}

const FILES = [
  ['statements of every kind', 'test/assess/known/replay.sql'],
  ['pagila', 'test/assess/trace/hard/pagila.sql'],
  ['chinook', 'test/assess/trace/hard/chinook.sql'],
] as const;

describe.each(outerMajors())('PostgreSQL %i', (major) => {
  it.each(FILES)('%s', async (_name, file) => {
    const sql = await readFile(file, 'utf8');
    const known = KnownSchema.empty();
    const script = await parseScript(sql, file);
    replayScript(script, known);

    const connection = await (await (await testServer(major)).createDatabase()).connect();
    try {
      for (const { text } of script.statements) await connection.script(text);
      const catalog = await readCatalog(connection);
      const real = [...catalog.objects.values()].filter(({ kind }) => KINDS.includes(kind));
      const replayed = KINDS.flatMap((kind) => known.objects(kind));
      expect(lines(replayed)).toEqual(lines(real));
      expect(known.complete).toBe(true);
    } finally {
      await connection.close();
    }
  });
});
