/** Two schemas, wherever they are, compared; and the SQL that leads from one to the other. */
import { compareCatalogs } from '../catalog/compare.ts';
import type { Comparison, Refusal, RenderedStatement } from '../catalog/model.ts';
import { renderDifference } from '../catalog/render/index.ts';
import { loadSettings } from '../config/load.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError, isFerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import {
  buildSchema,
  buildStates,
  fingerprintOf,
  type LiveSide,
  type LoadedSchema,
  labelOf,
  loadLive,
  migrationsOf,
  Scratch,
} from './diff-load.ts';
import { schemaOfProof } from './diff-proof.ts';
import { saveSchema } from './diff-saved.ts';
import { IGNORABLE, type Ignorable, inScope, missingOutside } from './diff-scope.ts';
import { withoutSecrets } from './diff-secrets.ts';
import { type DiffSource, parseSource } from './diff-source.ts';

export interface DiffRequest {
  /** See `parseSource` for what a side can be. */
  readonly from: string;
  readonly to: string;
  readonly ignore?: readonly Ignorable[];
  /** Only what lies in these schemas; empty or absent: everything. */
  readonly schemas?: readonly string[];
  /** Whether the SQL is wanted; true unless said otherwise. */
  readonly sql?: boolean;
  /** A file that the schema of `to` is written to. */
  readonly save?: string | null;
  /** What paths are relative to; the working directory. */
  readonly cwd?: string;
  /** The settings of an environment by its name; from the configuration that `settings` came from. */
  readonly environment?: (name: string) => Promise<Settings>;
}

export interface DiffSide {
  readonly source: DiffSource['kind'];
  /** Safe to print. */
  readonly label: string;
  /** Major version of the server that it was read from. */
  readonly major: number;
  /** Of the whole schema, whatever is ignored. */
  readonly fingerprint: string;
}

export interface SchemaDiff {
  readonly from: DiffSide;
  readonly to: DiffSide;
  readonly outcome: Comparison['outcome'];
  /** Both were read from one database: renames are known. */
  readonly sameDatabase: boolean;
  readonly ignored: readonly Ignorable[];
  /** Null: all of them. */
  readonly schemas: readonly string[] | null;
  readonly differences: Comparison['differences'];
  /** Leads from `from` to `to`, in this order; not all the way where there are refusals. Empty where it was not asked for. */
  readonly sql: readonly RenderedStatement[];
  readonly refusals: readonly Refusal[];
}

/**
 * Compares two schemas. Throws `diff-source-unknown`, `schema-file-invalid`, `proof-schema-unknown`,
 * `scratch-unavailable`, what connecting throws (`server-*`), and what the SQL of a file or of a migration throws, with
 * its place.
 */
export async function diffSchemas(
  settings: Settings,
  request: DiffRequest,
  reporter: Reporter,
): Promise<SchemaDiff> {
  const cwd = request.cwd ?? process.cwd();
  const sources = [parseSource(request.from, settings, cwd), parseSource(request.to, settings, cwd)] as const;
  const [from, to] = await loadBoth(sources, settings, request.environment ?? byName(settings), reporter);
  if (request.save !== undefined && request.save !== null) {
    const { catalog, label, role, identity } = to;
    await saveSchema(request.save, { catalog, label, role, identity, savedAt: new Date().toISOString() });
  }
  const ignored = [...(request.ignore ?? [])].sort();
  const schemas =
    request.schemas === undefined || request.schemas.length === 0 ? null : [...request.schemas].sort();
  const scoped = inScope(from, to, {
    ignore: new Set(ignored),
    schemas: schemas === null ? null : new Set(schemas),
    populated: [from, to].every(({ kind }) => !BUILT.has(kind)),
  });
  const sameDatabase = from.identity !== null && from.identity === to.identity;
  const comparison = compareCatalogs(scoped.from, scoped.to, { sameDatabase });
  const rendering =
    request.sql === false || comparison.differences.length === 0
      ? { statements: [], refusals: [] }
      : renderDifference(scoped.from, scoped.to, { sameDatabase, currentUser: from.role });
  const isNew = (statement: RenderedStatement): boolean => !scoped.from.objects.has(statement.object);
  const statements = rendering.statements.filter(
    (statement) =>
      !(ignored.includes('privileges') && isNew(statement) && /^(GRANT|REVOKE) /.test(statement.sql)),
  );
  const outside = schemas === null ? new Map() : missingOutside(scoped.from, to.catalog, scoped.to);
  const safe = withoutSecrets(comparison.differences, statements);
  return {
    from: sideOf(from),
    to: sideOf(to),
    outcome: comparison.outcome,
    sameDatabase,
    ignored,
    schemas,
    differences: safe.differences,
    sql: safe.statements,
    refusals:
      request.sql === false
        ? []
        : [
            ...rendering.refusals,
            ...[...outside].map(([object, used]) => ({
              object,
              reason: `it needs ${used.join(', ')}, outside of the schemas that were asked for`,
            })),
            ...safe.refusals,
          ],
  };
}

/** Sides that are built for the comparison, without content. */
const BUILT: ReadonlySet<DiffSource['kind']> = new Set(['sql', 'migrations', 'proof', 'empty']);

function sideOf(schema: LoadedSchema): DiffSide {
  return {
    source: schema.kind,
    label: schema.label,
    major: schema.catalog.major,
    fingerprint: fingerprintOf(schema),
  };
}

/** Live ones first: a scratch server then gets their major version, and their role. */
async function loadBoth(
  sources: readonly [DiffSource, DiffSource],
  base: Settings,
  environment: (name: string) => Promise<Settings>,
  reporter: Reporter,
): Promise<readonly [LoadedSchema, LoadedSchema]> {
  const read = await Promise.all(
    sources.map(async (source) =>
      source.kind === 'proof'
        ? {
            schema: await schemaOfProof(source, await forProof(base, environment), reporter),
            live: null,
          }
        : await loadLive(source, environment, base, reporter),
    ),
  );
  const like = read.map((side) => side?.live ?? null).find((live): live is LiveSide => live !== null) ?? null;
  const major = read.find((side) => side !== null)?.schema.catalog.major ?? null;
  const scratch = new Scratch(base, like, major, reporter);
  try {
    const history = await oneHistory(sources, base, scratch, reporter);
    if (history !== null) return history;
    const build = async (index: 0 | 1): Promise<LoadedSchema> => {
      const known = read[index];
      if (known !== undefined && known !== null) return known.schema;
      const source = sources[index];
      if (source.kind === 'sql' || source.kind === 'migrations' || source.kind === 'empty') {
        return buildSchema(source, scratch, base.root, reporter);
      }
      throw new FerrataError('internal', `A ${source.kind} was not read.`);
    };
    return [await build(0), await build(1)];
  } finally {
    await scratch.close();
  }
}

/** Two states of one migrations folder: one database that moves on from the earlier to the later. */
async function oneHistory(
  [from, to]: readonly [DiffSource, DiffSource],
  base: Settings,
  scratch: Scratch,
  reporter: Reporter,
): Promise<readonly [LoadedSchema, LoadedSchema] | null> {
  if (from.kind !== 'migrations' || to.kind !== 'migrations' || from.folder !== to.folder) return null;
  const sides = [
    { state: await migrationsOf(from, base.root), label: labelOf(from, base.root) },
    { state: await migrationsOf(to, base.root), label: labelOf(to, base.root) },
  ];
  const inOrder = [...sides].sort((a, b) => a.state.length - b.state.length);
  const schemas = await buildStates(
    inOrder.map(({ state }) => state),
    scratch,
    inOrder.map(({ label }) => label),
    reporter,
  );
  const [left, right] = sides.map((side) => schemas[inOrder.indexOf(side)]);
  if (left === undefined || right === undefined) throw new FerrataError('internal', 'A state was not read.');
  return [left, right];
}

/** The environment where a proof's schema may still be; where it is not configured here, the migrations alone are left. */
async function forProof(base: Settings, environment: (name: string) => Promise<Settings>): Promise<Settings> {
  try {
    return await environment(base.environment.name);
  } catch (error) {
    if (isFerrataError(error) && error.code === 'config-invalid') return base;
    throw error;
  }
}

function byName(settings: Settings): (name: string) => Promise<Settings> {
  return async (name) =>
    name === settings.environment.name
      ? settings
      : loadSettings({ cwd: settings.root, config: settings.configFile, env: name, processEnv: process.env });
}

/** `--ignore a,b`: throws `usage` for a word that is not on the list. */
export function parseIgnore(words: readonly string[]): readonly Ignorable[] {
  const asked = words.flatMap((word) => word.split(',')).map((word) => word.trim());
  const isKnown = (word: string): word is Ignorable => Object.hasOwn(IGNORABLE, word);
  const unknown = asked.find((word) => word !== '' && !isKnown(word));
  if (unknown !== undefined) {
    throw new FerrataError('usage', `--ignore does not know \`${unknown}\`.`, {
      hint: `It takes: ${Object.keys(IGNORABLE).join(', ')}.`,
    });
  }
  return [...new Set(asked.filter(isKnown))];
}
