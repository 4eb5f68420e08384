// Puts ferrata's own command into node_modules/.bin, so that `npx ferrata` in a checkout runs the checkout at once.
import { existsSync, symlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('../node_modules/.bin/', import.meta.url);
const link = fileURLToPath(new URL('ferrata', folder));
if (process.platform !== 'win32' && existsSync(folder) && !existsSync(link)) {
  symlinkSync('../../bin/ferrata.js', link);
}
