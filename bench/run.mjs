// npm run bench [name …]: every benchmark runs side by side with something real and prints its ratio.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BENCHMARKS = ['startup', 'catalog', 'up', 'rehearsal', 'assess-trace'];
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !BENCHMARKS.includes(name));
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
for (const name of wanted.length > 0 ? wanted : BENCHMARKS) {
  const { run } = await import(`./${name}.mjs`);
  if (!(await run())) missed++;
  console.log('');
}
process.exitCode = missed === 0 ? 0 : 1;
