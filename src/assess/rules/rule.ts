import { deparse } from '../../sql/deparse.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { child, children, type Node, relationOf, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import type { Finding, LockMode, Severity } from '../model.ts';
import type { Surroundings } from '../surroundings.ts';

/** One place where a rule applies. */
export interface Hit {
  /** What it means here, in one sentence. */
  readonly message: string;
  /** The SQL to write instead: complete statements; empty where no SQL helps. A null is left out. */
  readonly safeSql: readonly (string | null)[] | (() => Promise<readonly (string | null)[]>);
  /** Where this case weighs more or less than the rule's own severity: a small table, a busy one. */
  readonly severity?: Severity;
  /** As `Finding.settledBy`. */
  readonly settledBy?: string;
}

/**
 * What a server shows when the example's bad SQL runs, and does not show when the SQL to write instead runs. Both run as a
 * migration file does: statements up to a COMMIT share a transaction, CONCURRENTLY and its like stand outside.
 */
export type Danger =
  /** A lock on the relation, at least this strong. */
  | { readonly kind: 'lock'; readonly relation: string; readonly mode: LockMode }
  /** The relation is still locked, at least so strongly, when the next statement of the same transaction begins. */
  | { readonly kind: 'holds'; readonly relation: string; readonly mode: LockMode }
  /** One transaction holds a lock, at least this strong, on all of these at once. */
  | { readonly kind: 'holds together'; readonly relations: readonly string[]; readonly mode: LockMode }
  /** The relation is written anew; so many times, where once would do. */
  | { readonly kind: 'rewrite'; readonly relation: string; readonly times?: number }
  /** While somebody reads the relation, whoever comes next waits behind the statement, for longer than any limit advised. */
  | { readonly kind: 'queues'; readonly relation: string }
  /** Run a second time, it fails. */
  | { readonly kind: 'repeats'; readonly sqlstate: string }
  /** The relation is read whole, or an index of it is built, while it is locked at least against writes. */
  | { readonly kind: 'scan'; readonly relation: string }
  /** The statement itself fails. */
  | { readonly kind: 'fails'; readonly sqlstate: string }
  /** A statement of the application that worked before fails afterwards; `prepared`: on the same session, prepared before. */
  | {
      readonly kind: 'breaks';
      readonly query: string;
      readonly sqlstate: string;
      readonly prepared?: true;
    }
  /** A query that returns rows to other sessions between two of the steps: what is wrong meanwhile. */
  | { readonly kind: 'meanwhile'; readonly query: string }
  /**
   * A query that returns rows afterwards: what is wrong then. `from` and `to`: the majors that show it, where not all do.
   * `fails`: the SQL itself ends with an error, and leaves that behind.
   */
  | {
      readonly kind: 'shows';
      readonly query: string;
      readonly from?: number;
      readonly to?: number;
      readonly fails?: true;
    }
  /** A convention: there is nothing that a server could show, and why. */
  | { readonly kind: 'convention'; readonly reason: string };

export interface Example {
  /** Makes the objects, with some rows: a danger that only an empty table is free of must be seen. */
  readonly schema: string;
  readonly bad: string;
  readonly danger: Danger;
  /** What to run instead, where the finding's own SQL is not the whole of it; each is run, as written, one after the other. */
  readonly good?: readonly string[];
  /** Files of the same release that run before it. */
  readonly before?: readonly string[];
  /** Rows of its tables, by `schema.table`, where the rule asks for sizes. */
  readonly rows?: Readonly<Record<string, number>>;
  /** What must be known of the server or its history; and the same in words, behind “where”. */
  readonly surroundings?: Partial<Surroundings>;
  readonly known?: string;
  /** Only what a server did shows it: the example is assessed with its trace. */
  readonly traced?: true;
}

/** What there is to learn about one danger, and what its page under docs/findings says. */
export interface Lesson {
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  /** What it blocks or breaks, and where the manual says so. */
  readonly why: string;
  /** What to do, in words: beside the SQL, or in its place. */
  readonly instead: string;
  /** Run by the tests on real servers, and shown on the rule's page. */
  readonly example: Example;
  /** Majors of PostgreSQL that it concerns, both ends included; all that are supported where it is not given. */
  readonly versions?: { readonly from?: number; readonly to?: number };
  /** A matter of taste: off until the project's configuration switches it on. */
  readonly optional?: true;
  /** Chapter of PostgreSQL's manual, as the last part of its address: `sql-createindex.html#…`. */
  readonly manual?: string;
}

/** A rule about single statements. */
export interface Rule extends Lesson {
  /** Kinds of statements that it looks at. */
  readonly on: readonly string[];
  /** Commands of ALTER TABLE that it looks at; without it all of them. */
  readonly commands?: readonly string[];
  readonly applies: (analysis: Analysis, context: AssessContext) => readonly Hit[];
}

/** A rule about several statements of one script. */
export interface ScriptRule extends Lesson {
  /** Kinds of statements that its reader is shown; without it all of them. */
  readonly on?: readonly string[];
  /** Begins to read a script. */
  readonly read: () => ScriptReader;
}

/** Reads one script from its first statement to its last, and remembers what it needs. */
export interface ScriptReader {
  /** Called for each statement at the moment it would run: the context knows those before it. */
  see(analysis: Analysis, context: AssessContext): readonly ScriptHit[];
  /** Called behind the last one, with all of them, whatever the reader was shown. */
  end?(context: AssessContext, all: readonly Analysis[]): readonly ScriptHit[];
}

export interface ScriptHit extends Hit {
  /** The statement that it is shown at: the present one, or one before it. */
  readonly statement: ParsedStatement;
}

export function rule(definition: Rule): Rule {
  return Object.freeze(definition);
}

export function scriptRule(definition: ScriptRule): ScriptRule {
  return Object.freeze(definition);
}

/** Whether the rule concerns this major; without a server every major may be meant. */
export function concerns(lesson: Lesson, major: number | null): boolean {
  if (major === null) return true;
  return major >= (lesson.versions?.from ?? 0) && major <= (lesson.versions?.to ?? Number.POSITIVE_INFINITY);
}

export async function findingFrom(source: Lesson, statement: ParsedStatement, hit: Hit): Promise<Finding> {
  const safe = typeof hit.safeSql === 'function' ? await hit.safeSql() : hit.safeSql;
  return {
    id: source.id,
    severity: hit.severity ?? source.severity,
    line: statement.line,
    column: statement.column,
    title: source.title,
    message: hit.message,
    why: source.why,
    // A sequence with a hole is worse than none.
    safeSql: safe.includes(null) ? [] : safe.filter((sql) => sql !== null),
    docs: `docs/findings/${source.id}.md`,
    ...(hit.settledBy === undefined ? {} : { settledBy: hit.settledBy }),
  };
}

/** By the statement's own node, which does not change: most rules ask for some. */
const COMMANDS = new WeakMap<Node, ReadonlyMap<string, readonly Node[]>>();
const NONE: readonly Node[] = [];

/** The commands of an ALTER TABLE by their subtype; empty for other statements. */
export function commandsBySubtype({ node }: ParsedStatement): ReadonlyMap<string, readonly Node[]> {
  const known = COMMANDS.get(node);
  if (known !== undefined) return known;
  const found = new Map<string, Node[]>();
  for (const { node: command } of children(node, 'cmds')) {
    const subtype = text(command, 'subtype') ?? '';
    const same = found.get(subtype);
    if (same === undefined) found.set(subtype, [command]);
    else same.push(command);
  }
  COMMANDS.set(node, found);
  return found;
}

/** Commands of an ALTER TABLE with this subtype. */
export function commands({ statement }: Analysis, subtype: string): readonly Node[] {
  return commandsBySubtype(statement).get(subtype) ?? NONE;
}

/**
 * Finds something of a statement once, however many rules ask for it. Only for what is asked at the moment of the statement:
 * at a later one the context may know something else, and it is found again.
 */
export function once<T>(
  find: (analysis: Analysis, context: AssessContext) => T,
): (analysis: Analysis, context: AssessContext) => T {
  const known = new WeakMap<
    Node,
    { readonly context: AssessContext; readonly moment: number; readonly found: T }
  >();
  return (analysis, context) => {
    const { node } = analysis.statement;
    const before = known.get(node);
    if (before !== undefined && before.context === context && before.moment === context.moment)
      return before.found;
    const found = find(analysis, context);
    known.set(node, { context, moment: context.moment, found });
    return found;
  };
}

/** The constraint that ADD CONSTRAINT adds. */
export function addedConstraints(analysis: Analysis, type: string): readonly Node[] {
  return commands(analysis, 'AT_AddConstraint')
    .map((command) => child(child(command, 'def'), 'Constraint'))
    .filter((constraint) => constraint !== null && text(constraint, 'contype') === type)
    .filter((constraint) => constraint !== null);
}

/** ALTER TABLE of the same table with other commands, as SQL. */
export function alterTableSql(analysis: Analysis, ...newCommands: readonly Node[]): Promise<string | null> {
  return deparse('AlterTableStmt', {
    ...analysis.statement.node,
    cmds: newCommands.map((command) => ({ AlterTableCmd: command })),
  });
}

/** The relation of the statement, resolved; null where the migration made it itself. */
export function existingRelation(
  analysis: Analysis,
  context: AssessContext,
  key = 'relation',
): string | null {
  const relation = context.resolve(relationOf(analysis.statement.node, key));
  return relation === null || context.isNew(relation) ? null : relation;
}
