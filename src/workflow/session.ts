/** The environment's database, opened for one command: its URL, or the embedded server where there is none. */
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { createConnector } from '../postgres/connect.ts';
import type { Connection, Connector } from '../postgres/connection.ts';
import { useEmbedded } from '../postgres/embedded.ts';

export interface Session {
  readonly settings: Settings;
  readonly connector: Connector;
  readonly reporter: Reporter;
  /** The connection that the command's own queries use. */
  readonly connection: Connection;
}

/**
 * Opens the environment's database, runs `work`, and closes what was opened; the embedded server stops with its last
 * user. Throws what connecting throws (`server-*`).
 */
export async function withSession<T>(
  settings: Settings,
  reporter: Reporter,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const { url } = settings.environment;
  if (url !== null) return withConnector(settings, reporter, createConnector(url), work);
  const embedded = await useEmbedded(settings.directory);
  try {
    return await withConnector(settings, reporter, embedded.connector, work);
  } finally {
    await embedded.release();
  }
}

async function withConnector<T>(
  settings: Settings,
  reporter: Reporter,
  connector: Connector,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const connection = await connector.connect();
  try {
    if (connection.server.major > NEWEST_KNOWN_MAJOR) {
      reporter({
        type: 'warning',
        message: `PostgreSQL ${connection.server.major} is newer than this version of Ferrata knows (${NEWEST_KNOWN_MAJOR}).`,
        hint: 'rehearse on the same major before you rely on it',
      });
    }
    return await work({ settings, connector, reporter, connection });
  } finally {
    await connection.close();
  }
}

const NEWEST_KNOWN_MAJOR = 18;

/** Throws `server-read-only` where the session's server takes no writes. */
export function requireWritable(session: Session): void {
  const { server } = session.connection;
  if (!server.inRecovery) return;
  throw new FerrataError('server-read-only', `${server.label} is a replica: nothing can be written there.`, {
    why: 'The server is in recovery (pg_is_in_recovery).',
    hint: 'Give the primary’s URL.',
  });
}
