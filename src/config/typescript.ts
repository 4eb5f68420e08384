/** Modules in TypeScript, which Node 20 can not load by itself: c12 brings what can. */
import { basename, dirname } from 'node:path';

/** The default export of a TypeScript module; where it has none, its exports. */
export async function importTypeScript(file: string): Promise<unknown> {
  const { loadConfig } = await import('c12');
  const { config } = await loadConfig({
    cwd: dirname(file),
    configFile: basename(file).replace(/\.m?ts$/, ''),
    name: 'ferrata',
    rcFile: false,
    globalRc: false,
    dotenv: false,
    extend: false,
    packageJson: false,
    omit$Keys: true,
  });
  return config;
}
