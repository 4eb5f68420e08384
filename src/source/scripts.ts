import { FerrataError } from '../errors.ts';
import { skipBlank } from '../sql/lexer.ts';
import type { Script } from '../sql/model.ts';
import { parseScript } from '../sql/parse.ts';
import type { Migration } from './model.ts';

export interface MigrationScripts {
  readonly up: Script;
  readonly down: Script | null;
  readonly verify: Script | null;
}

/**
 * Parses a migration's files. Throws `migration-empty` where up.sql holds no statement, and what `parseScript` throws.
 */
export async function parseMigration(migration: Migration): Promise<MigrationScripts> {
  if (isEmpty(migration.up.text) && migration.transform == null) {
    throw new FerrataError('migration-empty', `${migration.up.path} holds no SQL statement`, {
      why: 'There is nothing to prove or to apply; a way back from it would undo what others did.',
      hint: 'Write the change into it, or remove the migration.',
      location: { file: migration.up.path, line: 1, column: 1 },
    });
  }
  const parse = (file: Migration['down']): Promise<Script> | null =>
    file === null ? null : parseScript(file.text, file.path);
  return {
    up: await parseScript(migration.up.text, migration.up.path),
    down: await parse(migration.down),
    verify: await parse(migration.verify),
  };
}

/** Whether a text holds nothing but white space, comments and semicolons: told without the parser. */
export function isEmpty(text: string): boolean {
  let at = skipBlank(text, 0);
  while (text[at] === ';') at = skipBlank(text, at + 1);
  return at >= text.length;
}
