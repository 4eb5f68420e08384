/**
 * Rehearses migrations one after another on one scratch place: each starts from the schema that the ones before it
 * leave. The start is the target's own schema, or, for a history, an empty database.
 */

import { fingerprintCatalog } from '../../catalog/fingerprint.ts';
import type { Catalog } from '../../catalog/model.ts';
import { readCatalog } from '../../catalog/read.ts';
import { inTermsOf } from '../../catalog/render/other-major.ts';
import type { DataSource, Settings } from '../../config/settings.ts';
import { FerrataError } from '../../errors.ts';
import type { Reporter } from '../../events.ts';
import { planChecksum } from '../../plan/checksum.ts';
import type { Plan } from '../../plan/model.ts';
import type { Connector } from '../../postgres/connection.ts';
import type { Migration } from '../../source/model.ts';
import { splitQualified } from '../../sql/quote.ts';
import type { Proof, ProvedPlan } from '../model.ts';
import { errorOf, judgeUnit } from '../proof.ts';
import { openScratchPlace, type ScratchDatabase, type ScratchPlace } from '../scratch.ts';
import { copySchema } from '../scratch-schema.ts';
import { runForward } from './forward.ts';
import {
  type CompileOptions,
  compileMember,
  type Member,
  type ReadMatches,
  type ReadSizes,
} from './member.ts';
import { makeNamedRoles } from './roles.ts';
import { asFerrataError, rehearseUnit, type UnitResult, withConnection } from './unit.ts';

export interface RehearsalRequest {
  readonly settings: Settings;
  /** In order: those to rehearse, and those that must run before them to reach their start. */
  readonly sequence: readonly { readonly migration: Migration; readonly rehearse: boolean }[];
  /** Whether the rehearsed ones are proved as one unit. */
  readonly together: boolean;
  /** Null: start from an empty database and replay. */
  readonly target: RehearsalTarget | null;
  /** Where there is no target: the role and the major version to prove for. */
  readonly role?: string;
  readonly major?: number;
  readonly dataSource: DataSource;
  /** Sizes of the target's relations; null where there is no target. */
  readonly readSizes: ReadSizes | null;
  /** How many rows the target would find for a SELECT. */
  readonly readMatches?: ReadMatches;
  /** The plan that stands beside a migration's up.sql. */
  readonly readPinned?: (migration: Migration) => Promise<Plan | null>;
  readonly reporter: Reporter;
  /** Loads the rows of a `sample` or `backup` into the copy of the target's schema. */
  readonly loadRows?: (copy: Connector) => Promise<void>;
  /** Called as soon as a proof is there; long rehearsals are not lost by a later failure. */
  readonly onProof?: (proved: ProvedPlan) => Promise<void>;
}

export interface RehearsalTarget {
  readonly connector: Connector;
  readonly catalog: Catalog;
  readonly role: string;
  readonly major: number;
}

/**
 * Runs the rehearsals and returns their proofs in order. A migration that fails leaves its schema as it was for the
 * next one. Throws `scratch-unavailable`, `scratch-differs`.
 */
export async function rehearse(request: RehearsalRequest): Promise<readonly ProvedPlan[]> {
  const { settings, target, reporter } = request;
  const place = await openScratchPlace({
    settings,
    target: target?.connector ?? null,
    role: target?.role ?? request.role ?? null,
    targetMajor: target?.major ?? request.major ?? null,
    extensions: target === null ? [] : extensionsOf(target.catalog),
    reporter,
  });
  try {
    const base =
      target === null
        ? await place.create()
        : (await copySchema(place, target.catalog, target.connector, reporter)).database;
    await request.loadRows?.(base.connector);
    const roles =
      target === null && place.kind === 'local-server'
        ? await withConnection(place.admin, (connection) =>
            makeNamedRoles(
              connection,
              request.sequence.map(({ migration }) => migration),
            ),
          )
        : [];
    return await rehearseChain({ ...request, roles }, place, base);
  } finally {
    await place.close();
  }
}

export function extensionsOf(catalog: Catalog): readonly string[] {
  return [...catalog.objects.values()]
    .filter((object) => object.kind === 'extension')
    .map((object) => splitQualified(object.identity)[0] ?? object.identity);
}

interface ChainRequest extends RehearsalRequest {
  /** Roles that were made for the history. */
  readonly roles: readonly string[];
}

async function rehearseChain(
  request: ChainRequest,
  place: ScratchPlace,
  base: ScratchDatabase,
): Promise<readonly ProvedPlan[]> {
  const proofs: ProvedPlan[] = [];
  for (const unit of unitsOf(request)) {
    request.reporter({
      type: 'phase',
      phase: unit.rehearse ? 'rehearse' : 'replay',
      migration: unit.migrations.map((m) => m.id).join('+'),
      message: unit.rehearse ? 'proving the rollback' : 'replaying to reach the start',
    });
    if (unit.rehearse) {
      const proved = await proveUnit(request, place, base, unit.migrations);
      for (const one of proved) {
        await request.onProof?.(one);
        proofs.push(one);
      }
      // A fault of our own is none of the migration's: what follows shall find its start.
      if (proved.every(({ proof }) => proof.outcome === 'failed' && proof.error?.code !== 'internal'))
        continue;
    }
    await advanceOrWarn(request, place, base, unit);
  }
  return proofs;
}

interface Unit {
  readonly migrations: readonly Migration[];
  readonly rehearse: boolean;
}

function unitsOf(request: RehearsalRequest): readonly Unit[] {
  if (!request.together) {
    return request.sequence.map(({ migration, rehearse }) => ({ migrations: [migration], rehearse }));
  }
  const members = request.sequence.filter((s) => s.rehearse).map((s) => s.migration);
  const first = request.sequence.findIndex((s) => s.rehearse);
  const last = request.sequence.findLastIndex((s) => s.rehearse);
  const between = request.sequence.slice(first, last + 1).find((s) => !s.rehearse);
  if (between !== undefined) {
    throw new FerrataError('usage', `${between.migration.id} lies between the migrations of the group.`, {
      hint: 'A group that is released as one has no other migration inside it: add it to --together.',
    });
  }
  return [
    ...request.sequence
      .slice(0, first)
      .map(({ migration }) => ({ migrations: [migration], rehearse: false })),
    { migrations: members, rehearse: true },
  ];
}

/** Compiles members one after another: a later one sees the schema that the earlier ones leave. */
async function compileUnit(
  request: RehearsalRequest,
  place: ScratchPlace,
  base: ScratchDatabase,
  migrations: readonly Migration[],
): Promise<readonly Member[]> {
  const { policy } = request.settings.environment;
  const catalog = await withConnection(base.connector, (connection) => readCatalog(connection));
  const members: Member[] = [];
  for (const migration of migrations) {
    members.push(
      await compileMember(
        migration,
        { catalog, major: place.major },
        request.readSizes,
        policy,
        await compileOptions(request, migration),
      ),
    );
  }
  for (const member of members) refuseForeignServer(place, member);
  return members;
}

async function compileOptions(request: RehearsalRequest, migration: Migration): Promise<CompileOptions> {
  return {
    tolerateDown: true,
    readMatches: request.readMatches ?? null,
    pinned: (await request.readPinned?.(migration)) ?? null,
  };
}

/**
 * A rehearsal runs every statement several times, for real: what changes a server may run only on one that was started
 * for it. Roles may be made and changed on a scratch server of the user's own too, never on the target's.
 */
function refuseForeignServer(place: ScratchPlace, member: Member): void {
  if (place.kind === 'local-server') return;
  const found = member.serverWide.find(
    ({ concerns }) => place.kind === 'same-server' || concerns === 'server',
  );
  if (found === undefined) return;
  throw new FerrataError('scratch-unavailable', `${found.command} can not be rehearsed on ${place.label}.`, {
    why: "It changes the server rather than the database, and this server is not the rehearsal's own.",
    hint: 'Run `ferrata servers install <major>`: without `scratchUrl` a rehearsal then starts a server for itself.',
  });
}

async function proveUnit(
  request: ChainRequest,
  place: ScratchPlace,
  base: ScratchDatabase,
  migrations: readonly Migration[],
): Promise<readonly ProvedPlan[]> {
  const started = performance.now();
  let members: readonly Member[];
  try {
    members = await compileUnit(request, place, base, migrations);
  } catch (error) {
    return migrations
      .slice(0, 1)
      .map((migration) => unreadable(request, place, migration, migrations, asFerrataError(error)));
  }
  const unit = await rehearseUnit({
    place,
    start: base,
    members,
    dataSource: request.dataSource,
    reporter: request.reporter,
    fingerprint: (catalog) => fingerprintCatalog(forTarget(request, catalog)).hash,
  });
  return toProofs(request, place, unit, members, Math.round(performance.now() - started));
}

/** What the copy's major makes different is as the target has it: a proof is bound to the target's schema. */
function forTarget({ target }: RehearsalRequest, catalog: Catalog): Catalog {
  return target === null ? catalog : inTermsOf(target.catalog, catalog);
}

/** One proof per member; the members of a group share what was found. */
function toProofs(
  request: ChainRequest,
  place: ScratchPlace,
  unit: UnitResult,
  compiled: readonly Member[],
  ms: number,
): readonly ProvedPlan[] {
  const verdict = judgeUnit(unit, request.dataSource);
  const ids = compiled.map((member) => member.migration.id);
  return compiled.map((original, index): ProvedPlan => {
    const plan = (unit.members[index] ?? original).plan;
    const proof: Proof = {
      migration: ids.join('+'),
      migrations: ids,
      ...verdict,
      dataSource: request.dataSource,
      unfilled: unit.unfilled,
      rows: unit.rows,
      rollbackPoints: unit.rollbackPoints,
      redo: unit.redo?.outcome ?? 'different',
      redoDifferences: unit.redo?.differences ?? [],
      locks: unit.locks,
      measures: unit.measures,
      derivedRollback: unit.derivedRollback,
      notes: notesOn(request, place, unit),
      checksum: plan.checksum,
      planChecksum: planChecksum(plan),
      startFingerprint: unit.memberStarts[index] ?? unit.startFingerprint,
      endFingerprint: unit.memberEnds[index] ?? null,
      serverMajor: place.major,
      targetMajor: request.target?.major ?? request.major ?? place.major,
      scratch: place.kind,
      provedAt: new Date().toISOString(),
      ms,
    };
    return { proof, plan };
  });
}

function notesOn(request: ChainRequest, place: ScratchPlace, unit: UnitResult): string[] {
  const notes: string[] = [];
  if (request.roles.length > 0) {
    notes.push(
      `Roles that the migrations name were made on the scratch server, without login or rights: ${request.roles.join(', ')}.`,
    );
  }
  const targetMajor = request.target?.major ?? request.major ?? place.major;
  if (targetMajor !== place.major) {
    notes.push(`Proved on PostgreSQL ${place.major}; the target runs ${targetMajor}.`);
  }
  if (unit.variant !== 'default' && unit.variant !== 'given' && request.dataSource === 'synthetic') {
    notes.push(`The change refuses the usual synthetic rows; proved with the variant "${unit.variant}".`);
  }
  if (unit.variant === 'default' && !unit.longTexts) {
    notes.push('The change refuses texts as long as their columns allow; proved with short ones.');
  }
  if (unit.without.length > 0) {
    notes.push(
      `The change accepts no row in ${unit.without.join(', ')}: it fails where that table holds any. Proved with it empty.`,
    );
  }
  const outside = [...new Set(unit.members.flatMap((m) => m.serverWide.map(({ command }) => command)))];
  if (outside.length > 0) {
    notes.push(`The comparison covers the database, not the server, which ${outside.join(', ')} changes.`);
  }
  if (unit.unfilled.length > 0)
    notes.push(`Tables without rows prove nothing about data: ${unit.unfilled.join(', ')}.`);
  return notes;
}

/** A migration that can't even be read or compiled. */
function unreadable(
  request: RehearsalRequest,
  place: ScratchPlace,
  migration: Migration,
  group: readonly Migration[],
  error: FerrataError,
): ProvedPlan {
  const { rollbackWindowHours } = request.settings.environment.policy;
  return {
    plan: {
      ferrata: 1,
      migration: migration.id,
      checksum: migration.checksum,
      pattern: 'direct',
      type: 'ddl',
      risk: 'critical',
      rollbackWindowHours: rollbackWindowHours.critical,
      serverMajor: place.major,
      startFingerprint: null,
      endFingerprint: null,
      steps: [],
      down: null,
    },
    proof: {
      migration: group.map((m) => m.id).join('+'),
      migrations: group.map((m) => m.id),
      outcome: 'failed',
      level: 0,
      error: errorOf(error),
      dataSource: request.dataSource,
      unfilled: [],
      rows: {},
      rollbackPoints: [],
      redo: 'different',
      redoDifferences: [],
      locks: [],
      measures: [],
      derivedRollback: null,
      notes: [],
      checksum: migration.checksum,
      planChecksum: '',
      startFingerprint: '',
      endFingerprint: null,
      serverMajor: place.major,
      targetMajor: request.target?.major ?? request.major ?? place.major,
      scratch: place.kind,
      provedAt: new Date().toISOString(),
      ms: 0,
    },
  };
}

/** A replay that fails ends the chain; a rehearsed migration that fails without its rows is only said. */
async function advanceOrWarn(
  request: RehearsalRequest,
  place: ScratchPlace,
  base: ScratchDatabase,
  unit: Unit,
): Promise<void> {
  try {
    await advance(request, place, base, unit.migrations);
  } catch (error) {
    if (!unit.rehearse) throw error;
    request.reporter({
      type: 'warning',
      message: `The start of what follows lacks ${unit.migrations.map((m) => m.id).join(', ')}: ${asFerrataError(error).message}`,
      hint: null,
    });
  }
}

/** Takes the base on to the state after the migrations, without synthetic rows. */
async function advance(
  request: RehearsalRequest,
  place: ScratchPlace,
  base: ScratchDatabase,
  migrations: readonly Migration[],
): Promise<void> {
  await withConnection(base.connector, async (connection) => {
    for (const migration of migrations) {
      const catalog = await readCatalog(connection);
      const { policy } = request.settings.environment;
      const member = await compileMember(
        migration,
        { catalog, major: connection.server.major },
        request.readSizes,
        policy,
        await compileOptions(request, migration),
      );
      refuseForeignServer(place, member);
      for (const step of member.plan.steps) {
        // Nobody goes back on the base: rows need not be captured.
        await runForward(connection, member, { ...step, captures: [] });
      }
    }
  });
}
