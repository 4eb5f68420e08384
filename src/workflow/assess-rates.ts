/** How fast work goes on the target: what its ledger remembers of past runs, and what rehearsals on real rows took. */
import { analyse } from '../assess/analyse.ts';
import { AssessContext } from '../assess/context.ts';
import { type RehearsedStatement, workOf } from '../assess/estimate.ts';
import { type Rates, type Sample, WORK_KINDS, type Work, type WorkKind } from '../assess/rates.ts';
import { readSizes } from '../assess/sizes.ts';
import type { Settings } from '../config/settings.ts';
import { openLedger } from '../ledger/ledger.ts';
import type { RunRecord, StepRecord } from '../ledger/model.ts';
import type { Plan, Step } from '../plan/model.ts';
import type { Connection } from '../postgres/connection.ts';
import { loadProofs } from '../prepare/proof-store.ts';
import type { Migration } from '../source/model.ts';
import { parseScript } from '../sql/parse.ts';

/** Runs to look back at. */
const RUNS = 20;
/** Shorter steps tell of the way to the server; so do those of which little was expected. */
const LEAST_MS = 50;
const LEAST_EXPECTED_MS = 10;
/** From this share of its expected time on a kind of work answers for how long a step took. */
const MUCH = 0.3;

/**
 * What the target's past runs tell of these rates: per step, the time that it took by the time that its tables' present
 * sizes would let expect. Short ones tell nothing.
 */
export async function readSamples(connection: Connection, rates: Rates): Promise<readonly Sample[]> {
  const ledger = await openLedger(connection, { create: false });
  const runs = await ledger.runs({ states: ['completed'], limit: RUNS });
  const samples: Sample[] = [];
  for (const run of runs) {
    for (const record of run.steps) {
      const step = longStep(run, record);
      if (step === null) continue;
      const rewrites = run.proof?.measures.find((measure) => measure.step === step.id)?.rewrites ?? null;
      const work = await workOfStep(step, record, rewrites, connection);
      if (work !== null) samples.push(...samplesFrom(work, record.ms ?? 0, rates));
    }
  }
  return samples;
}

function longStep(run: RunRecord, record: StepRecord): Step | null {
  if (record.direction !== 'up' || record.state !== 'done' || (record.ms ?? 0) < LEAST_MS) return null;
  return run.plan.steps.find((step) => step.id === record.step) ?? null;
}

/**
 * The units of work of a step's statements; null where they cannot be told. The schema is what they made of it by now:
 * what they wrote anew, their rehearsal has seen.
 */
async function workOfStep(
  step: Step,
  record: StepRecord,
  rewrites: readonly string[] | null,
  connection: Connection,
): Promise<Work | null> {
  if (step.forward.some(({ type }) => type !== 'sql')) return null;
  const sql = step.forward.flatMap((action) => (action.type === 'sql' ? [action.sql] : []));
  const script = await parseScript(sql.join(';\n'), '').catch(() => null);
  if (script === null) return null;
  const analyses = analyse(script, new AssessContext(null), new Map()).map(({ facts, statement }) => ({
    statement,
    facts:
      rewrites === null
        ? facts
        : { ...facts, rewrites: facts.rewrites.filter((one) => rewrites.includes(one)) },
  }));
  const relations = analyses.flatMap(({ facts }) => [...facts.scans, ...facts.rewrites]);
  const sizes = await readSizes(connection, [...new Set(relations)]);
  const total = { scan: 0, rewrite: 0, build: 0, write: 0 };
  for (const { facts, statement } of analyses) {
    const work = workOf(facts, sizes, statement);
    if (work === null) return null;
    for (const kind of WORK_KINDS) total[kind] += work[kind];
  }
  // How many rows it wrote was counted.
  return record.rows === null ? total : { ...total, write: record.rows / 1000 };
}

function samplesFrom(work: Work, ms: number, rates: Rates): readonly Sample[] {
  const expected = WORK_KINDS.map((kind): [WorkKind, number] => [kind, work[kind] * rates[kind][1]]);
  const sum = expected.reduce((total, [, one]) => total + one, 0);
  if (sum < LEAST_EXPECTED_MS) return [];
  return expected.filter(([, one]) => one >= MUCH * sum).map(([kind]) => ({ kind, ratio: ms / sum }));
}

/**
 * What the statements of a migration took in its newest rehearsal on real rows, by line. Only of steps that are one
 * statement: the others were measured as a whole.
 */
export async function rehearsedStatements(
  settings: Settings,
  migration: Migration,
): Promise<ReadonlyMap<number, RehearsedStatement>> {
  const proofs = migration.folder === null ? [] : await loadProofs(settings, migration.id);
  const proved = proofs.find(
    ({ proof }) => proof.checksum === migration.checksum && /^(backup|sample)$/.test(proof.dataSource),
  );
  if (proved === undefined) return new Map();
  const { proof, plan } = proved;
  return new Map(
    proof.measures.flatMap(({ step, ms }): [number, RehearsedStatement][] => {
      const line = onlyLine(plan, step);
      return line === null ? [] : [[line, { ms, rows: proof.rows }]];
    }),
  );
}

function onlyLine(plan: Plan, id: string): number | null {
  const actions = plan.steps.find((step) => step.id === id)?.forward ?? [];
  const [action, second] = actions;
  if (action === undefined || second !== undefined || action.type !== 'sql') return null;
  return action.at?.line ?? null;
}
