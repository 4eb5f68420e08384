// npm run bench [name …]: every benchmark runs side by side with something real and prints its ratio. `backfill=200000`
// gives one its size.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BENCHMARKS = [
  'startup',
  'catalog',
  'up',
  'rehearsal',
  'assess',
  'assess-trace',
  'backfill',
  'under-load',
  'locks',
];
const wanted = process.argv.slice(2).map((word) => word.split('='));
const unknown = wanted.map(([name]) => name).filter((name) => !BENCHMARKS.includes(name));
if (unknown.length > 0) {
  console.error(`No benchmark ${unknown.join(', ')}; there are: ${BENCHMARKS.join(', ')}`);
  process.exit(2);
}
const here = fileURLToPath(new URL('.', import.meta.url));
if (!existsSync(`${here}node_modules`)) {
  // dbmate ships its program inside a platform package; no install script is needed.
  execFileSync('npm', ['ci', '--ignore-scripts', '--prefix', here], { stdio: 'inherit' });
}
let missed = 0;
for (const [name, size] of wanted.length > 0 ? wanted : BENCHMARKS.map((one) => [one])) {
  const { run } = await import(`./${name}.mjs`);
  if (!(await run(size))) missed++;
  console.log('');
}
process.exitCode = missed === 0 ? 0 : 1;
