/** An assessment for a terminal: one line of verdict, a table of statements, the findings as small lessons. */
import type { Assessment, Finding, StatementFacts } from '../../assess/model.ts';
import type { Risk } from '../../config/settings.ts';
import { bytes, count, hang, table, wrap } from './layout.ts';
import type { Palette } from './palette.ts';

export function printAssessment(assessment: Assessment, p: Palette, width: number): string {
  const name = assessment.migration ?? assessment.file;
  const lines = [
    hang(
      `${p.bold(name)}  ${riskWord(assessment.risk, p)} risk, ${assessment.type}, ${assessment.reversible ? p.green('reversible') : p.red('not reversible')}`,
      width,
    ),
    ...assessment.reasons.map((reason) => hang(p.dim(`because ${reason}`), width, 2)),
    '',
    table(
      assessment.statements.map((statement) => statementRow(statement, p)),
      width,
    ),
  ];
  const sizes = assessment.relations.filter((relation) => relation.rows !== null || relation.bytes !== null);
  if (sizes.length > 0) {
    lines.push(
      '',
      ...sizes.map((size) =>
        hang(
          `${size.relation}: ${size.rows === null ? '? rows' : `about ${size.rows.toLocaleString('en-US')} rows`}${size.bytes === null ? '' : `, ${bytes(size.bytes)}`}, ${count(size.indexes, 'index', 'indexes')}`,
          width,
          2,
        ),
      ),
    );
  }
  for (const finding of assessment.findings)
    lines.push('', ...printFinding(finding, assessment.file, p, width));
  return lines.join('\n');
}

/** Statements that run code which is not in the tree. */
const OPAQUE: ReadonlySet<string> = new Set(['DoStmt', 'CallStmt']);

/** Place, kind, and all that is to be said about it in the one column that wraps. */
function statementRow(statement: StatementFacts, p: Palette): string[] {
  const locks = [...new Set(statement.locks.map((lock) => `${lock.mode} on ${lock.relation}`))];
  // The text of a block or a call does not tell what it does: an empty list of locks would be a lie.
  const opaque = OPAQUE.has(statement.kind) && locks.length === 0;
  const facts = [
    opaque ? p.yellow('not known from its text: the rehearsal shows what it does') : '',
    locks.join(', '),
    opaque ? '' : blockedWords(statement, p),
    ...statement.rewrites.map((relation) => p.yellow(`rewrites ${relation}`)),
    ...statement.scans.map((relation) => `scans ${relation}`),
    ...statement.builds.map((index) => `builds ${index}`),
    ...statement.loses.map((loss) => p.red(`loses ${loss.what} (${loss.object})`)),
    statement.transactional ? '' : 'outside a transaction',
  ];
  return [`line ${statement.line}`, words(statement.kind), facts.filter((fact) => fact !== '').join('; ')];
}

function blockedWords({ blocks }: StatementFacts, p: Palette): string {
  switch (blocks) {
    case 'nothing':
      return p.green('blocks nothing');
    case 'writes':
      return p.yellow('blocks writes');
    case 'reads and writes':
      return p.red('blocks reads and writes');
    default: {
      const unknown: never = blocks;
      return unknown;
    }
  }
}

function printFinding(finding: Finding, file: string, p: Palette, width: number): string[] {
  const colour = finding.severity === 'danger' ? p.red : finding.severity === 'warning' ? p.yellow : p.cyan;
  return [
    hang(`${colour(finding.severity)} ${p.bold(finding.title)} ${p.dim(`[${finding.id}]`)}`, width, 2),
    `    ${p.cyan(`${file}:${finding.line}:${finding.column}`)}`,
    ...wrap(finding.message, width - 4).map((line) => `    ${line}`),
    ...wrap(finding.why, width - 4).map((line) => p.dim(`    ${line}`)),
    ...(finding.safeSql.length === 0
      ? []
      : ['    instead:', ...finding.safeSql.map((sql) => `      ${p.green(sql)}`)]),
  ];
}

export function riskWord(risk: Risk, p: Palette): string {
  switch (risk) {
    case 'low':
      return p.green(risk);
    case 'medium':
      return p.yellow(risk);
    case 'high':
    case 'critical':
      return p.red(p.bold(risk));
    default: {
      const unknown: never = risk;
      return unknown;
    }
  }
}

/** `AlterTableStmt` → `alter table`. */
function words(kind: string): string {
  return kind
    .replace(/Stmt$/, '')
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase();
}
