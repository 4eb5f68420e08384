/**
 * Texts that match a regular expression, as far as this sampler reads it (PostgreSQL manual, 9.7.3); whether they do
 * is found by trial. Deterministic: the same pattern and number give the same text.
 */

/** A text for `pattern`; different numbers give different texts where the pattern has room. */
export function sampleOf(pattern: string, n: number, shortest = false): string {
  const source = pattern.replace(/^\*\*\*[:=]/, '').replace(/^\(\?[a-z]+\)/, '');
  return new Sampler(source, n, shortest).sample();
}

const DIGITS = '0123456789';
const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const UPPER = LOWER.toUpperCase();
const WORD = `${LOWER}${UPPER}${DIGITS}_`;
/** What `.` and negated classes draw from. */
const ANY = `${LOWER}${UPPER}${DIGITS}-_ .@/:`;

const NAMED: Readonly<Record<string, string>> = {
  alpha: LOWER + UPPER,
  alnum: LOWER + UPPER + DIGITS,
  digit: DIGITS,
  lower: LOWER,
  upper: UPPER,
  space: ' ',
  punct: '.-_!',
  xdigit: `${DIGITS}abcdef`,
  word: WORD,
};

class Sampler {
  readonly #text: string;
  readonly #shortest: boolean;
  #at = 0;
  #state: number;

  constructor(text: string, n: number, shortest: boolean) {
    this.#text = text;
    this.#shortest = shortest;
    this.#state = n;
  }

  sample(): string {
    return this.#alternatives();
  }

  /** Mixed-radix digits of the number: consecutive numbers differ in what is drawn first. */
  #draw(size: number): number {
    if (size <= 1) return 0;
    const drawn = this.#state % size;
    this.#state = Math.floor(this.#state / size) + (this.#state >= size ? 0 : this.#state * 7 + 3);
    return drawn;
  }

  #alternatives(): string {
    const options = [this.#sequence()];
    while (this.#text[this.#at] === '|') {
      this.#at++;
      options.push(this.#sequence());
    }
    return options[this.#draw(options.length)] ?? '';
  }

  #sequence(): string {
    let result = '';
    while (this.#at < this.#text.length && this.#text[this.#at] !== '|' && this.#text[this.#at] !== ')') {
      result += this.#quantified();
    }
    return result;
  }

  #quantified(): string {
    const start = this.#at;
    const first = this.#atom();
    const end = this.#at;
    const [low, high] = this.#quantifier();
    let count = this.#shortest ? low : Math.min(high, Math.max(low, low + 3 > 4 && low > 1 ? low : 3));
    if (low === 0 && !this.#shortest) count = Math.min(high, 1);
    let result = '';
    const after = this.#at;
    for (let k = 0; k < count; k++) {
      if (k === 0) result += first;
      else {
        this.#at = start;
        result += this.#atom();
        if (this.#at !== end) break;
      }
    }
    this.#at = after;
    return result;
  }

  #quantifier(): [number, number] {
    const rest = this.#text.slice(this.#at);
    const match = /^(\*|\+|\?|\{(\d+)(,?)(\d*)\})[?+]?/.exec(rest);
    if (match === null) return [1, 1];
    this.#at += match[0].length;
    if (match[1] === '*') return [0, 8];
    if (match[1] === '+') return [1, 8];
    if (match[1] === '?') return [0, 1];
    const low = Number(match[2]);
    if (match[3] === '') return [low, low];
    return [low, match[4] === '' ? low + 8 : Number(match[4])];
  }

  #atom(): string {
    const char = this.#text[this.#at++] ?? '';
    if (char === '(') return this.#group();
    if (char === '[') return this.#from(this.#classCharacters());
    if (char === '\\') return this.#escape();
    if (char === '.') return this.#from(LOWER);
    if (char === '^' || char === '$') return '';
    return char;
  }

  #group(): string {
    let keep = true;
    const rest = this.#text.slice(this.#at);
    const mark = /^\?(:|<?[=!])/.exec(rest);
    if (mark !== null) {
      this.#at += mark[0].length;
      // What a lookaround asks for is left to luck.
      keep = mark[1] === ':';
    }
    const inner = this.#alternatives();
    if (this.#text[this.#at] === ')') this.#at++;
    return keep ? inner : '';
  }

  #escape(): string {
    const char = this.#text[this.#at++] ?? '';
    if (char === 'd') return this.#from(DIGITS);
    if (char === 'w') return this.#from(LOWER + DIGITS);
    if (char === 's') return ' ';
    if (char === 'D' || char === 'S' || char === 'W') return char === 'W' ? '-' : this.#from(LOWER);
    if (/[AZmMyYbB<>]/.test(char)) return '';
    return char === 'n' ? '\n' : char === 't' ? '\t' : char;
  }

  #from(characters: string): string {
    return characters[this.#draw(characters.length)] ?? '';
  }

  #classCharacters(): string {
    const negated = this.#text[this.#at] === '^';
    if (negated) this.#at++;
    let characters = '';
    let first = true;
    while (this.#at < this.#text.length && (first || this.#text[this.#at] !== ']')) {
      first = false;
      const named = /^\[:(\w+):\]/.exec(this.#text.slice(this.#at));
      if (named !== null) {
        characters += NAMED[named[1] ?? ''] ?? '';
        this.#at += named[0].length;
        continue;
      }
      let char = this.#text[this.#at++] ?? '';
      if (char === '\\') {
        char = this.#text[this.#at++] ?? '';
        if (char === 'd') characters += DIGITS;
        else if (char === 'w') characters += WORD;
        else if (char === 's') characters += ' ';
        else characters += char;
        continue;
      }
      const upper = this.#text[this.#at + 1];
      if (this.#text[this.#at] === '-' && upper !== undefined && upper !== ']') {
        this.#at += 2;
        for (let code = char.charCodeAt(0); code <= upper.charCodeAt(0) && characters.length < 300; code++) {
          characters += String.fromCharCode(code);
        }
      } else characters += char;
    }
    this.#at++;
    if (!negated) return characters;
    return [...ANY].filter((char) => !characters.includes(char)).join('');
  }
}
