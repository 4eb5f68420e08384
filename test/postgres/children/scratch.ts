/** Starts a scratch server, prints its pid and data directory, ends as it is told on standard input. */
import { once } from 'node:events';
import { findServers } from '../../../src/postgres/programs.ts';
import { startScratchServer } from '../../../src/postgres/server.ts';

const [directory = ''] = process.argv.slice(2);
const [programs] = await findServers(null);
if (programs === undefined) throw new Error('no server');
const server = await startScratchServer(programs, directory);
console.log(`${server.pid} ${server.dataDir}`);
await once(process.stdin, 'data');
process.exit(0);
