// `ferrata --version` and `ferrata status` against `node -e 0`.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ferrata, judge, median, time, withServer } from './lib.mjs';

export async function run() {
  console.log('Start-up (median of 9, wall time over `node -e 0`)');
  const node = await median(9, () => time(process.execPath, ['-e', '0']));
  const version = await median(9, () => time(process.execPath, [ferrata, '--version']));
  const results = [judge('ferrata --version', version - node, 120, 'ms')];
  await withServer(async ({ server, folder }) => {
    const applied = 2000;
    for (let n = 0; n < applied; n++) {
      const path = join(folder, 'project', 'migrations', `${20200101000000 + n}_m${n}`);
      await mkdir(path, { recursive: true });
      await writeFile(join(path, 'up.sql'), `CREATE TABLE t${n} (id int);\n`);
    }
    const cwd = join(folder, 'project');
    const env = { DATABASE_URL: server.url('postgres') };
    await time(process.execPath, [ferrata, 'baseline', '--yes'], { cwd, env });
    const status = await median(9, () => time(process.execPath, [ferrata, 'status', '--json'], { cwd, env }));
    results.push(judge(`ferrata status, ${applied} applied migrations`, status - node, 300, 'ms'));
  });
  return results.every(Boolean);
}
