/** The text of a migration that mends drift: what it is for, what it puts right, then the statements. */
import type { Difference, Json } from '../catalog/model.ts';
import type { SchemaRepair } from './schema-repair.ts';

/** Differences that are listed above the statements. */
const LISTED = 60;

export function mendingScript({
  accept,
  statements,
  differences,
  since,
}: Pick<SchemaRepair, 'accept' | 'statements' | 'differences' | 'since'>): string {
  const listed = differences.slice(0, LISTED).map((difference) => `--   ${describe(difference)}`);
  const hidden = differences.length - listed.length;
  return [
    accept
      ? '-- What was changed beside Ferrata, and accepted: recorded as applied where it was done, pending elsewhere.'
      : '-- Undoes what was changed beside Ferrata.',
    comment(`Against the schema of: ${since.reason}, ${since.recordedAt}.`),
    ...listed,
    ...(hidden > 0 ? [`--   and ${hidden} more`] : []),
    '',
    ...statements.flatMap(({ sql, object, destroysData }) => [
      ...(destroysData ? [comment(`destroys data (${object}):`)] : []),
      `${sql};`,
    ]),
    '',
  ].join('\n');
}

function describe({ kind, object, property, before, after }: Difference): string {
  const what =
    property === 'presence'
      ? after === 'absent'
        ? 'is gone'
        : 'was added'
      : property === 'name'
        ? `is now ${show(after)}`
        : changed(property, before, after);
  return oneLine(`${kind} ${object}: ${what}`);
}

function changed(property: string, before: Json, after: Json): string {
  if (Array.isArray(before) && Array.isArray(after)) {
    const [old, now] = [before.map(show), after.map(show)];
    const more = [
      ...old.filter((item) => !now.includes(item)).map((item) => `without ${item}`),
      ...now.filter((item) => !old.includes(item)).map((item) => `with ${item}`),
    ];
    return more.length === 0 ? `${property} in another order` : `${property} ${more.join(', ')}`;
  }
  const [old, now] = [show(before), show(after)];
  return old.endsWith('…') || now.endsWith('…') ? `${property} changed` : `${property} was ${old}, is ${now}`;
}

function show(value: Json): string {
  const text = value === null ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);
  const flat = oneLine(text);
  return flat.length > 80 ? `${flat.slice(0, 79)}…` : flat;
}

function comment(text: string): string {
  return `-- ${oneLine(text)}`;
}

/** A name may hold a line break, which would end the comment and begin SQL. */
function oneLine(text: string): string {
  return text.replace(/[\r\n\u2028\u2029\s]+/g, ' ');
}
