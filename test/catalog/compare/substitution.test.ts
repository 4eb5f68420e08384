import fc from 'fast-check';
import { expect, test } from 'vitest';
import { canonicalJson } from '../../../src/catalog/fingerprint.ts';
import { sameJson } from '../../../src/catalog/json.ts';
import type { Json } from '../../../src/catalog/model.ts';
import { Substitution } from '../../../src/catalog/substitution.ts';

const names = new Substitution([
  ['public.a', 'public.b'],
  ['public.b', 'public.a'],
  ['app', 'core'],
  ['app.t', 'core.u'],
  ['public."Odd. name"', 'public.plain'],
  ['public.f(integer)', 'public.g(integer)'],
]);

test.each([
  ['REFERENCES public.a(id)', 'REFERENCES public.b(id)'],
  ['SELECT a.x FROM public.a JOIN public.b', 'SELECT a.x FROM public.b JOIN public.a'],
  ["nextval('public.a'::regclass)", "nextval('public.b'::regclass)"],
  ['public.a_b, xpublic.a, other.public.a', 'public.a_b, xpublic.a, other.public.a'],
  ['app.t.id, app.v, app', 'core.u.id, core.v, core'],
  ['public."Odd. name".x', 'public.plain.x'],
  ['EXECUTE FUNCTION public.f(integer)', 'EXECUTE FUNCTION public.g(integer)'],
  ['public.f(text)', 'public.f(text)'],
])('%s', (text, wanted) => {
  expect(names.in(text)).toBe(wanted);
  expect(names.in({ list: [text, 1, null] })).toEqual({ list: [wanted, 1, null] });
});

test('two values are the same where their canonical JSON is', () => {
  const value = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom<Json>('a', '1', 1, 0, true, null, '', 'null'),
      fc.array(tie('json'), { maxLength: 2 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('json'), { maxKeys: 2 }),
    ),
  })).json;
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(sameJson(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
      expect(sameJson(a, structuredClone(a))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
