/** The schema as pg_dump writes it, in two parts: what comes before the rows, and what comes after them. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ATTIC_SCHEMA, LEDGER_SCHEMA } from '../../catalog/model.ts';
import type { Connector } from '../../postgres/connection.ts';
import { findClient } from '../../postgres/programs.ts';
import { withoutWatch } from '../dumped.ts';

const run = promisify(execFile);

/** Null where no pg_dump of at least the server's major is installed, or it can't read the schema. */
export async function dumpSchema(
  connector: Connector,
  major: number,
): Promise<{ readonly before: string; readonly after: string } | null> {
  const client = await findClient('pg_dump', major);
  if (client === null) return null;
  const section = async (name: string) => {
    const { stdout } = await run(
      client.path,
      [
        `--section=${name}`,
        '--no-security-labels',
        // The caller holds locks: who waits behind somebody who waits for them must give up.
        '--lock-wait-timeout=2000',
        '--no-password',
        `--exclude-schema=${LEDGER_SCHEMA}`,
        `--exclude-schema=${ATTIC_SCHEMA}`,
      ],
      { env: { ...process.env, ...connector.clientEnvironment() }, maxBuffer: 1 << 30 },
    );
    return forServer(withoutWatch(stdout));
  };
  try {
    return { before: await section('pre-data'), after: await section('post-data') };
  } catch {
    // The rendered schema is there anyway.
    return null;
  }
}

/**
 * Without psql's own lines (\restrict, since the releases of August 2025) and without settings that an older server
 * does not know or that would outlive the transaction.
 */
function forServer(sql: string): string {
  return sql
    .split('\n')
    .filter(
      (line) =>
        !/^(\\(un)?restrict |SET (transaction_timeout|row_security|statement_timeout|lock_timeout|idle_in_transaction_session_timeout|client_encoding) =)/.test(
          line,
        ),
    )
    .map((line) =>
      line === "SELECT pg_catalog.set_config('search_path', '', false);"
        ? "SET LOCAL search_path = '';"
        : line,
    )
    .join('\n');
}
