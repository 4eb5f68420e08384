/** Uses the development server, prints its pid, does what it is told on standard input: release, exit, keep. */
import { createInterface } from 'node:readline';
import { useEmbedded } from '../../../src/postgres/embedded.ts';

const [directory = ''] = process.argv.slice(2);
const embedded = await useEmbedded(directory);
const connection = await embedded.connector.connect('child');
await connection.script('CREATE TABLE IF NOT EXISTS visits (pid int); INSERT INTO visits VALUES (1)');
const [row] = await connection.rows<[number]>('SELECT count(*)::int4 FROM visits');
await connection.close();
console.log(`${embedded.server.pid} ${row?.[0]}`);

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'release') await embedded.release();
  if (line === 'keep') embedded.keep();
  if (line === 'exit') process.exit(0);
  console.log('done');
}
