import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { EXIT, FerrataError } from '../../errors.ts';
import { createMigration } from '../../source/native.ts';
import { type Command, text } from '../command.ts';

export const createCommand: Command = {
  name: 'create',
  arguments: '<name>',
  summary: 'Write a new migration folder',
  examples: [
    'ferrata create add_order_status',
    'ferrata create add_order_status --from change.sql',
    'echo "ALTER TABLE t ADD COLUMN a int" | ferrata create add_a --from -',
  ],
  options: [{ flags: '--from <file>', description: 'SQL for up.sql: a file, or - for standard input' }],
  async run(invocation, context) {
    const [name] = invocation.positional;
    if (name === undefined) throw new FerrataError('usage', 'A migration needs a name.');
    const from = text(invocation, 'from');
    const sql =
      from === null
        ? null
        : from === '-'
          ? await context.readStdin()
          : await readFile(from, 'utf8').catch(() => {
              throw new FerrataError('usage', `The file ${from} cannot be read.`);
            });
    const settings = await context.settings();
    const created = await createMigration(settings, name, sql ?? undefined);
    const file = relative(process.cwd(), `${created.folder}/up.sql`);
    context.result({ migration: created.id, file }, () =>
      sql === null ? `${file} written: put your SQL there, then \`ferrata rehearse\`.` : `${file} written.`,
    );
    return EXIT.done;
  },
};
