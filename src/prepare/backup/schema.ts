/**
 * The schema's part of a backup: the catalog as data, which a restore renders against what its target already has, and
 * the same as SQL for people.
 */
import { Readable } from 'node:stream';
import { fingerprintCatalog } from '../../catalog/fingerprint.ts';
import type { Catalog, CatalogObject, ObjectKey, RenderedStatement } from '../../catalog/model.ts';
import { readCatalog } from '../../catalog/read.ts';
import { renderDifference } from '../../catalog/render/index.ts';
import { FerrataError } from '../../errors.ts';
import type { Connection, Connector } from '../../postgres/connection.ts';
import { type OpenFile, readArchiveText, type WrittenFile, writeArchive } from './archive.ts';
import { dumpSchema } from './dump-schema.ts';
import type { BackupKey } from './encryption.ts';
import type { OpenBackup, StoredManifest } from './manifest.ts';

export interface StoredSchema {
  readonly fingerprint: string;
  readonly catalogFile: WrittenFile;
  readonly schemaFile: WrittenFile;
  readonly dumpedSchema: { readonly before: WrittenFile; readonly after: WrittenFile } | null;
  readonly notRendered: readonly string[];
}

interface CatalogFile {
  readonly ferrata: 1;
  readonly major: number;
  readonly objects: readonly (readonly [ObjectKey, CatalogObject])[];
  readonly dependencies: Catalog['dependencies'];
}

/**
 * Reads the schema and writes `catalog.json` and `schema.sql` (both compressed); where a pg_dump is installed that can
 * read the server, its view of the schema too: it knows kinds of objects that the catalog engine may not know yet.
 * Null as connector: without that.
 * The connection is inside a transaction.
 */
export async function storeSchema(
  connector: Connector | null,
  connection: Connection,
  folder: string,
  key: BackupKey | null,
  openTarget?: OpenFile,
): Promise<StoredSchema> {
  const catalog = await readCatalog(connection, { inTransaction: true });
  const content: CatalogFile = {
    ferrata: 1,
    major: catalog.major,
    objects: [...catalog.objects],
    dependencies: catalog.dependencies,
  };
  const catalogFile = await writeArchive(
    folder,
    'catalog.json',
    Readable.from([Buffer.from(JSON.stringify(content))]),
    key,
    openTarget,
  );
  const rendering = renderDifference(freshDatabase(catalog), withoutParked(catalog), {
    sameDatabase: false,
    currentUser: connection.server.user,
  });
  const notRendered = rendering.refusals.map((refusal) => `${refusal.object}: ${refusal.reason}`);
  const sql = [
    `-- The schema of ${connection.server.label}, for a new database.`,
    ...notRendered.map((line) => `-- NOT RENDERED: ${line.replaceAll('\n', ' ')}`),
    ...stage(rendering.statements, 'before-data'),
    '',
    '-- The rows go here: what follows needs them.',
    ...stage(rendering.statements, 'after-data'),
    '',
  ].join('\n');
  const schemaFile = await writeArchive(
    folder,
    'schema.sql',
    Readable.from([Buffer.from(sql)]),
    key,
    openTarget,
  );
  const dumped = connector === null ? null : await dumpSchema(connector, connection.server.major);
  const store = (name: string, text: string) =>
    writeArchive(folder, name, Readable.from([Buffer.from(text)]), key, openTarget);
  const dumpedSchema =
    dumped === null
      ? null
      : {
          before: await store('schema-before.sql', dumped.before),
          after: await store('schema-after.sql', dumped.after),
        };
  return {
    fingerprint: fingerprintCatalog(catalog).hash,
    catalogFile,
    schemaFile,
    dumpedSchema,
    notRendered,
  };
}

function stage(statements: readonly RenderedStatement[], which: RenderedStatement['stage']): string[] {
  return statements.filter((one) => one.stage === which).map((one) => `${one.sql.replace(/;\s*$/, '')};`);
}

/** What every new database brings with it. */
function freshDatabase(catalog: Catalog): Catalog {
  const brought = [...catalog.objects].filter(
    ([key, object]) =>
      key === 'schema public' || object.kind === 'database' || /^(language|extension) plpgsql$/.test(key),
  );
  return { major: catalog.major, objects: new Map(brought), dependencies: [], parked: [] };
}

function withoutParked(catalog: Catalog): Catalog {
  return { ...catalog, parked: [] };
}

/** Throws `backup-corrupt`. */
export async function loadCatalog(
  folder: string,
  manifest: StoredManifest,
  key: BackupKey | null,
): Promise<Catalog> {
  const content = JSON.parse(await readArchiveText(folder, manifest.catalogFile.file, key)) as CatalogFile;
  return {
    major: content.major,
    objects: new Map(content.objects),
    dependencies: content.dependencies,
    parked: [],
  };
}

export interface SchemaScript {
  readonly way: 'rendered' | 'dumped';
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * The ways to make the schema, the best first: each leads from a database as `present` to `wanted`, as far as its maker
 * knows. pg_dump's way is for a target without tables alone. Throws `catalog-not-renderable` where there is none.
 */
export async function schemaScripts(
  { manifest, folder, key }: OpenBackup,
  present: Catalog,
  wanted: Catalog,
  currentUser: string,
  whole: boolean,
): Promise<readonly [SchemaScript, ...SchemaScript[]]> {
  const scripts: SchemaScript[] = [];
  const rendering = renderDifference(withoutParked(present), wanted, { sameDatabase: false, currentUser });
  const sql = (which: RenderedStatement['stage']) =>
    rendering.statements.filter((one) => one.stage === which).map((one) => one.sql);
  const [refusal] = rendering.refusals;
  if (refusal === undefined) {
    scripts.push({ way: 'rendered', before: sql('before-data'), after: sql('after-data') });
  }
  if (manifest.dumpedSchema !== null && whole) {
    const { before, after } = manifest.dumpedSchema;
    scripts.push({
      way: 'dumped',
      before: [await readArchiveText(folder, before.file, key)],
      after: [await readArchiveText(folder, after.file, key)],
    });
  }
  scripts.sort((a, b) => Number(b.way === manifest.schemaWay) - Number(a.way === manifest.schemaWay));
  const [first, ...others] = scripts;
  if (first !== undefined) return [first, ...others];
  const more = rendering.refusals.length - 1;
  throw new FerrataError('catalog-not-renderable', `The schema can't be restored: ${refusal?.object}`, {
    why: `${refusal?.reason}${more > 0 ? ` (and ${more} more)` : ''}`,
    hint: 'Make the schema in the target by other means (its migrations, pg_dump --schema-only), then restore the rows into it.',
  });
}

/** A way that did not lead to the schema: another may. */
export class SchemaFailure extends Error {
  override readonly cause: unknown;

  constructor(cause: unknown) {
    super('The schema could not be made');
    this.cause = cause;
  }
}

/** Runs one stage. Throws `SchemaFailure`. */
export async function runStage(connection: Connection, statements: readonly string[]): Promise<void> {
  if (statements.length === 0) return;
  try {
    await connection.script(statements.join(';\n'));
  } catch (error) {
    throw new SchemaFailure(error);
  }
}

/** Tries one way after the other; where all fail, the first one's reason counts. */
export async function firstThatWorks<T>(
  scripts: readonly SchemaScript[],
  work: (script: SchemaScript) => Promise<T>,
): Promise<T> {
  let failure: unknown = null;
  for (const script of scripts) {
    try {
      return await work(script);
    } catch (error) {
      if (!(error instanceof SchemaFailure)) throw error;
      failure ??= error.cause;
    }
  }
  throw failure;
}
