/**
 * What a server, a socket or node-postgres throws, made into a FerrataError: a stable code, why, and what to do next.
 */
import { type ErrorCode, type ErrorDetails, FerrataError, isFerrataError } from '../errors.ts';
import { extensionHint } from './extensions.ts';
import { privilegeHint } from './privilege.ts';
import { redact } from './redact.ts';

export interface ErrorContext {
  /** `host:port/database`, safe to print. */
  readonly label?: string | undefined;
  readonly user?: string | undefined;
  readonly database?: string | undefined;
  /** The statement that failed; only read, never printed. */
  readonly sql?: string | undefined;
  /** True while the connection is being made: a broken socket then means "unreachable", not "lost". */
  readonly connecting?: boolean | undefined;
}

/** The fields of an ErrorResponse that node-postgres passes on (PostgreSQL manual, 55.8). */
interface ServerFields {
  readonly code: string;
  /** In the server's language. */
  readonly severity: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: string;
  readonly internalPosition?: string;
  readonly internalQuery?: string;
  readonly where?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly dataType?: string;
  readonly constraint?: string;
  readonly routine?: string;
}

/**
 * Never throws. A FerrataError comes back as it is. For server errors `details.data` keeps `position` (characters
 * from 1 in the text that was sent), `internalPosition`, `internalQuery`, `where`, `schema`, `table`, `column`,
 * `constraint`, as far as the server sent them.
 */
export function toFerrataError(error: unknown, context: ErrorContext = {}): FerrataError {
  if (isFerrataError(error)) return error;
  const server = serverFields(error);
  if (server !== null) return fromServer(server, error, context);
  return fromSocket(error, context);
}

/** The SQLSTATE of any error, ours or node-postgres'; null where there is none. */
export function sqlStateOf(error: unknown): string | null {
  if (isFerrataError(error)) return error.details.sqlState ?? null;
  return serverFields(error)?.code ?? null;
}

function serverFields(error: unknown): ServerFields | null {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return null;
  const { code, severity } = error as Error & { code: unknown; severity: unknown };
  if (typeof code !== 'string' || typeof severity !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return null;
  return error as unknown as ServerFields;
}

function fromServer(server: ServerFields, cause: unknown, context: ErrorContext): FerrataError {
  const message = redact(server.message);
  const data: Record<string, unknown> = {};
  for (const key of ['schema', 'table', 'column', 'dataType', 'constraint', 'where', 'routine'] as const) {
    const value = server[key];
    if (value !== undefined) data[key] = redact(value);
  }
  if (server.position !== undefined) data.position = Number(server.position);
  if (server.internalPosition !== undefined) data.internalPosition = Number(server.internalPosition);
  if (server.internalQuery !== undefined) data.internalQuery = redact(server.internalQuery);

  const { code, hint } = classify(server, context);
  const serverHint = server.hint === undefined ? undefined : redact(server.hint);
  const why = server.detail ?? (code === 'sql-failed' ? contextOf(server.where) : undefined);
  const details: ErrorDetails = {
    why: why === undefined ? whyOf(code, context) : redact(why),
    hint: [serverHint, hint].filter((part) => part !== undefined).join(' ') || fallbackHint(server.code),
    sqlState: server.code,
    data,
    cause,
  };
  return new FerrataError(code, prefixed(code, message, context), details);
}

function classify(
  server: ServerFields,
  context: ErrorContext,
): { readonly code: ErrorCode; readonly hint?: string | undefined } {
  const { message } = server;
  if (context.connecting && server.code === '08P01') {
    // PgBouncer reports everything as a protocol violation.
    if (/no such database|database .*does not exist/i.test(message)) {
      return { code: 'server-database-missing', hint: databaseHint(context) };
    }
    if (/auth|password|no such user|login|permitted/i.test(message)) {
      return { code: 'server-login', hint: loginHint(context) };
    }
  }
  switch (server.code) {
    case '28P01':
    case '28000':
      return {
        code: 'server-login',
        hint: /pg_hba\.conf/.test(message)
          ? 'The server does not let this host, user and database in this way: its administrator adds a line to ' +
            'pg_hba.conf; if the message says "no encryption", add sslmode=require to the URL.'
          : /role ".*" does not exist/.test(message)
            ? 'Check the user name in the URL, or create the role.'
            : loginHint(context),
      };
    case '3D000':
      return context.connecting
        ? { code: 'server-database-missing', hint: databaseHint(context) }
        : { code: 'sql-failed' };
    case '42501':
      return {
        code: 'server-privilege',
        hint: privilegeHint(message, server.detail, context.user, context.sql),
      };
    case '25006':
      return {
        code: 'server-read-only',
        hint:
          'Connect to the primary: on it SELECT pg_is_in_recovery() gives false. If it is the primary, ' +
          'default_transaction_read_only is on for this role, database or server.',
      };
    case '55P03':
      return {
        code: 'lock-timeout',
        hint: 'Another session holds a lock: pg_blocking_pids() names it. Try again, or in a quieter moment.',
      };
    case '0A000':
    case '58P01':
    case '3F000':
    case '42704':
    case '42883':
      return { code: 'sql-failed', hint: extensionHint(message) };
    case '57014':
      return cancelled(server);
    case '57P03':
      return {
        code: 'server-unreachable',
        hint: 'The server is starting up, shutting down or recovering: try again in a moment, and read its log.',
      };
    case '53300':
      return context.connecting
        ? {
            code: 'server-unreachable',
            hint: 'All connection slots are taken: close idle sessions (pg_stat_activity) or raise max_connections.',
          }
        : { code: 'sql-failed' };
    case '57P01':
    case '57P02':
    case '57P04':
    case '57P05':
    case '25P03':
    case '25P04':
      return {
        code: context.connecting ? 'server-unreachable' : 'server-connection-lost',
        hint: LOST_HINT,
      };
    default:
      // A statement that reaches another server (a subscription, a foreign table) may not get through to that one.
      if (server.code.startsWith('08') && !isAboutAnother(server)) {
        return context.connecting
          ? { code: 'server-unreachable', hint: UNREACHABLE_HINT }
          : { code: 'server-connection-lost', hint: LOST_HINT };
      }
      return { code: 'sql-failed' };
  }
}

/** A backend that reports with ERROR goes on with its client; a pooler names no routine of the server's. */
function isAboutAnother(server: ServerFields): boolean {
  return server.routine !== undefined && server.severity === 'ERROR';
}

/** 57014 is a timeout, a cancel request, or a COPY FROM STDIN that got no data. */
function cancelled(server: ServerFields): { code: ErrorCode; hint?: string } {
  const timeout =
    /statement timeout/.test(server.message) ||
    // Another language: the same routine raises the timeout and the user's cancel; a timeout is what ferrata asks for.
    (server.routine === 'ProcessInterrupts' && !/^canceling /.test(server.message));
  if (timeout) {
    return {
      code: 'statement-timeout',
      hint: 'Raise statementTimeoutMs in the policy for this environment, or split the work into smaller parts.',
    };
  }
  if (/COPY/.test(server.message)) return { code: 'sql-failed' };
  return { code: 'sql-failed', hint: 'Somebody cancelled the statement (pg_cancel_backend). Try again.' };
}

const UNREACHABLE_HINT =
  'Check that the server runs, that host and port in the URL are right, and that no firewall stands between.';
const LOST_HINT =
  'Run the same command again: it looks at what the server has done before it goes on. The server log says why the connection ended.';

function loginHint({ user }: ErrorContext): string {
  const role = user === undefined ? 'the user' : `user "${user}"`;
  return `Check the password of ${role} in the URL (special characters percent-encoded), in PGPASSWORD or in ~/.pgpass.`;
}

function databaseHint({ database }: ErrorContext): string {
  return database === undefined
    ? 'Check the database name in the URL.'
    : `Check the database name in the URL, or create it: createdb ${database}`;
}

function fallbackHint(sqlState: string): string | undefined {
  if (sqlState === '40P01' || sqlState === '40001') return 'Another session was in the way: try again.';
  if (sqlState.startsWith('53'))
    return 'The server is out of a resource (disk, memory, connections): see its log.';
  return undefined;
}

/** The first line of CONTEXT says which function the statement was in. */
function contextOf(where: string | undefined): string | undefined {
  return where === undefined ? undefined : `In ${where.split('\n', 1)[0]}`;
}

function whyOf(code: ErrorCode, { label }: ErrorContext): string | undefined {
  if (code === 'server-read-only' && label !== undefined) {
    return `${label} does not accept writes: a standby, or a session that is read-only.`;
  }
  return undefined;
}

function prefixed(code: ErrorCode, message: string, { label }: ErrorContext): string {
  if (label === undefined) return message;
  switch (code) {
    case 'server-unreachable':
      return `${label} can not be reached: ${message}`;
    case 'server-login':
      return `${label} refuses the login: ${message}`;
    case 'server-database-missing':
      return `${label}: ${message}`;
    case 'server-connection-lost':
      return `The connection to ${label} was lost: ${message}`;
    default:
      return message;
  }
}

const LOST =
  /Connection terminated|connection error and is not queryable|Client was closed|read ECONNRESET|write EPIPE|socket hang up|This socket has been ended|not queryable/i;

function fromSocket(error: unknown, context: ErrorContext): FerrataError {
  const message = redact(messageOf(error));
  const code = codeOf(error);
  const label = context.label;
  if (/password must be a (non-empty )?string/i.test(message)) {
    return new FerrataError(
      'server-login',
      prefixed('server-login', 'it asks for a password and none was given', context),
      {
        hint: loginHint(context),
        cause: error,
      },
    );
  }
  if (/does not support SSL/i.test(message)) {
    return new FerrataError(
      'server-unreachable',
      prefixed('server-unreachable', 'it does not support SSL', context),
      {
        why: 'The URL asks for an encrypted connection (sslmode) and the server has ssl = off.',
        hint: 'Turn ssl on in postgresql.conf, or write sslmode=disable in the URL.',
        cause: error,
      },
    );
  }
  if (
    /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS|ERR_SSL|EPROTO/.test(code) ||
    /certificate|SSL|TLS/.test(message)
  ) {
    return new FerrataError('server-unreachable', prefixed('server-unreachable', message, context), {
      why: "The server's certificate could not be verified, or the encrypted connection could not be made.",
      hint: 'Give its root certificate with sslrootcert=<file> in the URL; sslmode=require encrypts without verifying.',
      cause: error,
    });
  }
  if (context.connecting) {
    return new FerrataError(
      'server-unreachable',
      prefixed('server-unreachable', plain(code, message), context),
      { hint: unreachableHint(code, message, label), cause: error },
    );
  }
  if (LOST.test(message) || /^(ECONN|EPIPE|ETIMEDOUT|EHOST|ENET)/.test(code)) {
    return new FerrataError(
      'server-connection-lost',
      prefixed('server-connection-lost', plain(code, message), context),
      { hint: LOST_HINT, cause: error },
    );
  }
  return new FerrataError('internal', message, {
    hint: 'This is a defect of ferrata: please report it with the command and the output.',
    cause: error,
  });
}

function plain(code: string, message: string): string {
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there (connection refused)';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name is not known';
    case 'ENOENT':
      return 'the socket file does not exist';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no route to the host';
    case 'ETIMEDOUT':
      return 'no answer in time';
    case 'ECONNRESET':
    case 'EPIPE':
      return 'the other side closed the connection';
    default:
      return /timeout expired/.test(message) ? 'no answer in time' : message;
  }
}

function unreachableHint(code: string, message: string, label: string | undefined): string {
  const place = label ?? 'the host and port of the URL';
  switch (code) {
    case 'ECONNREFUSED':
      return `Check that the server runs and listens (listen_addresses, port) on ${place}: pg_isready tells.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'Check the host name in the URL, and that name resolution works on this machine.';
    case 'ENOENT':
      return 'Check unix_socket_directories and port of the server against the host in the URL.';
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'Check host, port, firewall and VPN; connect_timeout=<seconds> in the URL waits longer.';
    default:
      return /timeout expired/.test(message)
        ? 'Check host, port, firewall and VPN; connect_timeout=<seconds> in the URL waits longer.'
        : UNREACHABLE_HINT;
  }
}

function messageOf(error: unknown): string {
  // "Happy eyeballs" throws an AggregateError without a message of its own.
  if (error instanceof AggregateError && error.message === '') return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
