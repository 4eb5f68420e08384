/**
 * A rule that names the commands of ALTER TABLE, or the kinds of statements, that it looks at, is not asked about others.
 * It must have nothing to say of those: asked about every statement there is an example of, it has not.
 */
import { expect, it } from 'vitest';
import { analyse } from '../../src/assess/analyse.ts';
import { AssessContext } from '../../src/assess/context.ts';
import { FAMILIES } from '../../src/assess/facts/index.ts';
import { KnownSchema } from '../../src/assess/known/schema.ts';
import { replayScript } from '../../src/assess/replay.ts';
import { RULES, SCRIPT_RULES } from '../../src/assess/rules/index.ts';
import { commandsBySubtype } from '../../src/assess/rules/rule.ts';
import { parseScript } from '../../src/sql/parse.ts';

/** Scripts on what they run on, each of which the grammar takes. */
async function scripts(): Promise<readonly (readonly [string, string])[]> {
  const lessons = [...RULES, ...SCRIPT_RULES].map(({ example }) => [example.schema, example.bad] as const);
  const facts = FAMILIES.flatMap(({ fixture, rows }) => {
    const schema = fixture.map(({ sql }) => sql).join(';\n');
    return rows.flatMap(({ examples }) =>
      examples.map((example) => [schema, typeof example === 'string' ? example : example.sql] as const),
    );
  });
  return [...lessons, ...facts];
}

async function schemaAfter(sql: string): Promise<KnownSchema> {
  const known = KnownSchema.empty();
  const script = await parseScript(sql, 'x').catch(() => null);
  if (script !== null) replayScript(script, known);
  return known;
}

it('what a rule is not asked about, it has nothing to say of', async () => {
  const wrong = new Set<string>();
  const bases = new Map<string, KnownSchema>();
  let asked = 0;
  for (const [schema, sql] of await scripts()) {
    const script = await parseScript(sql, 'x').catch(() => null);
    if (script === null) continue;
    const known = bases.get(schema) ?? (await schemaAfter(schema));
    bases.set(schema, known);
    const context = new AssessContext(null, { known, loose: true });
    const readers = SCRIPT_RULES.filter(({ on }) => on !== undefined).map((rule) => ({
      rule,
      all: rule.read(),
      some: rule.read(),
    }));
    const analyses = analyse(script, context, new Map(), (analysis, moment) => {
      const { kind } = analysis.statement;
      const subtypes = commandsBySubtype(analysis.statement);
      for (const rule of RULES) {
        const { commands } = rule;
        if (kind !== 'AlterTableStmt' || commands === undefined || !rule.on.includes(kind)) continue;
        if (commands.some((subtype) => subtypes.has(subtype))) continue;
        asked++;
        if (rule.applies(analysis, moment).length > 0) wrong.add(`${rule.id}: ${sql}`);
      }
      for (const { rule, all, some } of readers) {
        const shown = rule.on?.includes(kind) === true;
        const [left, right] = [all.see(analysis, moment), shown ? some.see(analysis, moment) : []];
        if (left.length !== right.length) wrong.add(`${rule.id}: ${sql}`);
      }
    });
    for (const { rule, all, some } of readers) {
      const [left, right] = [all.end?.(context, analyses) ?? [], some.end?.(context, analyses) ?? []];
      if (left.map(({ message }) => message).join() !== right.map(({ message }) => message).join())
        wrong.add(`${rule.id}: ${sql}`);
    }
  }
  expect(asked).toBeGreaterThan(5000);
  expect([...wrong]).toEqual([]);
});
