/** Values of domains with CHECKs, and of types that only their own input function knows: found by casting. */
import type { Connection } from '../../postgres/connection.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import { type Attempt, runAttempts } from './attempts.ts';
import { factsOf, mergeFacts, NO_FACTS } from './facts.ts';
import { unknownType } from './text-variants.ts';
import type { TypeShape } from './type-shapes.ts';
import { type ChosenValues, needsTrial, type Style } from './values.ts';
import { variantsOf } from './variants.ts';

/**
 * For each of `types`, and of the types they are made of, that needs it: a value for each row number that has one.
 * `numbers` are the row numbers to find values for.
 */
export async function chooseValues(
  connection: Connection,
  types: Iterable<TypeShape>,
  numbers: readonly number[],
  style: Style,
): Promise<ChosenValues> {
  const chosen = new Map<string, Map<number, string>>();
  for (const level of levels(types)) {
    const asked: { readonly type: TypeShape; readonly n: number; readonly text: string }[] = [];
    const attempts: Attempt[] = [];
    let group = 0;
    for (const type of level) {
      const facts =
        type.kind === 'domain' ? mergeFacts(type.checks.map((check) => factsOf(check))) : NO_FACTS;
      const variants = type.kind === 'domain' ? variantsOf(type, facts, style, chosen) : unknownType(type);
      for (const n of numbers) {
        group++;
        for (const variant of variants) {
          const text = variant(n);
          if (text === undefined || text === null) continue;
          asked.push({ type, n, text });
          attempts.push({ sql: `SELECT ${quoteLiteral(text)}::${type.text}`, group });
        }
      }
      chosen.set(type.text, new Map());
    }
    const outcomes = await runAttempts(connection, attempts);
    outcomes.forEach((outcome, index) => {
      const one = asked[index];
      if (outcome.ok && one !== undefined) chosen.get(one.type.text)?.set(one.n, one.text);
    });
  }
  return chosen;
}

/** Types that need trial, those that others are made of first. */
function levels(types: Iterable<TypeShape>): TypeShape[][] {
  const depths = new Map<string, { readonly type: TypeShape; readonly depth: number }>();
  const visit = (type: TypeShape): number => {
    let depth = 0;
    if (type.inner !== null) depth = Math.max(depth, visit(type.inner));
    for (const attribute of type.attributes) depth = Math.max(depth, visit(attribute));
    if (!needsTrial(type)) return depth;
    depths.set(type.text, { type, depth });
    return depth + 1;
  };
  for (const type of types) visit(type);
  const result: TypeShape[][] = [];
  for (const { type, depth } of depths.values()) {
    result[depth] ??= [];
    result[depth].push(type);
  }
  return result.filter((level) => level !== undefined);
}
