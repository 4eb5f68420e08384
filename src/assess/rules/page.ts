import type { Refutation } from './refuted.ts';
import type { Danger, Example, Lesson } from './rule.ts';

/** SQL that was run on these majors, one after the other, and showed no danger. */
export interface ExecutedSql {
  /** Null: on every major that the rule concerns. */
  readonly majors: readonly number[] | null;
  readonly sql: readonly string[];
}

/** A rule's page under docs/findings; the rule's test compares it, and writes it with `-u`. */
export function renderPage(lesson: Lesson, executed: readonly ExecutedSql[]): string {
  const facts = [
    `\`${lesson.id}\``,
    lesson.severity,
    versions(lesson),
    lesson.optional ? 'off by default' : null,
  ];
  return `# ${lesson.title}

${facts.filter((fact) => fact !== null).join(' · ')}

${lesson.why}${manualLink(lesson)}

## Example

Given

${fenced(lesson.example.schema)}

${before(lesson.example)}this is found${known(lesson.example)}:

${fenced(lesson.example.bad)}

${inWords(lesson.example.danger)}

## Instead

${lesson.instead}
${executed.map(instead).join('')}`;
}

/** The page of an entry that is no danger. */
export function renderRefutation(refutation: Refutation): string {
  return `# ${refutation.title}

\`${refutation.id}\` · not a finding

${refutation.why}

## Example

Given

${fenced(refutation.example.schema)}

nothing is found in

${fenced(refutation.example.harmless)}
`;
}

/** docs/findings/README.md: every rule and every refutation, by id. */
export function renderIndex(lessons: readonly Lesson[], refuted: readonly Refutation[]): string {
  const found = lessons.map(
    ({ id, severity, title, optional }) =>
      `| [${id}](${id}.md) | ${severity}${optional ? ', off by default' : ''} | ${title} |\n`,
  );
  const not = refuted.map(({ id, title }) => `| [${id}](${id}.md) | ${title} |\n`);
  return `# Findings

What \`ferrata assess\` finds, each with an example that the tests run on real servers: the SQL that is found shows the
danger, and the SQL to write instead runs and shows none.

| id | severity | title |
|---|---|---|
${found.join('')}
## Not findings

What is often called dangerous, or is nothing that SQL could tell; each page says what PostgreSQL does.

| id | title |
|---|---|
${not.join('')}`;
}

function instead({ majors, sql }: ExecutedSql): string {
  if (sql.length === 0) return '';
  const where = majors === null ? '' : `On PostgreSQL ${majors.join(', ')}:\n\n`;
  return `\n${where}${fenced(sql.map((statement) => `${statement.replace(/;\s*$/, '')};`).join('\n'))}\n`;
}

/** The files that run before it. */
function before({ before: files }: Example): string {
  return files === undefined
    ? ''
    : `and, before it in the same release,\n\n${files.map(fenced).join('\n\n')}\n\n`;
}

/** What else was known when the example was assessed. */
function known({ known: words }: Example): string {
  return words === undefined ? '' : ` where ${words}`;
}

function versions({ versions: range }: Lesson): string | null {
  if (range === undefined) return null;
  const { from, to } = range;
  if (from === undefined) return `PostgreSQL up to ${to}`;
  return to === undefined ? `PostgreSQL ${from} and newer` : `PostgreSQL ${from} to ${to}`;
}

function manualLink({ manual }: Lesson): string {
  return manual === undefined ? '' : `\n\n[The manual](https://www.postgresql.org/docs/current/${manual})`;
}

function inWords(danger: Danger): string {
  switch (danger.kind) {
    case 'lock':
      return `The server takes ${mode(danger.mode)} on \`${danger.relation}\`.`;
    case 'holds':
      return `\`${danger.relation}\` is still under ${mode(danger.mode)} when the next statement begins.`;
    case 'holds together':
      return `One transaction then holds ${mode(danger.mode)} on each of ${danger.relations.map((name) => `\`${name}\``).join(', ')}.`;
    case 'rewrite':
      return `The server writes \`${danger.relation}\` anew${danger.times === undefined ? '' : `, ${danger.times} times`}.`;
    case 'queues':
      return `While one session reads \`${danger.relation}\` in a transaction, it waits; and so does every SELECT on \`${danger.relation}\` that comes after it.`;
    case 'repeats':
      return `Run a second time, it fails with SQLSTATE ${danger.sqlstate}.`;
    case 'scan':
      return `The server reads \`${danger.relation}\` whole, or builds an index on it, while it is locked.`;
    case 'fails':
      return `The server refuses it: SQLSTATE ${danger.sqlstate}.`;
    case 'breaks':
      return `${danger.prepared === true ? 'Prepared before, this' : 'This'} worked before and fails afterwards, with SQLSTATE ${danger.sqlstate}:\n\n${fenced(danger.query)}`;
    case 'meanwhile':
      return `Between two of the steps this query returns a row:\n\n${fenced(danger.query)}`;
    case 'shows':
      return `${danger.fails === true ? 'It ends with an error. ' : ''}Afterwards this query returns a row:\n\n${fenced(danger.query)}`;
    case 'convention':
      return danger.reason;
  }
}

function mode(name: string): string {
  return `${/^[AE]/.test(name) ? 'an' : 'a'} ${name}`;
}

/** One statement per line. */
function fenced(sql: string): string {
  return `\`\`\`sql\n${sql.trim().replaceAll('; ', ';\n')}\n\`\`\``;
}
