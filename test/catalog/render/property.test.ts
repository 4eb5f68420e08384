/**
 * Random schemas and random edits: whatever the server accepts is taken back, built from nothing in another database,
 * taken back there, and both are taken down. 300 runs here; `npm run test:property` has 20 000. A failure is made small
 * and printed as a row for the matrix.
 *
 * FERRATA_PROPERTY_RUNS, FERRATA_PROPERTY_SEED (a number, or `random`) and FERRATA_PROPERTY_MAJORS (like `18,15`) make
 * another choice.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { testMajors, testServer } from '../../support/servers.ts';
import { EDIT } from './property/edits.ts';
import { minimise, signature } from './property/minimise.ts';
import { CREATE } from './property/schema.ts';
import { type Outcome, type Plan, retrial, trial } from './property/trial.ts';
import { Referee } from './referee.ts';
import { EmptyDatabases } from './round-trip.ts';

const RUNS = Number(process.env.FERRATA_PROPERTY_RUNS ?? 300);
const MAJORS = (process.env.FERRATA_PROPERTY_MAJORS ?? '18,13').split(',').map(Number);

/** The same in every run, so that a red test is a change's doing. */
const SEED =
  process.env.FERRATA_PROPERTY_SEED === 'random'
    ? Math.floor(Math.random() * 2 ** 31)
    : Number(process.env.FERRATA_PROPERTY_SEED ?? 20251);

/** Runs side by side on one server. */
const LANES = 2;
/** Of a hundred runs, so many may meet a documented refusal. */
const MOST_REFUSED = 10;

const plan: fc.Arbitrary<Plan> = fc.record({
  seed: fc.integer({ min: 0, max: 2 ** 31 }),
  objects: fc.integer({ min: 5, max: 40 }),
  edits: fc.integer({ min: 1, max: 10 }),
});

interface Failure {
  readonly wanted: string;
  readonly plan: Plan;
  readonly outcome: Outcome;
}

describe.concurrent('random schemas and edits', () => {
  for (const [index, major] of MAJORS.entries()) {
    if (!testMajors().includes(major)) {
      test.skip(`PostgreSQL ${major} is not among the servers of this run`);
      continue;
    }
    const runs = Math.ceil((RUNS - index) / MAJORS.length);
    test(`${runs} there and back on PostgreSQL ${major}`, { timeout: 60_000 + runs * 10_000 }, async () => {
      const server = await testServer(major);
      const databases = new EmptyDatabases(() => server.createDatabase());
      const found = await Referee.forMajor(major, false);
      const referee = typeof found === 'string' ? null : found;
      const plans = fc.sample(plan, { numRuns: runs, seed: SEED + major });
      const failures = new Map<string, Failure>();
      const refused = new Map<string, number>();
      let [refusals, objects] = [0, 0];
      const lane = async (): Promise<void> => {
        for (let one = plans.pop(); one !== undefined; one = plans.pop()) {
          const outcome = await trial(one, { create: CREATE, edit: EDIT }, databases, referee);
          objects += outcome.objects;
          if (outcome.refusals.length > 0) refusals++;
          for (const reason of new Set(outcome.refusals)) refused.set(reason, (refused.get(reason) ?? 0) + 1);
          for (const problem of outcome.problems) {
            // The same cause shows on several ways: one report is enough.
            const cause = signature(problem).replace(/^[\w ]+: /, '');
            const known = failures.get(cause);
            if (known === undefined || size(outcome) < size(known.outcome)) {
              failures.set(cause, { wanted: signature(problem), plan: one, outcome });
            }
          }
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      const reasons = [...refused].map(([reason, count]) => `${reason} ${count}`).join(', ');
      console.info(
        `PostgreSQL ${major}: ${runs} runs from seed ${SEED}, ${Math.round(objects / runs)} objects each; ` +
          `${refusals} with a documented refusal${reasons === '' ? '' : ` (${reasons})`}`,
      );
      const reports: string[] = [];
      for (const failure of failures.values()) reports.push(await report(failure, databases, referee));
      await databases.close();
      if (reports.length > 0) throw new Error(reports.join('\n\n'));
      expect((refusals * 100) / runs).toBeLessThanOrEqual(MOST_REFUSED);
    });
  }
});

function size({ script }: Outcome): number {
  return script.base.length + script.change.length;
}

/** A failure, as a row for the matrix. */
async function report(
  { wanted, plan: made, outcome }: Failure,
  databases: EmptyDatabases,
  referee: Referee | null,
): Promise<string> {
  const small = await minimise(outcome.script, wanted, (script) => retrial(script, databases, referee));
  const again = await retrial(small, databases, referee);
  const problem = [...again.problems, ...outcome.problems].find((one) => signature(one) === wanted);
  const row = {
    name: `random ${made.seed} ${made.objects} ${made.edits}: ${wanted}`,
    base: small.base.join(';\n'),
    change: small.change.join(';\n'),
  };
  return `${JSON.stringify(row, null, 2).replaceAll('\\n', '\n    ')}\n${problem}`;
}
