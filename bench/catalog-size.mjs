// One database of `catalog.mjs`, measured in a process of its own, so that its memory is nobody else's.
import { createConnector } from '../dist/postgres/connect.js';
import { measure } from './catalog.mjs';

const connection = await createConnector(process.argv[2]).connect('bench');
console.log(JSON.stringify(await measure(connection)));
await connection.close();
