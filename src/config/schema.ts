/**
 * The shape of a configuration file. Loaded only when there is one: zod costs start-up time.
 */
import { z } from 'zod';
import { FerrataError } from '../errors.ts';
import { type AssessKeys, assess, NAMED_KINDS } from './assess.ts';
import { closest } from './closest.ts';
import { SIGNALS } from './monitor.ts';

const milliseconds = z.int().min(0);
const count = z.int().min(0);
const hours = z.number().min(0);

/** A bare number is the limit; how long it must be passed stays as it was. */
const threshold = z.union([
  z.number().min(0),
  z.strictObject({ limit: z.number().min(0), forMs: milliseconds.optional() }),
  z.null(),
]);
const signal = z.strictObject({
  pause: threshold.optional(),
  abort: threshold.optional(),
  warn: threshold.optional(),
});

const monitor = z.strictObject({
  enabled: z.boolean().optional(),
  intervalMs: z.int().min(50).optional(),
  onAbort: z.enum(['rollback', 'pause', 'hold']).optional(),
  unreadable: z.enum(['pause', 'ignore']).optional(),
  signals: z.partialRecord(z.enum(SIGNALS), signal).optional(),
  replicas: z.array(z.string().min(1)).optional(),
  health: z
    .union([
      z.strictObject({ http: z.string().min(1) }),
      z.strictObject({
        prometheus: z.string().min(1),
        errorRate: z.string().min(1).optional(),
        p99Ms: z.string().min(1).optional(),
      }),
      z.strictObject({ sql: z.string().min(1) }),
      z.strictObject({ command: z.string().min(1) }),
    ])
    .optional(),
  sessionLimit: z.int().min(1).optional(),
  baselineMs: milliseconds.optional(),
  overdue: z.enum(['ask', 'continue']).optional(),
});

function byRisk(value: z.ZodNumber) {
  const one = value.optional();
  return z.strictObject({ low: one, medium: one, high: one, critical: one });
}

const policy = z.strictObject({
  proof: z.enum(['required', 'auto', 'off']).optional(),
  proofData: z.enum(['backup', 'sample', 'synthetic', 'none']).optional(),
  proofOtherMajor: z.boolean().optional(),
  backup: z.enum(['required', 'auto', 'off']).optional(),
  verify: z.enum(['on', 'off']).optional(),
  onVerifyFailure: z.enum(['rollback', 'stop']).optional(),
  allowForce: z.boolean().optional(),
  scratchOnServer: z.boolean().optional(),
  scratchUrl: z.string().min(1).optional(),
  lockTimeoutMs: z.int().min(1).optional(),
  statementTimeoutMs: milliseconds.optional(),
  retries: count.optional(),
  lockBudgetMs: milliseconds.optional(),
  blockers: z.enum(['wait', 'cancel', 'terminate']).optional(),
  blockersAfterMs: milliseconds.optional(),
  batchRows: count.optional(),
  batchSize: z.int().min(1).optional(),
  batchTargetMs: z.int().min(1).optional(),
  batchPauseMs: milliseconds.optional(),
  batchWorkers: z.int().min(1).max(64).optional(),
  batchSkipLocked: z.boolean().optional(),
  monitor: monitor.optional(),
  rollbackWindowHours: byRisk(hours).optional(),
  approvals: byRisk(count).optional(),
  maxDurationMinutes: byRisk(z.number().positive()).optional(),
});

const environment = z.strictObject({
  url: z.string().min(1).optional(),
  policy: policy.optional(),
});

const configuration = z.strictObject({
  migrations: z.string().min(1).optional(),
  directory: z.string().min(1).optional(),
  defaultEnvironment: z.string().min(1).optional(),
  assess: assess.optional(),
  environments: z
    .record(
      z.string().min(1),
      z.preprocess((given) => (typeof given === 'string' ? { url: given } : given), environment),
    )
    .optional(),
});

/** What a configuration file holds. An environment may be its URL alone. */
export interface FerrataConfig {
  /** The folder of the migrations, relative to the file; `migrations`. */
  readonly migrations?: string | undefined;
  /** The folder for ferrata's own files, relative to the file; `.ferrata`. */
  readonly directory?: string | undefined;
  /** The environment without `--env`; `development`. */
  readonly defaultEnvironment?: string | undefined;
  /** What `assess` looks for, and when it fails. */
  readonly assess?: AssessKeys | undefined;
  readonly environments?: Readonly<Record<string, string | EnvironmentConfig>> | undefined;
}

export type EnvironmentConfig = z.output<typeof environment>;
export type PolicyConfig = z.output<typeof policy>;
export type ParsedConfig = z.output<typeof configuration>;

/**
 * Checks a configuration. Throws `config-invalid` with every fault: the key's path, what was given and what is
 * allowed. Values of URLs are never shown.
 */
export function parseConfig(given: unknown, file: string): ParsedConfig {
  const result = configuration.safeParse(given ?? {});
  if (result.success) return result.data;
  const faults = result.error.issues.flatMap((issue) => describe(issue, given));
  const [first = { key: '', text: 'The configuration is not valid', hint: undefined }] = faults;
  throw new FerrataError('config-invalid', `${file}: ${first.text}`, {
    why:
      faults.length > 1
        ? faults
            .slice(1)
            .map((fault) => fault.text)
            .join('\n')
        : undefined,
    hint: first.hint ?? 'Correct the key; docs/configuration.md lists them all.',
    data: { keys: faults.map((fault) => fault.key) },
  });
}

interface Fault {
  readonly key: string;
  readonly text: string;
  readonly hint: string | undefined;
}

type Issue = z.core.$ZodIssue;

function describe(issue: Issue, given: unknown): Fault[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const allowed = keysAt(path);
    return issue.keys.map((key) => {
      const full = [...path, key].join('.');
      const near = closest(key, allowed);
      return {
        key: full,
        text: `${full} is not a known key${near === null ? '' : `; did you mean ${[...path, near].join('.')}?`}`,
        hint: `Allowed ${path.length === 0 ? 'keys' : `under ${path.join('.')}`}: ${allowed.join(', ')}.`,
      };
    });
  }
  const key = path.join('.') || 'the configuration';
  const value = show(path, valueAt(given, path));
  const allowed = allowedBy(issue);
  const near =
    issue.code === 'invalid_value' ? closest(String(valueAt(given, path)), issue.values.map(String)) : null;
  return [
    {
      key,
      text: `${key} is ${value}${near === null ? '' : `; did you mean ${near}?`}`,
      hint: allowed === null ? undefined : `Allowed for ${key}: ${allowed}.`,
    },
  ];
}

function allowedBy(issue: Issue): string | null {
  switch (issue.code) {
    case 'invalid_value':
      return issue.values.map(String).join(', ');
    case 'invalid_type':
      return EXPECTED[issue.expected] ?? issue.expected;
    case 'too_small':
      return issue.origin === 'string' ? 'text that is not empty' : `a number of at least ${issue.minimum}`;
    case 'too_big':
      return `a number of at most ${issue.maximum}`;
    case 'custom':
      return 'a regular expression, without slashes';
    default:
      return null;
  }
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true, false',
  object: 'a group of keys',
  record: 'a group of keys',
};

/** The keys that may stand at this place. */
function keysAt(path: readonly string[]): readonly string[] {
  if (path.length === 0) return Object.keys(configuration.shape);
  const last = path.at(-1);
  if (last === 'rollbackWindowHours' || last === 'approvals' || last === 'maxDurationMinutes') {
    return ['low', 'medium', 'high', 'critical'];
  }
  if (path.at(-1) === 'policy') return Object.keys(policy.shape);
  if (path[0] === 'assess') return path.length === 1 ? Object.keys(assess.shape) : NAMED_KINDS;
  return Object.keys(environment.shape);
}

function valueAt(given: unknown, path: readonly string[]): unknown {
  let value = given;
  for (const key of path) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
  }
  return value;
}

/** A URL holds a password; and whatever stands where a URL was expected may be one. */
function show(path: readonly string[], value: unknown): string {
  if (value === undefined) return 'missing';
  const secret = /url$/i.test(path.at(-1) ?? '') || (path[0] === 'environments' && path.length <= 2);
  if (typeof value === 'string') {
    if (value === '') return 'empty';
    return secret || value.includes('://') ? 'text (not shown)' : JSON.stringify(value.slice(0, 80));
  }
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  return Array.isArray(value)
    ? 'a list'
    : typeof value === 'object'
      ? 'a group of keys'
      : `a ${typeof value}`;
}
