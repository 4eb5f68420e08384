/** The table of facts as a page of documentation: docs/locks.md. */
import { blocksOf } from '../effect.ts';
import type { LockMode, LockRole, StatementLock } from '../model.ts';
import { FAMILIES, onMajor } from './index.ts';
import { type FactExample, type FactRow, NEWEST_MAJOR, type Work } from './model.ts';
import { NO_COMMANDS } from './without-rows.ts';

const OLDEST_MAJOR = 13;

const ROLES: Readonly<Record<LockRole, string>> = {
  target: 'itself',
  referenced: 'referred to',
  parent: 'parent',
  partition: 'partitions, heirs',
  'default partition': 'default partition',
  index: 'index',
  sequence: 'sequence',
  source: 'read, or referring',
};

const WORK: Readonly<Record<Work, string>> = {
  scan: 'read',
  build: 'read, index built',
  rewrite: 'written anew',
  move: 'file copied',
};

/** The page, whole. */
export function renderLocks(): string {
  const families = FAMILIES.map(
    ({ title, rows }) => `## ${title}\n\n${HEAD}\n${rows.map(renderRow).join('\n')}\n${variants(rows)}`,
  );
  const count = FAMILIES.reduce((sum, { rows }) => sum + rows.length, 0);
  return `${intro(count)}\n${families.join('\n')}\n${internal()}`;
}

function intro(count: number): string {
  return `# Locks: what each statement does to its tables

What PostgreSQL ${OLDEST_MAJOR} to ${NEWEST_MAJOR} lock, read and write for each form of each statement: ${count} rows, printed from
\`src/assess/facts/\`, which [assess](assess.md) looks things up in. Each row has been run on servers of every one of these
versions, and what they did compared with it (\`test/assess/facts/\`); where a version differs, its numbers stand in
parentheses.

- **locks**: the mode (PostgreSQL manual, 13.3.1; each ends in \`Lock\`) per relation that was there before: the one that the
  statement is about, and those that it reaches. Indexes and owned sequences are named where their lock is stronger than
  that of their table.
- **others wait**: what nobody else can do meanwhile. A lock is held until its transaction ends; and while it is waited for,
  everybody who comes later waits behind it.
- **rows**: \`read\` from end to end; \`index built\`; \`written anew\`, with every index; \`file copied\`. Nothing: only the
  catalog changes, however large the table is.
- **outside**: cannot run in a transaction block. **refused**: with this SQLSTATE.
`;
}

const HEAD = '| statement | locks | others wait | rows | |\n|---|---|---|---|---|';

function renderRow(row: FactRow): string {
  const cells = [
    `${escaped(row.form)}${sqlOf(row)}`,
    locksOf(row),
    blockedBy(row),
    workOf(row),
    remarks(row),
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The example, where the row has one; several stand below the table. */
function sqlOf({ examples }: FactRow): string {
  const [first, second] = examples.map(exampleOf);
  return first === undefined || second !== undefined ? '' : `<br>\`${escaped(shown(first.sql))}\``;
}

function exampleOf(example: string | FactExample): FactExample {
  return typeof example === 'string' ? { sql: example } : example;
}

function shown(sql: string): string {
  return sql.replace('%DATABASE%', 'app').replace('%SPACE%', '/srv/space');
}

function majorsOf({ since = OLDEST_MAJOR, until = NEWEST_MAJOR }: FactRow): readonly number[] {
  return Array.from({ length: until - since + 1 }, (_, n) => since + n);
}

/** One line per role; what differs by version stands beside it. */
function byRole(row: FactRow, read: (major: number, role: LockRole) => string | null): string {
  const lines = (Object.keys(ROLES) as LockRole[]).flatMap((role) => {
    const values = new Map<string, number[]>();
    for (const major of majorsOf(row)) {
      const value = read(major, role) ?? '–';
      values.set(value, [...(values.get(value) ?? []), major]);
    }
    const kinds = [...values.keys()];
    if (kinds.length === 1 && kinds[0] === '–') return [];
    const text = kinds
      .map((value) => (kinds.length === 1 ? value : `${value} (${range(values.get(value) ?? [])})`))
      .join(', ');
    return [`${ROLES[role]}: ${text}`];
  });
  return lines.join('<br>');
}

function locksOf(row: FactRow): string {
  return byRole(row, (major, role) => {
    const mode = onMajor(row, major).roles[role]?.mode;
    return mode === undefined ? null : nameOf(mode);
  });
}

function workOf(row: FactRow): string {
  return byRole(row, (major, role) => {
    const work = onMajor(row, major).roles[role]?.work;
    return work === undefined ? null : WORK[work];
  });
}

function nameOf(mode: LockMode): string {
  return mode.replace(/Lock$/, '');
}

function blockedBy(row: FactRow): string {
  const locks = Object.entries(onMajor(row, majorsOf(row).at(-1) ?? NEWEST_MAJOR).roles).map(
    ([role, { mode }]): StatementLock => ({ relation: role, role: role as LockRole, mode }),
  );
  const blocks = blocksOf(locks);
  return blocks === 'nothing' ? '' : blocks;
}

function range(majors: readonly number[]): string {
  const [first = 0] = majors;
  const last = majors.at(-1) ?? first;
  const whole = majors.length === last - first + 1;
  return whole && first !== last ? `${first}–${last}` : majors.join(', ');
}

function remarks(row: FactRow): string {
  const notes = [
    row.outside === true ? 'outside' : '',
    row.fails === undefined ? '' : `refused: ${row.fails}`,
    row.since === undefined ? '' : `since ${row.since}`,
    row.until === undefined ? '' : `until ${row.until}`,
    row.byRows === true ? 'the partitions that the rows are in' : '',
  ];
  return notes.filter((note) => note !== '').join(', ');
}

/** The examples of rows that have several. */
function variants(rows: readonly FactRow[]): string {
  return rows
    .filter(({ examples }) => examples.length > 1)
    .map(({ form, examples }) => {
      const items = examples
        .map(exampleOf)
        .map(({ label, sql }) => (label === undefined ? `\`${shown(sql)}\`` : escaped(label)));
      return `\n${escaped(form)}: ${items.join('; ')}.\n`;
    })
    .join('');
}

function internal(): string {
  const lines = Object.entries(NO_COMMANDS).map(([command, reason]) => `- \`${command}\`: ${reason}`);
  return `## Commands of ALTER TABLE that nobody can write\n\n${lines.join('\n')}\n`;
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
