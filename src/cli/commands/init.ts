import { EXIT } from '../../errors.ts';
import { initProject } from '../../workflow/init.ts';
import type { Command } from '../command.ts';
import { table } from '../print/layout.ts';

export const initCommand: Command = {
  name: 'init',
  summary: 'Set a project up: config, migrations folder, npm scripts',
  description: 'Writes what is missing and leaves alone what is there; run it again at any time.',
  examples: ['ferrata init'],
  options: [],
  async run(_invocation, context) {
    const changes = await initProject(process.cwd());
    context.result({ changes }, () => {
      const rows = changes.map((change) => [
        change.what === 'kept' ? context.palette.dim(change.what) : context.palette.green(change.what),
        change.path,
        context.palette.dim(change.detail),
      ]);
      return `${table(rows, context.width)}\n\nNext: ferrata create <name>, or ferrata baseline on a database that is there.`;
    });
    return EXIT.done;
  },
};
