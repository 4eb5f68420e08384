/** Phase 1 as a whole: migrations, files, folders or text, with what is known of where they will run. */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { assessScript, relationsToMeasure } from '../assess/assess.ts';
import type { Pace } from '../assess/estimate.ts';
import { KnownSchema } from '../assess/known/schema.ts';
import { isUtc } from '../assess/known/time-zone.ts';
import type { Assessment, RelationSize } from '../assess/model.ts';
import { corrected, ORDINARY, type Rates } from '../assess/rates.ts';
import { replayScript } from '../assess/replay.ts';
import { type ReviewedFile, type ReviewRules, review } from '../assess/review.ts';
import { noteWork, unsettled } from '../assess/rules/across-files.ts';
import { type NeedsSql, RULES, SCRIPT_RULES } from '../assess/rules/index.ts';
import { DEFAULT_RULE_SETTINGS, type RuleSettings } from '../assess/rules/settings.ts';
import type { Surroundings } from '../assess/surroundings.ts';
import type { Catalog } from '../catalog/model.ts';
import { closest } from '../config/closest.ts';
import type { Policy, Settings } from '../config/settings.ts';
import { FerrataError, isFerrataError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import type { Migration } from '../source/model.ts';
import { looseMigration } from '../source/native.ts';
import { isEmpty } from '../source/scripts.ts';
import type { Script } from '../sql/model.ts';
import { parseScript } from '../sql/parse.ts';
import type { ApplicationQuestion } from './assess-application.ts';
import {
  type BaselineUse,
  type BaselineWritten,
  baselineFile,
  type OpenBaseline,
  openBaseline,
  staleEntries,
  writeBaseline,
} from './assess-baseline.ts';
import { Knowledge } from './assess-knowledge.ts';
import { type AssessSelection, type AssessSource, chooseSources } from './assess-sources.ts';
import { type AssessTarget, type PinnedStats, type StatsChoice, withTarget } from './assess-target.ts';
import { beginFirstPart } from './assess-threads.ts';
import { ScriptTracer, type TraceChoice } from './assess-tracer.ts';

export type { AssessSelection } from './assess-sources.ts';
export type { TraceChoice } from './assess-tracer.ts';

export interface AssessOptions {
  /** Whether the statements run on a scratch copy, to see what they do. */
  readonly trace: TraceChoice;
  readonly stats: StatsChoice;
  /** Paths, as given; null: none. */
  readonly baseline: string | null;
  readonly writeBaseline: string | null;
  /** Of more than `MANY` files only some findings of each kind need their SQL: the others are merely counted and named. */
  readonly brief?: boolean;
  /** The application's queries and source, looked at on a scratch copy; absent: they are not. */
  readonly application?: ApplicationQuestion;
}

/** A file that could not be assessed, among others that could. */
export interface FailedFile {
  readonly file: string;
  /** Absolute; null for standard input. */
  readonly path: string | null;
  readonly error: FerrataError;
}

export interface AssessOutcome {
  readonly files: readonly ReviewedFile[];
  /** Empty where a single file was asked for: its error is thrown. */
  readonly errors: readonly FailedFile[];
  readonly stats: PinnedStats | null;
  readonly baseline: BaselineUse | null;
  readonly written: BaselineWritten | null;
}

/** More files than this are told together, where nobody asks for all of each. */
export const MANY = 10;
/** Of each kind of finding, where most are merely named. */
const WITH_SQL = 5;

const PLAIN: AssessOptions = { trace: 'auto', stats: 'auto', baseline: null, writeBaseline: null };

/**
 * Assesses the selection; the pending migrations where it is empty (all of them where no database can tell). Throws
 * `sql-syntax` … for what cannot be parsed, `migration-unknown`.
 */
export async function assessSelection(
  settings: Settings,
  selection: AssessSelection,
  reporter: Reporter,
): Promise<readonly Assessment[]> {
  const { files, errors } = await assessFiles(settings, selection, PLAIN, reporter);
  const [failed] = errors;
  if (failed !== undefined) throw failed.error;
  return files.map(({ assessment }) => assessment);
}

/** Assesses SQL text alone: for programs, and where there is no project. */
export async function assessText(sql: string, file: string, policy: Policy): Promise<Assessment> {
  const { up } = looseMigration(file, sql);
  const script = await parseScript(up.text, up.path);
  return assessScript(script, { catalog: null, sizes: new Map(), policy, migration: null, hasDown: false });
}

/**
 * Assesses the selection, each file in the light of those before it, and says which findings count. Of several files one
 * that cannot be read or parsed stops no other.
 *
 * Throws `config-invalid` for settings of rules that do not exist, `findings-file-invalid`, `stats-invalid`, what
 * choosing throws, and for a single file what parsing it throws, and `allow-invalid`.
 */
export async function assessFiles(
  settings: Settings,
  selection: AssessSelection,
  options: AssessOptions,
  reporter: Reporter,
): Promise<AssessOutcome> {
  const rules = ruleSettings(settings);
  const baseline = openBaseline(settings, options.baseline, options.writeBaseline);
  const reviewRules = reviewRulesOf(rules, baseline);
  return withTarget(settings, options.stats, reporter, async (target) => {
    const sources = await chooseSources(settings, selection, new Set(target.applied ?? []));
    const tracer = new ScriptTracer(settings, target, sources, options.trace, reporter);
    const isAlone = tracer.isOff && target.connection === null && options.application === undefined;
    const brief = options.brief === true && sources.length > MANY;
    const first = isAlone ? beginFirstPart({ settings, selection, target, sources, baseline, brief }) : null;
    const assessed: AssessedFiles[] = [];
    try {
      const means = { settings, target, rules, tracer, reporter, brief };
      assessed.push(await assessPart(sources, means, reviewRules, first?.count ?? 0));
    } finally {
      await tracer.close();
    }
    if (first !== null) assessed.unshift(await first.result);
    const files = assessed.flatMap((part) => part.files);
    const errors = assessed.flatMap((part) => part.errors);
    settle(files);
    const { application } = options;
    if (application !== undefined) {
      const { withApplication } = await import('./assess-application.ts');
      files.splice(
        0,
        files.length,
        ...(await withApplication(settings, target, sources, files, application, reporter)),
      );
    }
    return {
      files,
      errors,
      stats: target.pinned,
      baseline:
        baseline === null
          ? null
          : { file: baseline.shown, stale: staleEntries(baseline, files, reviewRules.baselineFile) },
      written:
        options.writeBaseline === null
          ? null
          : writeBaseline(
              resolve(options.writeBaseline),
              files,
              errors.flatMap(({ path }) => path ?? []),
            ),
    };
  });
}

export interface AssessedFiles {
  readonly files: readonly ReviewedFile[];
  readonly errors: readonly FailedFile[];
}

/**
 * Assesses the sources from `from` on, one after the other; what those before leave behind is only taken in. `end`: up to
 * there, default all.
 */
export async function assessPart(
  sources: readonly AssessSource[],
  means: Means,
  reviewRules: ReviewRules,
  from = 0,
  end = sources.length,
): Promise<AssessedFiles> {
  const assessor = new Assessor(means);
  const files: ReviewedFile[] = [];
  const errors: FailedFile[] = [];
  for (const [index, source] of sources.slice(0, end).entries()) {
    try {
      if (index < from) await assessor.takeIn(source);
      else {
        const { script, assessment } = await assessor.assess(source);
        files.push(review(script, assessment, source.path, reviewRules));
      }
    } catch (error) {
      if (!isFerrataError(error) || sources.length === 1) throw error;
      if (index >= from) errors.push({ file: source.shown, path: source.path, error });
    }
  }
  return { files, errors };
}

export function reviewRulesOf(
  rules: RuleSettings,
  baseline: Pick<OpenBaseline, 'path' | 'entries'> | null,
): ReviewRules {
  return {
    ids: [...RULES, ...SCRIPT_RULES].map(({ id }) => id),
    isOff: (id) => rules.levels[id] === 'off',
    baseline: baseline === null ? null : new Set(baseline.entries.map(({ fingerprint }) => fingerprint)),
    baselineFile: (path) => baselineFile(baseline?.path ?? '', path),
  };
}

/** Takes out what a later file settles. */
function settle(files: ReviewedFile[]): void {
  const left = unsettled(files.map(({ assessment }) => assessment));
  for (const [index, findings] of left.entries()) {
    const file = files[index];
    if (file !== undefined) files[index] = { ...file, assessment: { ...file.assessment, findings } };
  }
}

/** On smaller tables no work takes long enough to be measured. */
const LEAST_BYTES = 1024 * 1024;

function isWorth({ bytes }: RelationSize): boolean {
  return (bytes ?? 0) >= LEAST_BYTES;
}

export interface Means {
  readonly settings: Settings;
  readonly target: AssessTarget;
  readonly rules: RuleSettings;
  /** Null: nothing is traced. */
  readonly tracer: ScriptTracer | null;
  readonly reporter: Reporter;
  readonly brief: boolean;
}

/** Assesses one source after the other. */
class Assessor {
  readonly #means: Means;
  readonly #knowledge: Knowledge;
  /** What the pending migrations so far go through under a lock. */
  readonly #worked = new Map<string, string>();
  readonly #withSql = new Map<string, number>();
  #rates: Promise<Rates> | null = null;
  #isUtc: Promise<boolean> | null = null;

  constructor(means: Means) {
    this.#means = means;
    this.#knowledge = new Knowledge(means.settings, means.target);
  }

  readonly #needsSql: NeedsSql = (id, severity) => {
    const key = `${id} ${severity}`;
    const before = this.#withSql.get(key) ?? 0;
    this.#withSql.set(key, before + 1);
    return before < WITH_SQL;
  };

  /** What the source leaves behind is known to those after it; nothing else is asked of it. */
  async takeIn(source: AssessSource): Promise<void> {
    const migration = await source.read();
    const script = await parse(migration);
    replayScript(script, await this.#knowledge.before(migration));
  }

  async assess(source: AssessSource): Promise<{ readonly script: Script; readonly assessment: Assessment }> {
    const { settings, target, rules, tracer, reporter } = this.#means;
    const migration = await source.read();
    const script = await parse(migration);
    const told = await this.#knowledge.before(migration);
    const traced = (await tracer?.trace(migration, script)) ?? null;
    // The copy knows what no text tells: what blocks and functions did before.
    const catalog = traced?.catalog ?? null;
    const known = catalog === null ? told : KnownSchema.of(catalog).fork();
    if (catalog !== null) replayScript(script, told);
    const live = this.#knowledge.isLive(migration) ? target.catalog : null;
    const trace = traced === null ? {} : { trace: traced.facts };
    const sizes = await target.sizes(
      target.connection === null ? [] : relationsToMeasure(script, null, { known: known.fork(), ...trace }),
    );
    const id = migration.folder === null ? null : migration.id;
    const assessment = await assessScript(script, {
      catalog: catalog ?? live,
      known,
      major: target.major ?? traced?.facts.major ?? null,
      isUtc: await this.#runsInUtc(),
      sizes,
      policy: settings.environment.policy,
      surroundings: {
        settings: rules,
        target: target.facts,
        migration: id,
        applied: target.applied,
        worked: this.#worked,
        ...(await this.#batches(migration, script, catalog ?? live, sizes)),
      },
      migration: id,
      hasDown: migration.down !== null,
      ...(this.#means.brief ? { needsSql: this.#needsSql } : {}),
      ...trace,
      ...([...sizes.values()].some(isWorth) ? { pace: await this.#pace(migration) } : {}),
    });
    tellDisagreements(assessment, reporter);
    // Of loose files nobody knows which go together.
    if (id !== null && target.applied?.includes(id) === false) noteWork(this.#worked, assessment);
    return { script, assessment };
  }

  /** What `up` would run in batches; nothing where no statement is about rows, or no table is known to be big. */
  async #batches(
    migration: Migration,
    script: Script,
    catalog: Catalog | null,
    sizes: ReadonlyMap<string, RelationSize>,
  ): Promise<Pick<Surroundings, 'batches'>> {
    const writes = script.statements.some(({ kind }) => kind === 'UpdateStmt' || kind === 'DeleteStmt');
    if (migration.folder === null || catalog === null || sizes.size === 0 || !writes) return {};
    const { batchesOf } = await import('./assess-batches.ts');
    const { policy } = this.#means.settings.environment;
    return { batches: await batchesOf(migration, script, catalog, sizes, policy) };
  }

  /** Whether sessions of the target have UTC as their TimeZone. */
  #runsInUtc(): Promise<boolean> {
    const { connection } = this.#means.target;
    this.#isUtc ??=
      connection === null
        ? Promise.resolve(false)
        : connection
            .rows<[string]>(`SELECT pg_catalog.current_setting('TimeZone')`)
            .then(([row]) => row !== undefined && isUtc(row[0]));
    return this.#isUtc;
  }

  /** How fast work goes: as measured on the copy, as past runs correct it, as rehearsals on real rows took. */
  async #pace(migration: Migration): Promise<Pace> {
    const { settings } = this.#means;
    this.#rates ??= this.#readRates();
    const rates = await this.#rates;
    if (!existsSync(join(settings.directory, 'proofs', migration.id))) return { rates };
    const { rehearsedStatements } = await import('./assess-rates.ts');
    return { rates, rehearsed: await rehearsedStatements(settings, migration) };
  }

  async #readRates(): Promise<Rates> {
    const { target, tracer, settings } = this.#means;
    const rates = (await tracer?.rates()) ?? ORDINARY;
    const { connection, pinned } = target;
    const isTheirs = pinned === null || pinned.stats.environment === settings.environment.name;
    if (connection === null || !isTheirs) return rates;
    const { readSamples } = await import('./assess-rates.ts');
    return corrected(rates, await readSamples(connection, rates));
  }
}

/** What is wrong here is to be mended, and nobody sees it in facts that are right. */
function tellDisagreements({ file, statements }: Assessment, reporter: Reporter): void {
  for (const { line, kind, disagreements = [] } of statements) {
    for (const { what, relation, static: said, traced } of disagreements) {
      reporter({
        type: 'warning',
        message: `${file}:${line}: ${kind}: ${what} on ${relation}: expected ${said ?? 'none'}, PostgreSQL shows ${traced ?? 'none'}`,
        hint: 'the facts are those of PostgreSQL; please report the statement and the server’s version',
      });
    }
  }
}

/** Throws what `parseScript` throws; `migration-empty` for a migration without a statement. */
async function parse(migration: Migration): Promise<Script> {
  const { path, text } = migration.up;
  if (migration.folder === null || !isEmpty(text)) return parseScript(text, path);
  const { parseMigration } = await import('../source/scripts.ts');
  return (await parseMigration(migration)).up;
}

/** The rules' settings. Throws `config-invalid` for a rule that does not exist. */
export function ruleSettings(settings: Settings): RuleSettings {
  const { rules = {}, naming, failOn: _, baseline: __, stats: ___, ...limits } = settings.assess ?? {};
  const ids = [...RULES, ...SCRIPT_RULES].map(({ id }) => id);
  const unknown = Object.keys(rules).find((id) => !ids.includes(id));
  if (unknown !== undefined) {
    const near = closest(unknown, ids);
    throw new FerrataError(
      'config-invalid',
      `${settings.configFile ?? 'The configuration'}: assess.rules.${unknown}: there is no finding of this id${near === null ? '' : `; did you mean ${near}?`}`,
      { hint: 'docs/assess.md lists the findings by id.', data: { keys: [`assess.rules.${unknown}`] } },
    );
  }
  return {
    ...DEFAULT_RULE_SETTINGS,
    ...limits,
    levels: rules,
    naming: naming ?? DEFAULT_RULE_SETTINGS.naming,
  };
}
