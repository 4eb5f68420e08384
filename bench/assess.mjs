// Static assessment: 1 000 files against squawk, a native linter, on the same files; and what one file costs, cold.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { writeFiles } from './assess-files.mjs';
import { benchBin, ferrata, judge, median, withFolder } from './lib.mjs';

const FILES = 1000;

export async function run() {
  console.log(`Static assessment: ${FILES} files, one process each (median of 5, in turns)`);
  return withFolder(async (folder) => {
    const paths = await writeFiles(join(folder, 'sql'), FILES);
    const one = (tool, args) => linted(tool, args, folder);
    const squawk = () => one(benchBin('squawk'), paths);
    const assess = () => one(process.execPath, [ferrata, 'assess', '--no-trace', 'sql']);
    // In turns: what else the machine does meets both.
    const times = [];
    for (let n = 0; n < 5; n++) times.push([await assess(), await squawk()]);
    const middle = (of) => times.map(of).sort((a, b) => a - b)[2];
    const [ours, theirs] = [middle(([a]) => a), middle(([, b]) => b)];
    const ratio = judge(
      `ferrata assess (${Math.round(ours)} ms) / squawk (${Math.round(theirs)} ms)`,
      ours / theirs,
      2,
    );
    const node = await median(9, () => one(process.execPath, ['-e', '0']));
    const cold = await median(9, () => one(process.execPath, [ferrata, 'assess', '--no-trace', paths[0]]));
    return judge('one file, over `node -e 0`', cold - node, 350, 'ms') && ratio;
  });
}

/** Wall time, milliseconds, of a program that may find something (exit code 1); its output is read and thrown away. */
async function linted(program, args, cwd) {
  const started = performance.now();
  const child = spawn(program, args, {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  child.stdout.resume();
  child.stderr.resume();
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (code !== 0 && code !== 1) throw new Error(`${program} ended with ${code}`);
  return performance.now() - started;
}
