/** A comparison of two schemas for a terminal, and its JSON. */
import type { DiffSide, SchemaDiff } from '../../workflow/diff.ts';
import { printDifferences } from './differences.ts';
import { hang } from './layout.ts';
import type { Palette } from './palette.ts';
import { BODIES_UNCHECKED } from './sql-script.ts';

export function printDiff(
  diff: SchemaDiff,
  view: { readonly palette: Palette; readonly width: number; readonly all: boolean },
): string {
  const { palette: p, width } = view;
  const verdict =
    diff.outcome === 'equal'
      ? p.green('equal')
      : diff.outcome === 'cosmetic'
        ? p.yellow('equal but for cosmetics')
        : p.red('different');
  const [before, after] = names(diff);
  const lines = [
    hang(
      `${verdict}: from ${p.bold(diff.from.label)}${versionOf(diff, diff.from)} to ${p.bold(diff.to.label)}${versionOf(diff, diff.to)}`,
      width,
    ),
    ...about(diff).map((line) => p.dim(hang(line, width, 2))),
  ];
  const differences = printDifferences(diff.differences, { ...view, before, after });
  if (differences !== '') lines.push('', differences);
  const hint = ignoreHint(diff);
  if (hint !== null) lines.push(p.dim(hang(hint, width)));
  return lines.join('\n');
}

/** The first lines of the SQL. */
export function diffHeading(diff: SchemaDiff): readonly string[] {
  const statements = diff.sql.filter(({ sql }) => sql !== BODIES_UNCHECKED);
  const destroys = statements.filter((statement) => statement.destroysData).length;
  return [
    `ferrata diff: from ${diff.from.label} (PostgreSQL ${diff.from.major}) to ${diff.to.label} (PostgreSQL ${diff.to.major})`,
    ...about(diff),
    diff.sql.length === 0 && diff.refusals.length === 0
      ? `${diff.outcome}: nothing to do`
      : [
          `${statements.length} ${statements.length === 1 ? 'statement' : 'statements'}`,
          ...(destroys === 0 ? [] : [`${destroys} of them ${destroys === 1 ? 'destroys' : 'destroy'} data`]),
          ...(diff.refusals.length === 0 ? [] : [`${diff.refusals.length} refused: see the end`]),
        ].join(', '),
  ];
}

/** The documented shape of `diff --json`. */
export function diffJson(diff: SchemaDiff): Readonly<Record<string, unknown>> {
  return {
    from: diff.from,
    to: diff.to,
    outcome: diff.outcome,
    sameDatabase: diff.sameDatabase,
    ignored: diff.ignored,
    schemas: diff.schemas,
    differences: diff.differences,
    sql: diff.sql.map(({ object, sql, transactional, destroysData }) => ({
      object,
      sql,
      transactional,
      destroysData,
    })),
    refusals: diff.refusals,
  };
}

/** Two sides of one name are told apart by what they are. */
function names({ from, to }: SchemaDiff): readonly [string, string] {
  return from.label === to.label ? [`${from.label} (from)`, `${to.label} (to)`] : [from.label, to.label];
}

function versionOf(diff: SchemaDiff, side: DiffSide): string {
  return diff.from.major === diff.to.major ? '' : ` (PostgreSQL ${side.major})`;
}

function about(diff: SchemaDiff): string[] {
  return [
    ...(diff.from.major === diff.to.major
      ? []
      : [
          `PostgreSQL ${diff.from.major} against ${diff.to.major}: what the versions themselves write differently does not count.`,
        ]),
    ...(diff.ignored.length === 0 ? [] : [`Left out: ${diff.ignored.join(', ')}.`]),
    ...(diff.schemas === null ? [] : [`Only in ${diff.schemas.join(', ')}.`]),
  ];
}

/** Owners and privileges nearly always differ between servers: where they are most of it, say how to leave them out. */
function ignoreHint(diff: SchemaDiff): string | null {
  const counts = [
    { word: 'owners', n: diff.differences.filter((d) => d.property === 'owner').length },
    {
      word: 'privileges',
      n: diff.differences.filter(
        (d) => /(^|\.)privileges$/.test(d.property) || d.kind === 'default privileges',
      ).length,
    },
  ].filter(({ n }) => n > 0);
  const total = counts.reduce((sum, { n }) => sum + n, 0);
  if (total < 3 || total * 3 < diff.differences.length) return null;
  return `${total} of these are ${counts.map(({ word }) => word).join(' and ')}: --ignore ${counts.map(({ word }) => word).join(',')} leaves them out.`;
}
