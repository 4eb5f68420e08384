/**
 * Makes Settings from what nobody has checked: a configuration file, environment variables, flags. The only reader of
 * any of them.
 */
import { dirname, resolve } from 'node:path';
import { FerrataError } from '../errors.ts';
import { closest } from './closest.ts';
import { findConfigFile, readConfigFile } from './file.ts';
import { resolveMonitor } from './monitor.ts';
import { defaultPolicy, KNOWN_ENVIRONMENTS } from './policy.ts';
import type { EnvironmentConfig, ParsedConfig, PolicyConfig } from './schema.ts';
import type { AssessConfig, Environment, Policy, Settings } from './settings.ts';

export interface LoadOptions {
  readonly cwd: string;
  /** `--config`: a path; null or absent: looked for in `cwd` and above. */
  readonly config?: string | null | undefined;
  /** `--env`. */
  readonly env?: string | null | undefined;
  /** `--url`: goes before every other URL. */
  readonly url?: string | null | undefined;
  readonly processEnv: Readonly<Record<string, string | undefined>>;
}

/** The word that stands for the server under `.ferrata` where a URL is expected. */
const EMBEDDED = 'embedded';

/**
 * The settings for one environment, frozen. The URL is, in this order: `--url`, the environment's own in the file,
 * DATABASE_URL; without any the environment `development` uses the embedded server. Throws `config-invalid`,
 * `config-unreadable`, `environment-unknown`.
 */
export async function loadSettings(options: LoadOptions): Promise<Settings> {
  const cwd = resolve(options.cwd);
  const configFile =
    options.config === null || options.config === undefined
      ? findConfigFile(cwd)
      : resolve(cwd, options.config);
  const config = configFile === null ? {} : await parse(configFile);
  const root = configFile === null ? cwd : dirname(configFile);
  const configured = config.environments ?? {};
  const name = chooseEnvironment(options, config);
  const environment = resolveEnvironment(name, configured[name] ?? {}, options, configFile);
  const names = Object.keys(configured);
  return deepFreeze({
    root,
    configFile,
    migrations: resolve(root, config.migrations ?? 'migrations'),
    directory: resolve(root, config.directory ?? '.ferrata'),
    environment,
    ...(config.assess === undefined ? {} : { assess: assessConfig(config.assess) }),
    environments: names.includes(name) ? names : [...names, name],
  });
}

async function parse(file: string): Promise<ParsedConfig> {
  const [{ parseConfig }, given] = await Promise.all([import('./schema.ts'), readConfigFile(file)]);
  return parseConfig(given, file);
}

function chooseEnvironment(options: LoadOptions, config: ParsedConfig): string {
  const configured = Object.keys(config.environments ?? {});
  const asked = options.env ?? options.processEnv.FERRATA_ENV;
  if (asked) {
    const known = [...configured, ...KNOWN_ENVIRONMENTS];
    // Without a list of environments any name may be meant; with one a stranger is a slip.
    if (configured.length === 0 || known.includes(asked)) return asked;
    throw unknownEnvironment(asked, configured);
  }
  const preset = config.defaultEnvironment;
  if (preset !== undefined) {
    if (configured.includes(preset) || preset === 'development') return preset;
    throw unknownEnvironment(preset, configured, 'defaultEnvironment');
  }
  const [only] = configured;
  const direct = options.url ?? options.processEnv.DATABASE_URL;
  if (configured.length === 1 && only !== undefined && !direct) return only;
  return 'development';
}

function unknownEnvironment(name: string, configured: readonly string[], key = '--env'): FerrataError {
  const near = closest(name, configured);
  return new FerrataError(
    'environment-unknown',
    `There is no environment ${name}${near === null ? '' : `; did you mean ${near}?`}`,
    {
      why: `${key} names it.`,
      hint:
        configured.length === 0
          ? 'The configuration has no environments.'
          : `The configuration has: ${configured.join(', ')}.`,
    },
  );
}

function resolveEnvironment(
  name: string,
  configured: EnvironmentConfig,
  options: LoadOptions,
  configFile: string | null,
): Environment {
  const read = (text: string, key: string): string => expand(text, key, options.processEnv, configFile);
  const path = `environments.${name}`;
  const given =
    options.url ||
    (configured.url !== undefined ? read(configured.url, `${path}.url`) : options.processEnv.DATABASE_URL) ||
    null;
  if (given === null && name !== 'development') {
    // Never the embedded server in place of a production that somebody forgot to name.
    throw new FerrataError('config-invalid', `The environment ${name} has no URL`, {
      why: `${configFile === null ? 'There is no configuration file' : `${path}.url is missing in ${configFile}`}, and neither --url nor DATABASE_URL is given.`,
      hint: `Set ${path}.url (env:NAME reads it from a variable), DATABASE_URL or --url; the word ${EMBEDDED} stands for the embedded server.`,
    });
  }
  return {
    name,
    url: given === EMBEDDED ? null : given,
    policy: resolvePolicy(name, configured.policy ?? {}, (text, key) => read(text, `${path}.policy.${key}`)),
  };
}

function assessConfig(given: NonNullable<ParsedConfig['assess']>): AssessConfig {
  const { rules, naming, ...rest } = withoutUndefined(given);
  return {
    ...rest,
    ...(rules === undefined ? {} : { rules }),
    ...(naming === undefined ? {} : { naming: withoutUndefined(naming) as Readonly<Record<string, string>> }),
  };
}

function resolvePolicy(
  name: string,
  given: PolicyConfig,
  read: (text: string, key: string) => string,
): Policy {
  const base = defaultPolicy(name);
  return {
    ...base,
    ...withoutUndefined(given),
    scratchUrl: given.scratchUrl === undefined ? base.scratchUrl : read(given.scratchUrl, 'scratchUrl'),
    monitor: resolveMonitor(base.monitor, given.monitor ?? {}, (text, key) => read(text, `monitor.${key}`)),
    rollbackWindowHours: {
      ...base.rollbackWindowHours,
      ...withoutUndefined(given.rollbackWindowHours ?? {}),
    },
    approvals: { ...base.approvals, ...withoutUndefined(given.approvals ?? {}) },
    maxDurationMinutes: { ...base.maxDurationMinutes, ...withoutUndefined(given.maxDurationMinutes ?? {}) },
  };
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function withoutUndefined<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** `env:NAME` is the variable's value; `${NAME}` stands for it anywhere. Throws `config-invalid` without the value. */
function expand(
  text: string,
  key: string,
  variables: LoadOptions['processEnv'],
  configFile: string | null,
): string {
  const lookUp = (variable: string): string => {
    const value = variables[variable];
    if (value) return value;
    throw new FerrataError(
      'config-invalid',
      `${key} needs the environment variable ${variable}, which is not set`,
      {
        ...(configFile !== null && { why: `It is named in ${configFile}.` }),
        hint: `Set ${variable} to the connection URL: export ${variable}=postgres://user:password@host:5432/database`,
      },
    );
  };
  const whole = /^env:([A-Za-z_]\w*)$/.exec(text.trim());
  if (whole) return lookUp(whole[1] ?? '');
  return text.replace(/\$\{([A-Za-z_]\w*)\}/g, (_, variable: string) => lookUp(variable));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}
