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
import type { Connection } from '../../postgres/connection.ts';
import { type OpenFile, readArchiveText, type WrittenFile, writeArchive } from './archive.ts';
import type { BackupKey } from './encryption.ts';
import type { StoredManifest } from './manifest.ts';

export interface StoredSchema {
  readonly fingerprint: string;
  readonly catalogFile: WrittenFile;
  readonly schemaFile: WrittenFile;
  readonly notRendered: readonly string[];
}

interface CatalogFile {
  readonly ferrata: 1;
  readonly major: number;
  readonly objects: readonly (readonly [ObjectKey, CatalogObject])[];
  readonly dependencies: Catalog['dependencies'];
}

/** Reads the schema and writes `catalog.json` and `schema.sql` (both compressed). No transaction may be open. */
export async function storeSchema(
  connection: Connection,
  folder: string,
  key: BackupKey | null,
  openTarget?: OpenFile,
): Promise<StoredSchema> {
  const catalog = await readCatalog(connection, { dependencies: true });
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
  return { fingerprint: fingerprintCatalog(catalog).hash, catalogFile, schemaFile, notRendered };
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
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * The statements that make `wanted` out of what a database without tables has. Throws `catalog-not-renderable`.
 *
 * @param present the catalog of the database that is restored into
 */
export function schemaScript(present: Catalog, wanted: Catalog, currentUser: string): SchemaScript {
  const rendering = renderDifference(withoutParked(present), wanted, { sameDatabase: false, currentUser });
  const [refusal] = rendering.refusals;
  if (refusal !== undefined) {
    const more = rendering.refusals.length - 1;
    throw new FerrataError('catalog-not-renderable', `The schema can't be restored: ${refusal.object}`, {
      why: `${refusal.reason}${more > 0 ? ` (and ${more} more)` : ''}`,
      hint: 'Make the schema in the target by other means (its migrations, pg_dump --schema-only), then restore the rows into it.',
    });
  }
  const sql = (which: RenderedStatement['stage']) =>
    rendering.statements.filter((one) => one.stage === which).map((one) => one.sql);
  return { before: sql('before-data'), after: sql('after-data') };
}

/** The roles that a schema names: owners and grantees; without PUBLIC. */
export function rolesOf(catalog: Catalog): string[] {
  const roles = new Set<string>();
  const addPrivileges = (items: unknown) => {
    if (!Array.isArray(items)) return;
    for (const item of items as readonly unknown[]) {
      const grantee = typeof item === 'string' ? /^("(?:[^"]|"")*"|[^=]*)=/.exec(item)?.[1] : undefined;
      if (grantee !== undefined && grantee !== 'PUBLIC' && grantee !== '') roles.add(unquote(grantee));
    }
  };
  for (const { properties } of catalog.objects.values()) {
    const { owner, privileges, roles: named } = properties as Readonly<Record<string, unknown>>;
    if (typeof owner === 'string') roles.add(unquote(owner));
    addPrivileges(privileges);
    if (Array.isArray(named)) {
      for (const role of named as readonly unknown[]) {
        if (typeof role === 'string' && !/^public$/i.test(role)) roles.add(unquote(role));
      }
    }
  }
  return [...roles].sort();
}

function unquote(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
