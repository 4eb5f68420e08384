// Puts the command line's modules into a few files under dist/program: Node reads hundreds of small ones one by one, and
// that is most of the time that a short command takes. Dependencies stay where they are.
//
// node scripts/bundle.mjs [dist]
import { rm } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const dist = resolve(process.argv[2] ?? fileURLToPath(new URL('../dist', import.meta.url)));
const program = join(dist, 'program');

const bundle = await rolldown({
  input: {
    main: join(dist, 'cli/main.js'),
    // Found beside the file that starts it.
    'assess-thread': join(dist, 'workflow/assess-thread.js'),
  },
  platform: 'node',
  external: (id) => !id.startsWith('.') && !isAbsolute(id),
  // A module that is loaded when it is needed in one place may be needed at once in another.
  checks: { ineffectiveDynamicImport: false },
});
await rm(program, { recursive: true, force: true });
// All in one folder, as deep as dist/cli: files find what is beside them, and the package above, by their own place.
await bundle.write({
  dir: program,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();
