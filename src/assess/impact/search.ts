/** Searches an application's source for the names of what a migration changes. */
import type { StepChange } from './changes.ts';
import type { ApplicationScan, SourceHit } from './model.ts';
import { type Model, modelsIn } from './models.ts';
import { type Form, type Sought, soughtFor } from './sought.ts';
import { readSource, type SourceFile, sourceFiles } from './source-files.ts';

/** So many hits of one change are listed; the others are counted. */
const MOST_HITS = 50;
const LONGEST_EXCERPT = 160;
/** Prose names things without using them. */
const PROSE = /\.(?:md|mdx|txt|rst|adoc|html?)$/i;

export interface FoundInSource {
  readonly hits: readonly SourceHit[];
  readonly more: number;
  readonly elsewhere: number;
}

export interface SearchResult {
  readonly scan: ApplicationScan;
  /** By change; those that nobody would name in source are missing. */
  readonly found: ReadonlyMap<StepChange, FoundInSource>;
}

/**
 * Searches the files below `folder` (`sourceFiles` says which those are).
 *
 * @param shown the folder as it is shown
 * @param without absolute folders that are left out
 */
export async function searchSource(
  folder: string,
  shown: string,
  changes: readonly StepChange[],
  without: readonly string[],
): Promise<SearchResult> {
  const { files, skipped: listed } = await sourceFiles(folder, without);
  const skipped = new Map(listed);
  const models: Model[] = [];
  const modelsByFile = new Map<string, readonly Model[]>();
  let read = 0;
  // Twice over the files, the second time from the system's cache: models name tables, and are named elsewhere.
  const unreadable = new Set<SourceFile>();
  for (const file of files) {
    const source = readSource(file);
    if ('skipped' in source) {
      skipped.set(source.skipped, (skipped.get(source.skipped) ?? 0) + 1);
      unreadable.add(file);
      continue;
    }
    read++;
    const own = modelsIn(file.shown, source.text);
    if (own.length === 0) continue;
    models.push(...own);
    modelsByFile.set(file.shown, own);
  }
  const sought = changes.flatMap((change) => soughtFor(change, models) ?? []);
  const collected = new Map(
    sought.map((one) => [one, { hits: [] as SourceHit[], elsewhere: new Set<string>() }]),
  );
  const pattern = patternOf(sought);
  for (const file of pattern === null ? [] : files) {
    if (unreadable.has(file)) continue;
    const source = readSource(file);
    if ('skipped' in source || pattern === null) continue;
    const matches = [...source.text.matchAll(pattern)];
    if (matches.length > 0)
      assign(file.shown, source.text, matches, collected, modelsByFile.get(file.shown) ?? []);
  }
  return {
    scan: {
      folder: shown,
      files: read,
      skipped: Object.fromEntries(skipped),
      tools: [...new Set(models.map(({ tool }) => tool))].sort(),
    },
    found: new Map(
      [...collected].map(([one, { hits, elsewhere }]) => [one.change, best(hits, elsewhere.size)]),
    ),
  };
}

/** One pattern for every shape of every name, between the bounds of a word. */
function patternOf(sought: readonly Sought[]): RegExp | null {
  const texts = new Set(
    sought.flatMap(({ forms, beside }) => [...forms.map(({ text }) => text), ...(beside ?? [])]),
  );
  if (texts.size === 0) return null;
  const longestFirst = [...texts]
    .sort((a, b) => b.length - a.length)
    .map((text) => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  // `order-status` is a class of a style sheet, `a->status` is a field.
  return new RegExp(
    `(?<![\\p{L}\\p{N}_$]|[\\p{L}\\p{N}]-)(?:${longestFirst.join('|')})(?![\\p{L}\\p{N}_]|-\\p{L})`,
    'gu',
  );
}

type Collected = ReadonlyMap<Sought, { readonly hits: SourceHit[]; readonly elsewhere: Set<string> }>;

function assign(
  file: string,
  text: string,
  matches: readonly RegExpExecArray[],
  collected: Collected,
  models: readonly Model[],
): void {
  const words = new Set(matches.map(([word]) => word));
  const lines = new Lines(text);
  let regions: readonly Region[] | null = null;
  for (const [sought, { hits, elsewhere }] of collected) {
    const forms = new Map(sought.forms.map((form) => [form.text, form]));
    const mine = matches.filter(([word]) => forms.has(word));
    if (mine.length === 0) continue;
    if (sought.beside !== null && !sought.beside.some((one) => words.has(one))) {
      if (mine.some(({ 0: word }) => forms.get(word)?.as === 'name')) elsewhere.add(file);
      continue;
    }
    regions ??= sqlRegions(file, text);
    for (const match of mine) {
      const form = forms.get(match[0]) as Form;
      const hit = hitAt(file, text, match.index, form, lines, regions, models, sought);
      if (hit !== null) hits.push(hit);
    }
  }
}

function hitAt(
  file: string,
  text: string,
  at: number,
  form: Form,
  lines: Lines,
  regions: readonly Region[],
  models: readonly Model[],
  sought: Sought,
): SourceHit | null {
  if (form.quoted && !(isQuote(text[at - 1]) && isQuote(text[at + form.text.length]))) return null;
  const inSql = regions.some(({ start, end }) => at >= start && at < end);
  const declared = models.find(({ start, end }) => at >= start && at < end);
  const isMine = declared !== undefined && concerns(declared, sought);
  // A field of another model is another table's column.
  if (declared !== undefined && !isMine && sought.beside !== null) return null;
  // The upper case of a name is SQL, or nothing: a constant of the same letters is something else.
  if (form.as === 'name' && form.text === form.text.toUpperCase() && /[A-Z]/.test(form.text) && !inSql) {
    if (form.text !== lastName(sought)) return null;
  }
  const as = isMine || form.as === 'model' ? 'model' : inSql ? 'sql' : 'text';
  if (as === 'model' && !isMine && PROSE.test(file)) return null;
  const { line, column, excerpt } = lines.at(at);
  return {
    file,
    line,
    column,
    text: form.text,
    excerpt,
    as,
    tool: as === 'model' ? (isMine ? declared.tool : form.tool) : null,
  };
}

/** Whether a model's declaration is that of the table which changes, or whose column does. */
function concerns(model: Model, { change }: Sought): boolean {
  const relation = change.before?.kind === 'column' ? change.parent : change.object;
  return relation?.endsWith(`.${model.table}`) === true || relation?.endsWith(`."${model.table}"`) === true;
}

function lastName({ forms }: Sought): string {
  return forms[0]?.text ?? '';
}

function isQuote(char: string | undefined): boolean {
  return char === '"' || char === "'" || char === '`' || char === ':';
}

interface Region {
  readonly start: number;
  readonly end: number;
}

const SQL_START =
  /\b(?:select\b(?=[\s\S]{1,2000}?\bfrom\b)|insert\s+into\b|update\s+(?:only\s+)?[\w".]+\s+(?:as\s+\w+\s+)?set\b|delete\s+from\b|truncate\s+table\b|merge\s+into\b|(?:create|alter|drop)\s+(?:table|view|index|type)\b|with\s+\w+\s+as\s*\()/gi;

/** Where SQL stands: a whole .sql file; elsewhere from a statement's first word to the end of the string that it is in. */
function sqlRegions(file: string, text: string): readonly Region[] {
  if (/\.sql$/i.test(file)) return [{ start: 0, end: text.length }];
  const regions: Region[] = [];
  SQL_START.lastIndex = 0;
  for (let found = SQL_START.exec(text); found !== null; found = SQL_START.exec(text)) {
    const end = endOfSql(text, found.index);
    regions.push({ start: found.index, end });
    SQL_START.lastIndex = Math.max(end, found.index + 1);
  }
  return regions;
}

function endOfSql(text: string, start: number): number {
  const before = text.slice(Math.max(0, start - 300), start);
  const triple = /("""|''')\s*(?:--[^\n]*\n\s*)*$/.exec(before)?.[1];
  const quote = triple ?? /(["'`])\s*(?:--[^\n]*\n\s*)*$/.exec(before)?.[1];
  if (quote === undefined) {
    // A here-document, or a file of another kind: to the end of the statement.
    const stop = /;|\n\s*\n/.exec(text.slice(start, start + 4000));
    return start + (stop === null ? Math.min(1000, text.length - start) : stop.index);
  }
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text.startsWith(quote, at)) return at;
  }
  return text.length;
}

/** Lines and columns of offsets in one text. */
class Lines {
  readonly #text: string;
  #starts: number[] | null = null;

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): { readonly line: number; readonly column: number; readonly excerpt: string } {
    const starts = this.#lineStarts();
    let low = 0;
    for (let high = starts.length - 1; low < high; ) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= offset) low = middle;
      else high = middle - 1;
    }
    const start = starts[low] ?? 0;
    const whole = this.#text.slice(start, starts[low + 1] ?? this.#text.length).trim();
    const excerpt = whole.length <= LONGEST_EXCERPT ? whole : `${whole.slice(0, LONGEST_EXCERPT - 1)}…`;
    return { line: low + 1, column: offset - start + 1, excerpt };
  }

  #lineStarts(): readonly number[] {
    if (this.#starts !== null) return this.#starts;
    const starts = [0];
    for (let at = this.#text.indexOf('\n'); at !== -1; at = this.#text.indexOf('\n', at + 1))
      starts.push(at + 1);
    this.#starts = starts;
    return starts;
  }
}

const STRENGTH = ['model', 'sql', 'text'] as const;

/** The clearest first, then by place; one hit a line and word. */
function best(hits: readonly SourceHit[], elsewhere: number): FoundInSource {
  const sorted = [...hits].sort(
    (a, b) =>
      STRENGTH.indexOf(a.as) - STRENGTH.indexOf(b.as) ||
      (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.column - b.column),
  );
  return { hits: sorted.slice(0, MOST_HITS), more: Math.max(0, sorted.length - MOST_HITS), elsewhere };
}
