import { expect, it } from 'vitest';
import { silent } from '../../src/events.ts';
import type { AssessOptions } from '../../src/workflow/assess.ts';
import { assessFiles } from '../../src/workflow/assess.ts';
import { newestMajor } from '../support/servers.ts';
import { makeProject } from './support.ts';

const OFFLINE: AssessOptions = { trace: 'off', stats: 'none', baseline: null, writeBaseline: null };

it.each(newestMajor())(
  'an UPDATE that runs in batches is no finding; one that cannot says why (%i)',
  async (major) => {
    const made = await makeProject(major);
    await made.connection.script(`CREATE TABLE big (id bigint PRIMARY KEY, a int, note text);
    INSERT INTO big SELECT g, g % 10, 'row ' || g FROM generate_series(1, 60000) g; ANALYZE big`);
    await made.migration(
      '20260101000000_fill',
      'UPDATE big SET a = a + 1;\nUPDATE big SET note = (SELECT count(*)::text FROM big);\n',
    );
    const selection = { words: [], stdin: null };
    const { files } = await assessFiles(made.settings, selection, OFFLINE, silent);
    const found = files
      .flatMap(({ assessment }) => assessment.findings)
      .filter(({ id }) => id === 'unbatched-update');
    expect(found.map(({ line }) => line)).toEqual([2]);
    expect(found[0]?.message).toMatch(/Ferrata does not run it in batches by itself: .*many rows/);
  },
);
