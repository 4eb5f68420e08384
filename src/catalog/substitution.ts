/** Texts that mention renamed objects, under the new names: in one pass over a text, however many were renamed. */
import { isPlainObject } from './json.ts';
import type { Json } from './model.ts';

const NAME = `(?:"(?:[^"]|"")*"|[A-Za-z0-9_$]+)`;
/** `name`, `schema.name`, `schema.table.column` … as they stand in SQL text. */
const CHAIN = new RegExp(String.raw`(?<![\w$".])${NAME}(?:\.${NAME})*(?![\w$"])`, 'g');
const WHOLE_CHAIN = new RegExp(`^${NAME}(?:\\.${NAME})*$`);
const PART = new RegExp(NAME, 'g');

export class Substitution {
  readonly #names: ReadonlyMap<string, string>;
  /** Names with more than dots in them, such as a function's with its arguments. */
  readonly #others: readonly (readonly [RegExp, string])[];

  /** `[old, new]` identities. */
  constructor(renamed: readonly (readonly [string, string])[]) {
    this.#names = new Map(renamed.filter(([old]) => WHOLE_CHAIN.test(old)));
    this.#others = renamed
      .filter(([old]) => !WHOLE_CHAIN.test(old))
      .map(([old, name]) => {
        const escaped = old.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
        return [new RegExp(`(?<![\\w$".])${escaped}(?![\\w$"])`, 'g'), name];
      });
  }

  get isEmpty(): boolean {
    return this.#names.size === 0 && this.#others.length === 0;
  }

  in(value: Json): Json {
    if (typeof value === 'string') return this.#text(value);
    if (Array.isArray(value)) return (value as readonly Json[]).map((item) => this.in(item));
    if (!isPlainObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.in(item)]));
  }

  #text(text: string): string {
    const whole = this.#others.reduce((now, [pattern, name]) => now.replace(pattern, () => name), text);
    if (this.#names.size === 0) return whole;
    return whole.replace(CHAIN, (chain) => {
      // The longest name that the chain starts with: of `s.t.a`, the column, else the table, else the schema.
      let end = chain.length;
      for (const part of (chain.match(PART) ?? []).reverse()) {
        const name = this.#names.get(chain.slice(0, end));
        if (name !== undefined) return name + chain.slice(end);
        end -= part.length + 1;
      }
      return chain;
    });
  }
}
