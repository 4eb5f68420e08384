/** The schema is what the rehearsal measured at the end. */
import { compareCatalogs } from '../../catalog/compare.ts';
import { fingerprintCatalog } from '../../catalog/fingerprint.ts';
import type { Difference, Json } from '../../catalog/model.ts';
import { type Check, type CheckContext, type Finding, results } from '../check.ts';

export const schema: Check = {
  name: 'schema',
  async run(context) {
    return results('schema', await findings(context));
  },
};

async function findings(context: CheckContext): Promise<Finding[]> {
  const { catalogExpected = null, expectedFingerprint, proof = null, plan = null } = context.input;
  const now = await context.catalog();
  if (catalogExpected !== null) {
    const { outcome, differences } = compareCatalogs(catalogExpected, now);
    if (outcome === 'equal') return [{ subject: 'schema', ok: true, message: 'equal, object by object' }];
    return differences.map((difference) => ({
      subject: `${difference.kind} ${difference.object}`,
      ok: difference.cosmetic,
      message: describeDifference(difference),
      hint: difference.cosmetic
        ? null
        : '`ferrata drift` shows it. Undo it by hand, or write it as a migration and record that with `ferrata baseline`.',
    }));
  }
  const expected = expectedFingerprint ?? proof?.endFingerprint ?? plan?.endFingerprint ?? null;
  if (expected === null) {
    const message = 'nothing is known to compare it with: no rehearsal has measured it';
    return [{ subject: 'schema', ok: true, severity: 'warning', message }];
  }
  const actual = fingerprintCatalog(now).hash;
  if (actual === expected)
    return [{ subject: 'schema', ok: true, message: `equal to the proof (${short(actual)})` }];
  return [
    {
      subject: 'schema',
      ok: false,
      message: `its fingerprint is ${short(actual)}, the proof measured ${short(expected)}`,
      hint: 'Somebody else changed the schema, or the migration did something else here: `ferrata drift` shows what differs.',
    },
  ];
}

function describeDifference({ property, before, after }: Difference): string {
  if (property === 'presence') return after === 'present' ? 'is there and should not be' : 'is missing';
  return `${property} is ${show(after)} instead of ${show(before)}`;
}

function show(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

function short(hash: string): string {
  return hash.slice(0, 12);
}
