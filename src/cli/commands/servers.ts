import { EXIT, FerrataError } from '../../errors.ts';
import { installServer } from '../../postgres/install.ts';
import { findServers } from '../../postgres/programs.ts';
import type { Command } from '../command.ts';
import { table } from '../print/layout.ts';

export const serversCommand: Command = {
  name: 'servers',
  arguments: '[action] [major]',
  summary: 'List and install PostgreSQL servers for rehearsals',
  description:
    'A rehearsal wants a server of the target’s own major version. `install` keeps the embedded programs of a major under .ferrata/.',
  examples: ['ferrata servers', 'ferrata servers install 15'],
  options: [],
  async run(invocation, context) {
    const settings = await context.settings();
    const [action, wanted] = invocation.positional;
    if (action === 'install') {
      const major = Number(wanted);
      if (!Number.isInteger(major)) {
        throw new FerrataError('usage', 'Which major version?', {
          hint: 'For example: ferrata servers install 15',
        });
      }
      await installServer(settings.directory, major);
    } else if (action !== undefined) {
      throw new FerrataError('usage', `There is no action \`${action}\`.`, {
        hint: 'Use: ferrata servers [install <major>]',
      });
    }
    const servers = await findServers(settings.directory);
    context.result({ servers }, () =>
      servers.length === 0
        ? 'No PostgreSQL server was found. `ferrata servers install 18` installs one.'
        : table(
            servers.map((server) => [`PostgreSQL ${server.version}`, server.source, server.bindir]),
            Math.max(context.width, 200),
          ),
    );
    return EXIT.done;
  },
};
