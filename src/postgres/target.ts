/**
 * A connection string, read once: where to connect, as whom, how. Accepts URLs (`postgres://user@host:port/db?…`) and
 * libpq's keyword/value form (`host=… dbname=…`); PostgreSQL manual, 34.1.1.
 */
import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { ConnectionOptions } from 'node:tls';
import { FerrataError } from '../errors.ts';

export interface Target {
  /** Tried in this order; a host that starts with `/` is a Unix socket's directory. */
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly user: string;
  readonly password: string | null;
  readonly database: string;
  readonly ssl: SslMode;
  readonly tls: ConnectionOptions;
  readonly tlsFiles: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly options: string | null;
  readonly connectTimeoutMs: number;
  /** True when a standby must be passed over (`target_session_attrs`). */
  readonly primaryOnly: boolean;
}

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'no-verify', 'verify-ca', 'verify-full'] as const;
type SslMode = (typeof SSL_MODES)[number];

const DEFAULT_CONNECT_TIMEOUT_S = 10;

/** Reads a connection string. Throws `config-invalid`; the message never holds the string itself. */
export function parseTarget(url: string, env: NodeJS.ProcessEnv = process.env): Target {
  const given = url.includes('://') ? parseUrl(url) : parsePairs(url);
  const value = (key: string, variable: string): string | null => given.get(key) || env[variable] || null;

  const user = value('user', 'PGUSER') ?? osUser();
  const host = value('host', 'PGHOST') ?? 'localhost';
  const ports = (value('port', 'PGPORT') ?? '5432').split(',');
  const hosts = host.split(',').map((name, index) => ({
    host: name === '' ? 'localhost' : name,
    port: parsePort(ports[index] ?? ports[0] ?? '5432'),
  }));
  const ca = value('sslrootcert', 'PGSSLROOTCERT');
  const mode = sslMode(given, env, hosts[0]?.host ?? 'localhost', ca !== null);
  const cert = value('sslcert', 'PGSSLCERT');
  const key = value('sslkey', 'PGSSLKEY');
  const timeout = Number(value('connect_timeout', 'PGCONNECT_TIMEOUT') ?? DEFAULT_CONNECT_TIMEOUT_S);
  const session = value('target_session_attrs', 'PGTARGETSESSIONATTRS');
  const tlsFiles = {
    ...(ca !== null && ca !== 'system' && { ca }),
    ...(cert !== null && { cert }),
    ...(key !== null && { key }),
  };
  return {
    hosts,
    user,
    password: value('password', 'PGPASSWORD'),
    database: value('dbname', 'PGDATABASE') ?? user,
    ssl: mode,
    tls: mode === 'disable' ? {} : tlsOptions(mode, tlsFiles),
    tlsFiles,
    options: value('options', 'PGOPTIONS'),
    connectTimeoutMs:
      Number.isFinite(timeout) && timeout > 0 ? timeout * 1000 : DEFAULT_CONNECT_TIMEOUT_S * 1000,
    primaryOnly: session === 'read-write' || session === 'primary',
  };
}

/** `host:port/database`: safe to print. */
export function labelOf(target: Target): string {
  const hosts = target.hosts.map(({ host, port }) => `${bracketed(host)}:${port}`);
  return `${hosts.join(',')}/${target.database}`;
}

function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** What libpq's programs (pg_dump, psql) need in their environment to reach the same place. */
export function libpqEnvironment(target: Target): Record<string, string> {
  return {
    PGHOST: target.hosts.map(({ host }) => host).join(','),
    PGPORT: target.hosts.map(({ port }) => String(port)).join(','),
    PGUSER: target.user,
    PGDATABASE: target.database,
    ...(target.password !== null && { PGPASSWORD: target.password }),
    PGSSLMODE: target.ssl === 'no-verify' ? 'require' : target.ssl,
    ...(target.tlsFiles.ca !== undefined && { PGSSLROOTCERT: target.tlsFiles.ca }),
    ...(target.tlsFiles.cert !== undefined && { PGSSLCERT: target.tlsFiles.cert }),
    ...(target.tlsFiles.key !== undefined && { PGSSLKEY: target.tlsFiles.key }),
    ...(target.options !== null && { PGOPTIONS: target.options }),
    ...(target.primaryOnly && { PGTARGETSESSIONATTRS: 'read-write' }),
    PGCONNECT_TIMEOUT: String(Math.ceil(target.connectTimeoutMs / 1000)),
    PGCLIENTENCODING: 'UTF8',
  };
}

function parseUrl(url: string): Map<string, string> {
  // Not `new URL`: real passwords hold '#', '%' and '@' that nobody escaped, and several hosts may stand in one URL.
  const match = /^postgres(?:ql)?:\/\/(?:([^/?]*)@)?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/s.exec(url.trim());
  if (match === null) {
    const scheme = /^[a-z][a-z0-9+.-]*(?=:\/\/)/i.exec(url.trim())?.[0];
    throw new FerrataError(
      'config-invalid',
      scheme !== undefined && !/^postgres(ql)?$/i.test(scheme)
        ? `The connection URL starts with ${scheme}://, which is not PostgreSQL`
        : 'The connection URL can not be read',
      { hint: URL_HINT },
    );
  }
  const [, credentials, authority = '', database, query] = match;
  const given = new Map<string, string>();
  for (const [key, value] of new URLSearchParams((query ?? '').replaceAll('+', '%2B'))) {
    given.set(key === 'database' ? 'dbname' : key === 'username' ? 'user' : key, value);
  }
  const put = (key: string, value: string | undefined): void => {
    if (value !== undefined && value !== '' && !given.has(key)) given.set(key, decode(value));
  };
  if (credentials !== undefined) {
    const colon = credentials.indexOf(':');
    put('user', colon === -1 ? credentials : credentials.slice(0, colon));
    if (colon !== -1) put('password', credentials.slice(colon + 1));
  }
  if (authority !== '') {
    const parts = authority
      .split(',')
      .map((part) => /^(?:\[(.*)\]|([^:]*))(?::(\d*))?$/.exec(part) ?? refusePort());
    put('host', parts.map((part) => part[1] ?? part[2] ?? '').join(','));
    if (parts.some((part) => part[3])) put('port', parts.map((part) => part[3] || '5432').join(','));
  }
  put('dbname', database);
  return given;
}

function parsePairs(text: string): Map<string, string> {
  const given = new Map<string, string>();
  const pair = /\s*([a-z_]+)\s*=\s*(?:'((?:[^'\\]|\\.)*)'|((?:[^\s\\]|\\.)*))\s*/gsy;
  while (pair.lastIndex < text.length) {
    const match = pair.exec(text);
    if (match === null) {
      throw new FerrataError('config-invalid', 'The connection string can not be read', { hint: URL_HINT });
    }
    given.set(match[1] ?? '', (match[2] ?? match[3] ?? '').replace(/\\(.)/gs, '$1'));
  }
  if (given.size === 0) {
    throw new FerrataError('config-invalid', 'The connection string is empty', { hint: URL_HINT });
  }
  return given;
}

const URL_HINT =
  'Write it as postgres://user:password@host:5432/database, special characters in the password percent-encoded.';

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a stray '%' in a password that nobody escaped
  }
}

function refusePort(): never {
  throw new FerrataError('config-invalid', 'The host and port of the connection URL can not be read', {
    hint: URL_HINT,
  });
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw new FerrataError('config-invalid', `The port in the connection URL is not a port: ${text}`, {
      hint: URL_HINT,
    });
  }
  return port;
}

function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'postgres'; // a container's user without a passwd entry
  }
}

/** libpq's default is `prefer`; on the machine itself encryption would only cost a round trip. */
function sslMode(
  given: ReadonlyMap<string, string>,
  env: NodeJS.ProcessEnv,
  host: string,
  hasCa: boolean,
): SslMode {
  const text = given.get('sslmode') || env.PGSSLMODE;
  if (text) {
    const mode = SSL_MODES.find((known) => known === text);
    if (mode === undefined) {
      throw new FerrataError('config-invalid', `sslmode is ${text}`, {
        hint: `Allowed are ${SSL_MODES.join(', ')}.`,
      });
    }
    // PostgreSQL manual, 34.19.1: with a root certificate `require` verifies as `verify-ca` does.
    return mode === 'require' && hasCa ? 'verify-ca' : mode;
  }
  const ssl = given.get('ssl');
  if (ssl === 'true' || ssl === '1') return 'verify-full';
  if (ssl === 'no-verify') return 'no-verify';
  if (ssl === 'false' || ssl === '0') return 'disable';
  return host.startsWith('/') || host === 'localhost' || host === '127.0.0.1' || host === '::1'
    ? 'disable'
    : 'prefer';
}

function tlsOptions(mode: SslMode, files: Target['tlsFiles']): ConnectionOptions {
  const read = (kind: string, path: string): string => {
    try {
      return readFileSync(path, 'utf8');
    } catch (cause) {
      throw new FerrataError('config-unreadable', `The ${kind} file ${path} can not be read`, {
        why: cause instanceof Error ? cause.message : undefined,
        hint: 'Check the path in the connection URL (sslrootcert, sslcert, sslkey) and its permissions.',
      });
    }
  };
  return {
    ...(files.ca !== undefined && { ca: read('sslrootcert', files.ca) }),
    ...(files.cert !== undefined && { cert: read('sslcert', files.cert) }),
    ...(files.key !== undefined && { key: read('sslkey', files.key) }),
    ...(mode === 'verify-full' || mode === 'verify-ca' ? {} : { rejectUnauthorized: false }),
    ...(mode === 'verify-ca' && { checkServerIdentity: () => undefined }),
  };
}
