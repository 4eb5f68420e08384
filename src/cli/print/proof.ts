/** A proof for a terminal: the verdict first, then what each rollback point showed. */
import type { Difference, Json } from '../../catalog/model.ts';
import type { Proof, RollbackPoint } from '../../prepare/model.ts';
import { count, duration, hang, wrap } from './layout.ts';
import type { Palette } from './palette.ts';

export function printProof(proof: Proof, p: Palette, width: number): string {
  const verdict =
    proof.outcome === 'proved'
      ? p.green(p.bold('proved'))
      : proof.outcome === 'refuted'
        ? p.red(p.bold('refuted'))
        : p.red(p.bold('failed'));
  const basis =
    proof.outcome === 'proved'
      ? `${proof.level === 2 ? 'schema and data' : 'schema only'}, ${proof.dataSource} rows, PostgreSQL ${proof.serverMajor}`
      : `PostgreSQL ${proof.serverMajor}`;
  const lines = [
    hang(`${verdict} ${p.bold(proof.migration)} ${p.dim(`(${basis}, ${duration(proof.ms)})`)}`, width),
  ];
  if (proof.error !== null) {
    lines.push(
      ...wrap(`[${proof.error.code}] ${proof.error.message}`, width - 2).map((line) => p.red(`  ${line}`)),
    );
    if (proof.error.at !== null) {
      lines.push(p.cyan(`  ${proof.error.at.file}:${proof.error.at.line}:${proof.error.at.column}`));
    }
  }
  for (const point of proof.rollbackPoints) lines.push(...printPoint(point, p, width));
  if (proof.redo === 'different' && proof.rollbackPoints.length > 0 && proof.error === null) {
    lines.push(p.red('  up → down → up does not give the schema that up gave:'));
    lines.push(...proof.redoDifferences.slice(0, 8).map((d) => `    ${printDifference(d, p)}`));
  }
  for (const note of proof.notes) lines.push(...wrap(note, width - 2).map((line) => p.dim(`  ${line}`)));
  if (proof.derivedRollback !== null) {
    lines.push(
      hang(
        'The written down.sql does not restore; this derived rollback does (proved on the same copy):',
        width,
        2,
      ),
    );
    lines.push(
      ...proof.derivedRollback.map((sql) => p.green(`    ${sql}${sql.startsWith('--') ? '' : ';'}`)),
    );
  }
  return lines.join('\n');
}

function printPoint(point: RollbackPoint, p: Palette, width: number): string[] {
  const schema =
    point.schema === 'equal'
      ? p.green('schema equal')
      : point.schema === 'cosmetic'
        ? p.yellow('schema equal but for column order')
        : p.red('schema different');
  const data =
    point.data === 'equal'
      ? p.green('data equal')
      : point.data === 'lost'
        ? p.red('data lost')
        : p.yellow('data untested');
  const late =
    point.lateRows === 'kept'
      ? p.green('late rows kept')
      : point.lateRows === 'lost'
        ? p.red('late rows lost')
        : point.lateRows === 'refused'
          ? p.yellow('late rows refused')
          : p.dim('late rows untested');
  const lines = [
    hang(
      `back from ${point.afterStep} by the ${point.inverse} rollback: ${schema}, ${data}, ${late}`,
      width,
      2,
    ),
  ];
  const shown = point.differences.filter((d) => !d.cosmetic).slice(0, 12);
  lines.push(...shown.flatMap((d) => wrap(printDifference(d, p), width - 4).map((line) => `    ${line}`)));
  if (point.differences.length > shown.length && shown.length === 12) {
    lines.push(p.dim(`    … and ${point.differences.length - shown.length} more differences`));
  }
  for (const loss of point.losses) {
    const where = loss.column === '*' ? loss.table : `${loss.table}.${loss.column}`;
    lines.push(`    ${p.red('-')} ${where}: ${count(loss.rows, 'row')} not as before`);
  }
  for (const row of point.lateRowDetails.filter((r) => r.outcome !== 'kept').slice(0, 6)) {
    const held = row.held ? 'both shapes hold it' : 'the old shape cannot hold it';
    lines.push(
      ...wrap(
        `late row in ${row.table} (${row.what}; ${held}): ${row.outcome}${row.detail === null ? '' : `: ${row.detail}`}`,
        width - 4,
      ).map((line) => `    ${line}`),
    );
  }
  return lines;
}

export function printDifference(difference: Difference, p: Palette): string {
  const { kind, object, property, before, after } = difference;
  if (property === 'presence') {
    return after === 'absent'
      ? `${p.red('-')} ${kind} ${object} is missing`
      : `${p.green('+')} ${kind} ${object} is left over`;
  }
  return `${p.yellow('~')} ${kind} ${object}: ${property} was ${show(before)}, is ${show(after)}`;
}

function show(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const flat = text.replace(/\s+/g, ' ');
  return flat.length > 160 ? `${flat.slice(0, 157)}…` : flat;
}
