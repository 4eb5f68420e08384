import { analyse, type TraceFacts } from '../../src/assess/analyse.ts';
import { type AssessFacts, assessMigration } from '../../src/assess/assess.ts';
import { AssessContext } from '../../src/assess/context.ts';
import type { Assessment, RelationSize } from '../../src/assess/model.ts';
import { DEFAULT_RULE_SETTINGS, type RuleSettings } from '../../src/assess/rules/settings.ts';
import { NO_SURROUNDINGS, type Surroundings } from '../../src/assess/surroundings.ts';
import type { Catalog } from '../../src/catalog/model.ts';
import type { Policy } from '../../src/config/settings.ts';
import { looseMigration } from '../../src/source/native.ts';
import { parseScript } from '../../src/sql/parse.ts';

export const policy = {
  rollbackWindowHours: { low: 24, medium: 72, high: 168, critical: 336 },
  approvals: { low: 0, medium: 1, high: 1, critical: 2 },
  maxDurationMinutes: { low: 15, medium: 60, high: 240, critical: 480 },
} as Policy;

/** Assesses a piece of SQL; `rows` gives tables a size. */
export function assess(
  sql: string,
  options: {
    readonly catalog?: Catalog | null;
    readonly rows?: Readonly<Record<string, number | null>>;
    /** Rules to switch on or off, or to weigh otherwise. */
    readonly rules?: RuleSettings['levels'];
    readonly surroundings?: Partial<Surroundings>;
    /** A migration that Ferrata runs, not a loose file. */
    readonly native?: boolean;
    readonly trace?: TraceFacts;
  } = {},
): Promise<Assessment> {
  const sizes = new Map<string, RelationSize>(
    Object.entries(options.rows ?? {}).map(([name, rows]) => {
      const relation = name.includes('.') ? name : `public.${name}`;
      const bytes = rows === null ? null : rows * 100;
      return [relation, { relation, rows, bytes, indexes: 1 }];
    }),
  );
  const facts: AssessFacts = {
    catalog: options.catalog ?? null,
    sizes,
    policy,
    ...(options.trace === undefined ? {} : { trace: options.trace }),
    surroundings: {
      ...NO_SURROUNDINGS,
      settings: { ...DEFAULT_RULE_SETTINGS, levels: options.rules ?? {} },
      ...options.surroundings,
    },
  };
  const migration = looseMigration('up.sql', sql);
  return assessMigration(options.native === true ? { ...migration, folder: '/' } : migration, facts);
}

export async function analysed(sql: string, catalog: Catalog | null = null) {
  return analyse(await parseScript(sql, 'up.sql'), new AssessContext(catalog), new Map());
}
