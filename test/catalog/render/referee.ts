/**
 * The second opinion: PostgreSQL's own `pg_dump --schema-only`. What it prints is compared where our own reader finds
 * two states equal, so that nothing goes unseen merely because the reader does not know it.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Connector } from '../../../src/postgres/connection.ts';
import { findClient } from '../../../src/postgres/programs.ts';

const run = promisify(execFile);

/** So many dumps at a time: each has a process and a connection of its own. */
const AT_A_TIME = 2;

export class Referee {
  readonly #program: string;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  private constructor(program: string) {
    this.#program = program;
  }

  /**
   * For servers of this major; a reason (to be printed) where no `pg_dump` is installed that serves. A newer one reads
   * an older server too, which `newer` admits: worth its time only where all majors are run.
   */
  static async forMajor(major: number, newer: boolean): Promise<Referee | string> {
    const client = await findClient('pg_dump', major);
    if (client === null) return `no pg_dump of ${major} or newer is installed, so its dumps are not compared`;
    if (client.major !== major && !newer) {
      return `the pg_dump that is installed is of ${client.major}; its dumps are compared with FERRATA_TEST_MAJORS=all`;
    }
    return new Referee(client.path);
  }

  /** The database's schema, its own properties included, without what is random in the text. */
  async dump(connector: Connector): Promise<string> {
    const environment = connector.clientEnvironment();
    const { stdout } = await this.#inTurn(() =>
      run(this.#program, ['--schema-only', '--create'], {
        env: { ...process.env, ...environment },
        maxBuffer: 1 << 28,
      }),
    );
    return stable(stdout, environment.PGDATABASE ?? '');
  }

  /**
   * The first lines that differ; null where the dumps are the same, byte for byte. `cosmetic`: columns may stand in
   * another order (and with them what is said column by column).
   */
  compare(wanted: string, actual: string, cosmetic: boolean): string | null {
    const [want, is] = cosmetic ? [unordered(wanted), unordered(actual)] : [wanted, actual];
    return want === is ? null : firstDifference(want.split('\n'), is.split('\n'));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    while (this.#running >= AT_A_TIME) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#running++;
    try {
      return await work();
    } finally {
      this.#running--;
      this.#waiting.shift()?.();
    }
  }
}

/**
 * Without what means nothing: the random token around a dump (since the fixes of CVE-2025-8714), the random name of the
 * test database, the order in which options were set and privileges granted, which are sets, and the space before VALUES
 * in FROM, which is there from the second time on that a view is made of its own text (src/catalog/deparsed.ts).
 */
function stable(dump: string, database: string): string {
  const text = dump
    .replace(/^\\(?:un)?restrict \w+$/gm, '')
    .replaceAll('FROM ( VALUES ', 'FROM (VALUES ')
    .replace(OPTIONS, sortedOptions)
    .replace(GRANTS, sortedGrants);
  return database === '' ? text : text.replaceAll(database, 'the_database');
}

/** `WITH (fillfactor='70', toast.autovacuum_enabled='false')`, as tables, views and indexes have it. */
const OPTIONS = /(?<=\bWITH \()[\w.]+=(?:'(?:[^']|'')*'|\w+)(?:, [\w.]+=(?:'(?:[^']|'')*'|\w+))+(?=\))/g;

function sortedOptions(list: string): string {
  return list
    .split(/, (?=[\w.]+=)/)
    .sort()
    .join(', ');
}

/** GRANTs one after the other, each perhaps in another role's name. */
const GRANTS = /(?:^(?:SET SESSION AUTHORIZATION .*\nGRANT .*\nRESET SESSION AUTHORIZATION;|GRANT .*)\n)+/gm;

function sortedGrants(lines: string): string {
  const grants =
    lines.match(/(?:SET SESSION AUTHORIZATION .*\n)?GRANT .*\n(?:RESET SESSION AUTHORIZATION;\n)?/g) ?? [];
  return grants.sort().join('');
}

/** `CREATE STATISTICS … ON a, b FROM t`: printed in the order in which the columns stand in their table. */
const STATISTICS =
  /(?<=^CREATE STATISTICS .* ON )(?:"(?:[^"]|"")+"|\w+)(?:, (?:"(?:[^"]|"")+"|\w+))+(?= FROM )/gm;

function sortedColumns(list: string): string {
  return (list.match(/"(?:[^"]|"")+"|\w+/g) ?? []).sort().join(', ');
}

/** Paragraphs, and within CREATE TABLE the columns, in the order of their text. */
function unordered(dump: string): string {
  return dump
    .replace(STATISTICS, sortedColumns)
    .split(/\n\n+/)
    .map((paragraph) => paragraph.trim())
    .filter((paragraph) => paragraph !== '' && paragraph !== '--')
    .map((paragraph) =>
      /^CREATE (?:UNLOGGED |FOREIGN )?TABLE /.test(paragraph)
        ? paragraph
            .split('\n')
            .map((line) => line.replace(/,$/, ''))
            .sort()
            .join('\n')
        : paragraph,
    )
    .sort()
    .join('\n\n');
}

function firstDifference(wanted: readonly string[], actual: readonly string[]): string {
  const most = Math.max(wanted.length, actual.length);
  let from = 0;
  while (from < most && wanted[from] === actual[from]) from++;
  const context = wanted.slice(Math.max(0, from - 3), from).map((line) => `    ${line}`);
  const shown = (lines: readonly string[], mark: string): string[] =>
    lines.slice(from, from + 8).map((line) => `  ${mark} ${line}`);
  return ['the dumps differ:', ...context, ...shown(wanted, '-'), ...shown(actual, '+')].join('\n');
}
