import { compilePlan } from '../../src/plan/compile.ts';
import type { Plan } from '../../src/plan/model.ts';
import { looseMigration } from '../../src/source/native.ts';
import { parseMigration } from '../../src/source/scripts.ts';
import { parseScript } from '../../src/sql/parse.ts';
import { assess } from '../assess/support.ts';

export async function compile(
  up: string,
  down: string | null = null,
  id = '20240102030405_case',
): Promise<Plan> {
  const migration = { ...looseMigration(`${id}.sql`, up), id };
  const { up: script } = await parseMigration(migration);
  return compilePlan({
    migration,
    script,
    down: down === null ? null : await parseScript(down, 'down.sql'),
    assessment: await assess(up),
    startFingerprint: null,
    serverMajor: null,
  });
}
