/** A process of its own that makes a backup, to be killed while it does. Arguments: URL, directory. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const load = async (path) => (await runnerImport(fileURLToPath(new URL(path, import.meta.url)))).module;
const [url, directory] = process.argv.slice(2);
const { createBackup } = await load('../../../src/prepare/backup/index.ts');
const { createConnector } = await load('../../../src/postgres/connect.ts');
await createBackup({
  connector: createConnector(url),
  settings: { directory },
  kind: 'snapshot',
  name: 'killed',
  reporter: () => {},
});
