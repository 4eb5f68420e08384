/** `.gitignore` files, by git's rules (gitignore(5)): the last pattern that fits decides, deeper files over higher ones. */

interface Rule {
  readonly negated: boolean;
  readonly foldersOnly: boolean;
  readonly pattern: RegExp;
}

/** The rules of one file, for paths relative to its folder (with `/`, without one at the front). */
export class IgnoreRules {
  readonly #rules: readonly Rule[];

  constructor(text: string) {
    this.#rules = text.split(/\r?\n/).flatMap((line) => ruleOf(line) ?? []);
  }

  /** Null where no pattern fits. */
  ignores(path: string, isFolder: boolean): boolean | null {
    for (let n = this.#rules.length - 1; n >= 0; n--) {
      const rule = this.#rules[n];
      if (rule === undefined || (rule.foldersOnly && !isFolder)) continue;
      if (rule.pattern.test(path)) return !rule.negated;
    }
    return null;
  }
}

function ruleOf(line: string): Rule | null {
  // Blanks at the end count only behind a backslash.
  let pattern = line.replace(/(?<!\\)\s+$/, '');
  if (pattern === '' || pattern.startsWith('#')) return null;
  const negated = pattern.startsWith('!');
  if (negated) pattern = pattern.slice(1);
  const foldersOnly = pattern.endsWith('/');
  if (foldersOnly) pattern = pattern.slice(0, -1);
  // A slash at the front or in the middle ties the pattern to the folder of the file.
  const tied = pattern.includes('/');
  if (pattern.startsWith('/')) pattern = pattern.slice(1);
  if (pattern === '') return null;
  try {
    return { negated, foldersOnly, pattern: new RegExp(`^${tied ? '' : '(?:.*/)?'}${translate(pattern)}$`) };
  } catch {
    return null;
  }
}

function translate(pattern: string): string {
  let source = '';
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at] as string;
    if (char === '*' && pattern[at + 1] === '*') {
      const before = at === 0 || pattern[at - 1] === '/';
      const after = pattern[at + 2];
      if (before && after === '/') {
        source += '(?:.*/)?';
        at += 2;
      } else if (before && after === undefined) {
        source += '.*';
        at++;
      } else {
        source += '[^/]*';
        at++;
      }
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '[') {
      const end = pattern.indexOf(']', at + 2);
      if (end === -1) source += '\\[';
      else {
        source += `[${pattern
          .slice(at + 1, end)
          .replace(/^!/, '^')
          .replaceAll('\\', '\\\\')}]`;
        at = end;
      }
    } else {
      const literal = char === '\\' && at + 1 < pattern.length ? (pattern[++at] as string) : char;
      source += literal.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
    }
  }
  return source;
}
