/** `assess --queries --app` as a user runs it; what docs/queries.md and docs/impact.md show is what it prints. */
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { markdownReport } from '../../../src/cli/print/assess/markdown.ts';
import { printImpact } from '../../../src/cli/print/impact.ts';
import { visibleLength } from '../../../src/cli/print/layout.ts';
import { createPalette } from '../../../src/cli/print/palette.ts';
import { printQueries } from '../../../src/cli/print/queries.ts';
import { ferrata, ferrataJson } from '../../cli/ferrata.ts';
import { makeProject } from '../../workflow/support.ts';

const EXAMPLE = join(import.meta.dirname, 'example');
const DOCS = join(import.meta.dirname, '../../../docs');
const WORDS = ['assess', 'change.sql', '--no-trace', '--queries', 'app/sql', '--app', 'app'];

test('the pages show the example, what is printed of it, at sixty columns too, and in JSON', {
  timeout: 300_000,
}, async () => {
  const made = await makeProject(18);
  const { root } = made.settings;
  await cp(EXAMPLE, root, { recursive: true });
  const config = { environments: { development: { url: made.url } } };
  await writeFile(join(root, 'ferrata.config.json'), JSON.stringify(config));
  for (const file of ['schema.sql', 'rows.sql'])
    await made.connection.script(await readFile(join(root, file), 'utf8'));
  await made.connection.script('VACUUM ANALYZE');

  const run = async () => {
    const { stdout, stderr } = await ferrata(WORDS, { cwd: root });
    const from = stdout.indexOf('\nqueries  ');
    if (from === -1) throw new Error(`It says nothing of queries:\n${stdout}\n${stderr}`);
    return stdout.slice(from + 1).trimEnd();
  };
  const shown = await run();
  const split = shown.indexOf('\nimpact\n');
  const [queries = '', impact = ''] = await Promise.all(
    ['queries.md', 'impact.md'].map((page) => readFile(join(DOCS, page), 'utf8')),
  );
  expect(queries).toContain(shown.slice(0, split).trimEnd());
  expect(impact).toContain(shown.slice(split + 1));
  for (const file of ['schema.sql', 'change.sql', 'app/sql/orders.sql'])
    expect(queries).toContain((await readFile(join(EXAMPLE, file), 'utf8')).trimEnd());
  for (const file of await readdir(join(EXAMPLE, 'app')))
    if (file !== 'sql')
      expect(impact).toContain((await readFile(join(EXAMPLE, 'app', file), 'utf8')).trimEnd());

  const { value } = await ferrataJson(WORDS, { cwd: root });
  expect(value).toMatchObject({
    ferrata: 1,
    assessments: [
      {
        file: 'change.sql',
        queries: expect.arrayContaining([
          expect.objectContaining({
            name: 'SetNote',
            outcome: 'breaks',
            file: 'app/sql/orders.sql',
            line: 5,
          }),
        ]),
        compatibility: { newFrom: 's1', oldUntil: 's3', stopped: null },
        impact: {
          application: { folder: 'app', files: 3, tools: ['Prisma'] },
          changes: expect.arrayContaining([
            expect.objectContaining({ object: 'column public.orders.note', change: 'dropped', step: 's4' }),
          ]),
        },
      },
    ],
  });

  const [{ queries: judged, compatibility, impact: hangs }] = value.assessments;
  const view = { palette: createPalette(false), width: 60, verbose: true };
  const narrow = [...printQueries(judged, compatibility, view), ...printImpact(hangs, view)].join('\n');
  expect(narrow.split('\n').filter((line) => visibleLength(line) > 60)).toEqual([]);
  expect(narrow).toContain('before  s1     s2     s3     s4');

  const file = {
    ...{ assessment: value.assessments[0], allowed: [], baselined: [], all: [], unusedAllows: [] },
    source: { path: null, text: '', statements: [] },
  };
  const outcome = { files: [file], errors: [], stats: null, baseline: null, written: null };
  expect(markdownReport(outcome, root)).toContain(
    '**Deployment:** Deploy the new application after step s1;',
  );
});
