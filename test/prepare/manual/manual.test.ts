/**
 * The derived rollback of every statement form in the Examples sections of the manual's command reference (ALTER,
 * CREATE, DROP and the other pages that change a schema): derived, and proved by running it. One row a form, in pages/.
 *
 * FERRATA_TEST_MANUAL="ALTER TABLE" runs the pages whose name contains that; FERRATA_TEST_MAJORS=all runs on all majors,
 * else the newest and the oldest do. FERRATA_TEST_PRINT=1 prints a table of what was found instead of judging it.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Proof } from '../../../src/prepare/model.ts';
import { testMajors, testServer } from '../../support/servers.ts';
import type { Example } from './model.ts';
import { PAGES } from './pages/index.ts';
import { proofOf } from './rehearse-example.ts';
import { prepareServer, tidyServer } from './server.ts';

const only = process.env.FERRATA_TEST_MANUAL;
const print = process.env.FERRATA_TEST_PRINT === '1';
const majors = testMajors();
const wanted =
  process.env.FERRATA_TEST_MAJORS === undefined
    ? majors.filter((major) => major === Math.max(...majors))
    : majors;

for (const major of wanted) {
  describe.concurrent(`PostgreSQL ${major}`, () => {
    beforeAll(async () => prepareServer(await testServer(major)));
    afterAll(async () => tidyServer(await testServer(major)));
    for (const { page, examples } of PAGES) {
      if (only !== undefined && !page.includes(only)) continue;
      for (const example of examples) {
        if (major < (example.since ?? 0) || major > (example.until ?? Number.POSITIVE_INFINITY)) continue;
        const run = example.open === undefined || print ? test : test.fails;
        run(`${page}: ${example.name}`, { timeout: 120_000 }, async () => {
          const server = await testServer(major);
          const proof = await proofOf(server, example);
          if (print)
            console.log(`@@${JSON.stringify({ major, page, name: example.name, found: foundIn(proof) })}`);
          else judge(example, proof);
        });
      }
    }
  });
}

function judge(example: Example, proof: Proof): void {
  const found = foundIn(proof);
  const { expect: exception } = example;
  if (exception !== undefined) {
    expect(found).toMatchObject({ outcome: exception.outcome, code: exception.code });
    expect([found.message, ...found.differences, ...found.losses].join('\n')).toMatch(exception.message);
    return;
  }
  expect(found).toMatchObject({
    outcome: 'proved',
    level: example.level ?? 2,
    // A statement that did nothing would prove nothing.
    changed: example.harmless !== true,
    message: '',
    redo: expect.not.stringMatching('different'),
  });
}

/** What a proof says, in short. */
function foundIn(proof: Proof) {
  const points = proof.rollbackPoints;
  const details = points.flatMap(({ lateRowDetails }) => lateRowDetails);
  return {
    outcome: proof.outcome,
    level: proof.level,
    changed:
      proof.startFingerprint !== proof.endFingerprint ||
      proof.measures.some(({ writes }) => writes.length > 0),
    code: proof.error?.code ?? null,
    message: proof.error?.message ?? '',
    redo: proof.redo,
    differences: [...points.flatMap(({ differences }) => differences), ...proof.redoDifferences].map(
      ({ kind, object, property, before, after }) =>
        `${kind} ${object}: ${property} ${JSON.stringify(before)} -> ${JSON.stringify(after)}`,
    ),
    losses: points.flatMap(({ losses }) => losses).map(({ table, column }) => `${table}.${column} lost`),
    late: details
      .filter(({ outcome }) => outcome !== 'kept')
      .map(
        ({ table, what, outcome, held, detail }) =>
          `${table} ${what}: ${outcome}, ${held ? 'held' : 'not held'} ${detail ?? ''}`,
      ),
    notes: proof.notes,
    data: points.map(({ data }) => data),
    ms: proof.ms,
  };
}
