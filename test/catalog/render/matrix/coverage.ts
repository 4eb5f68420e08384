/**
 * What the rows of the matrix prove, taken from what they really changed: which kinds they make, alter and drop, which
 * properties of them, and what is refused. The table in docs/catalog.md is made of it.
 */
import { compareCatalogs } from '../../../../src/catalog/compare.ts';
import type {
  Catalog,
  CatalogObject,
  Json,
  ObjectKey,
  ObjectKind,
  Refusal,
} from '../../../../src/catalog/model.ts';
import { type Exception, KINDS } from './exceptions.ts';
import type { MatrixRow } from './row.ts';

/**
 * `make`: it is in a state that is built from nothing and taken down again (each row's second state is; and what a row
 * makes its way back drops, and the other way round). `alter`: a row changes it.
 */
export type How = 'make' | 'alter';

/** The statement that drops a thing follows from what it is. */
const NO_PROPERTY = new Set(['drop']);

/** The oldest major that Ferrata supports: what is there from it on needs no mention. */
const OLDEST = 13;

/** What a row does, as the catalog sees it. */
export interface Step {
  readonly before: Catalog;
  readonly after: Catalog;
  /** Those that the row asks for. */
  readonly refusals: readonly Refusal[];
}

const WORDS: Readonly<Record<How, string>> = { make: 'create, drop', alter: 'alter' };

interface Fact {
  /** The oldest major that any of its rows runs on. */
  readonly from: number;
}

export class Coverage {
  /** `kind`, and `kind property`, each with how it is covered. */
  readonly #facts = new Map<string, Map<How, Fact>>();
  /** Property keys that objects of a kind have at all. */
  readonly #keys = new Map<ObjectKind, Set<string>>();
  readonly #refusals = new Map<ObjectKind, Set<string>>();

  readonly #nothing: Catalog;

  /** `nothing`: the catalog of an empty database. */
  constructor(nothing: Catalog) {
    this.#nothing = nothing;
  }

  /** Takes in what a row does. */
  add(row: MatrixRow, { before, after, refusals }: Step): void {
    const from = row.minMajor ?? OLDEST;
    for (const { object, reason } of refusals) {
      const kind = kindOf(object);
      const known = this.#refusals.get(kind) ?? new Set();
      this.#refusals.set(kind, known.add(general(reason)));
    }
    for (const object of [...before.objects.values(), ...after.objects.values()]) this.#see(object);
    const { differences } = compareCatalogs(before, after, { sameDatabase: true });
    for (const { kind, property } of differences) {
      if (property === 'presence') continue;
      this.#note(kind, null, 'alter', from);
      this.#note(kind, property.split('.')[0] ?? property, 'alter', from);
    }
    this.#made(before, from);
    this.#made(after, from);
  }

  /**
   * What no row does, as `kind how` and `kind property how`, without what the exceptions name; and exceptions that are
   * none any more.
   */
  gaps(exceptions: readonly Exception[]): readonly string[] {
    const wanted: { readonly name: string; readonly exception: Exception | undefined }[] = [];
    const ask = (kind: ObjectKind, property: string | null, how: How): void => {
      const name = [kind, ...(property === null ? [] : [property]), how].join(' ');
      const exception = exceptions.find(
        (one) => one.kind === kind && one.property === property && one.how.includes(how),
      );
      const covered = this.#facts.get(factKey(kind, property))?.has(how) === true;
      if (covered && exception !== undefined)
        wanted.push({ name: `${name}: is covered, and no exception`, exception: undefined });
      if (!covered) wanted.push({ name, exception });
    };
    for (const kind of KINDS) {
      for (const how of ['make', 'alter'] as const) ask(kind, null, how);
      for (const property of this.#keys.get(kind) ?? []) {
        for (const how of ['make', 'alter'] as const) ask(kind, property, how);
      }
    }
    return wanted.filter(({ exception }) => exception === undefined).map(({ name }) => name);
  }

  /** The table, and its notes. */
  page(exceptions: readonly Exception[]): string {
    const notes: string[] = [];
    const note = (text: string): string => {
      const known = notes.indexOf(text);
      return `[${known === -1 ? notes.push(text) : known + 1}]`;
    };
    const lines = KINDS.map((kind) => {
      const since = Math.min(...this.#hows(kind, null).map(({ from }) => from));
      const properties = [...(this.#keys.get(kind) ?? [])]
        .sort()
        .map((property) => this.#named(kind, property, since));
      const able = (['make', 'alter'] as const).filter((how) => this.#facts.get(kind)?.has(how));
      const refused = [...(this.#refusals.get(kind) ?? [])]
        .sort()
        .map((reason) => note(`Refused: ${reason}.`));
      const named = exceptions.filter((one) => one.kind === kind).map(({ reason }) => note(reason));
      const cells = [
        kind,
        Number.isFinite(since) && since > OLDEST ? `from ${since}` : 'yes',
        properties.join(', '),
        [able.map((how) => WORDS[how]).join(', ') || 'no', ...new Set([...refused, ...named])].join(' '),
      ];
      return `| ${cells.join(' | ')} |`;
    });
    const head = ['| kind | read | compared by | rendered |', '|---|---|---|---|'];
    return [...head, ...lines, '', ...notes.map((text, index) => `${index + 1}. ${text}`)].join('\n');
  }

  #named(kind: ObjectKind, property: string, since: number): string {
    const from = Math.min(...this.#hows(kind, property).map((fact) => fact.from));
    const version = Number.isFinite(from) && from > Math.max(since, OLDEST) ? ` (${from})` : '';
    return `\`${property}\`${version}`;
  }

  #hows(kind: ObjectKind, property: string | null): readonly Fact[] {
    return [...(this.#facts.get(factKey(kind, property))?.values() ?? [])];
  }

  /** What is not in an empty database, with every property that says something. */
  #made({ objects }: Catalog, from: number): void {
    for (const [key, { kind, properties }] of objects) {
      if (this.#nothing.objects.has(key)) continue;
      this.#note(kind, null, 'make', from);
      for (const [property, value] of Object.entries(properties)) {
        if (says(value)) this.#note(kind, property, 'make', from);
      }
    }
  }

  #see(object: CatalogObject): void {
    const keys = this.#keys.get(object.kind) ?? new Set();
    this.#keys.set(object.kind, keys);
    for (const key of Object.keys(object.properties)) if (!NO_PROPERTY.has(key)) keys.add(key);
  }

  #note(kind: ObjectKind, property: string | null, how: How, from: number): void {
    const key = factKey(kind, property);
    const facts = this.#facts.get(key) ?? new Map<How, Fact>();
    this.#facts.set(key, facts);
    facts.set(how, { from: Math.min(from, facts.get(how)?.from ?? 99) });
  }
}

function factKey(kind: ObjectKind, property: string | null): string {
  return property === null ? kind : `${kind}\n${property}`;
}

/** Whether a value is more than what an object has anyway. */
function says(value: Json | undefined): boolean {
  if (value === null || value === undefined || value === false || value === '') return false;
  return !(Array.isArray(value) && value.length === 0);
}

/** The longest kind that the key begins with: `text search parser x` is no `text`. */
function kindOf(key: ObjectKey): ObjectKind {
  const fits = KINDS.filter((kind) => key.startsWith(`${kind} `));
  const [kind] = fits.sort((a, b) => b.length - a.length);
  if (kind === undefined) throw new Error(`${key} is of no kind that is known`);
  return kind;
}

/** A reason without the names of the row that met it. */
function general(reason: string): string {
  return reason.replace(/\b[a-z_]\w*\.[\w."]+(?:\([^)]*\))?/g, '…').replace(/[.;]$/, '');
}
