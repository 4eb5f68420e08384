#!/usr/bin/env node
import { statSync } from 'node:fs';

const modules = new URL('../dist/cli/main.js', import.meta.url);
// The same in fewer files, unless the modules were built again since.
const program = new URL('../dist/program/main.js', import.meta.url);
const [built, bundled] = [modules, program].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs);
if (built === undefined) {
  process.stderr.write('ferrata has not been built yet. In a checkout, run: npm run build\n');
  process.exit(1);
}
await import((bundled !== undefined && bundled >= built ? program : modules).href);
