/** What may stand on either side of a comparison, and how a word on the command line names it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { closest } from '../config/closest.ts';
import { KNOWN_ENVIRONMENTS } from '../config/policy.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';

export type DiffSource =
  /** Of the configuration, live. */
  | { readonly kind: 'environment'; readonly name: string }
  /** As last recorded in the ledger of an environment. */
  | { readonly kind: 'recorded'; readonly name: string }
  | { readonly kind: 'database'; readonly url: string }
  | { readonly kind: 'sql'; readonly file: string; readonly shown: string }
  /** The state after the whole history, or after this one of its migrations. */
  | { readonly kind: 'migrations'; readonly folder: string; readonly upTo: string | null }
  | { readonly kind: 'proof'; readonly file: string; readonly at: 'start' | 'end' }
  | { readonly kind: 'catalog'; readonly file: string; readonly shown: string }
  | { readonly kind: 'empty' };

/**
 * Reads one side: `empty`, a URL, `recorded[:environment]`, `proof:<migration or file>[@start|@end]`, an environment of
 * the configuration, a path (a file of SQL, a migrations folder, one migration, a proof, a saved schema), a migration's
 * id. Throws `diff-source-unknown`.
 */
export function parseSource(word: string, settings: Settings, cwd: string): DiffSource {
  if (word === 'empty') return { kind: 'empty' };
  if (/^postgres(ql)?:\/\//i.test(word) || /(^|\s)(host|dbname|service)\s*=/.test(word)) {
    return { kind: 'database', url: word };
  }
  const recorded = /^recorded(?::(.+))?$/.exec(word);
  if (recorded !== null) return { kind: 'recorded', name: recorded[1] ?? settings.environment.name };
  const proof = /^proof:(.+?)(?:@(start|end))?$/.exec(word);
  if (proof !== null) return proofOf(proof[1] ?? '', proof[2] === 'start' ? 'start' : 'end', settings, cwd);
  if (settings.environments.includes(word)) return { kind: 'environment', name: word };
  const atPath = /^(.+\.json)@(start|end)$/.exec(word);
  const path = resolve(cwd, atPath?.[1] ?? word);
  if (existsSync(path)) return ofPath(path, word, atPath?.[2] === 'start' ? 'start' : 'end');
  const known: readonly string[] = KNOWN_ENVIRONMENTS;
  if (known.includes(word)) return { kind: 'environment', name: word };
  const migration = migrationNamed(word, settings);
  if (migration !== null) return { kind: 'migrations', folder: settings.migrations, upTo: migration };
  throw unknown(word, settings);
}

function ofPath(path: string, word: string, at: 'start' | 'end'): DiffSource {
  if (statSync(path).isDirectory()) {
    if (existsSync(join(path, 'up.sql'))) {
      return { kind: 'migrations', folder: dirname(path), upTo: basename(path) };
    }
    return { kind: 'migrations', folder: path, upTo: null };
  }
  if (!path.endsWith('.json')) return { kind: 'sql', file: path, shown: word };
  const found = jsonMembers(path);
  if (found.has('proof') && found.has('plan')) return { kind: 'proof', file: path, at };
  if (found.has('catalog')) return { kind: 'catalog', file: path, shown: word };
  throw new FerrataError('diff-source-unknown', `${word} holds neither a proof nor a saved schema.`, {
    why: 'A .json file is one that `ferrata rehearse` or `ferrata diff --save` has written.',
    hint: 'Proofs lie in .ferrata/proofs/<migration>/; `ferrata diff --from empty --to <what> --save <file>` saves a schema.',
  });
}

/** The names of a JSON object's members; none where it is no JSON object. */
function jsonMembers(path: string): ReadonlySet<string> {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return new Set(typeof value === 'object' && value !== null ? Object.keys(value) : []);
  } catch {
    return new Set();
  }
}

/** A file, or a migration whose newest proof is meant. */
function proofOf(word: string, at: 'start' | 'end', settings: Settings, cwd: string): DiffSource {
  const path = resolve(cwd, word);
  if (existsSync(path) && statSync(path).isFile()) {
    const source = ofPath(path, word, at);
    if (source.kind === 'proof') return source;
    throw new FerrataError('diff-source-unknown', `${word} is no proof.`, {
      hint: 'Proofs lie in .ferrata/proofs/<migration>/.',
    });
  }
  const id = migrationNamed(word, settings) ?? word;
  const folder = join(settings.directory, 'proofs', id);
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
  const newest = files
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (newest === undefined) {
    throw new FerrataError('diff-source-unknown', `There is no proof of ${word} here.`, {
      why: 'Proofs are files under .ferrata/proofs/, written by a rehearsal.',
      hint: `\`ferrata rehearse ${word}\` makes one.`,
    });
  }
  return { kind: 'proof', file: newest, at };
}

/** A migration's id by the id itself, its digits, or its name; null where none, or more than one, fits. */
function migrationNamed(word: string, settings: Settings): string | null {
  if (!existsSync(settings.migrations)) return null;
  const ids = readdirSync(settings.migrations).filter((name) => /^\d+_/.test(name));
  const exact = ids.find((id) => id === word);
  if (exact !== undefined) return exact;
  const fitting = ids.filter((id) => id.startsWith(`${word}_`) || id.replace(/^\d+_/, '') === word);
  return fitting.length === 1 ? (fitting[0] ?? null) : null;
}

function unknown(word: string, settings: Settings): FerrataError {
  const near = closest(word, [...settings.environments, 'empty', 'recorded']);
  const looksLikePath = /[/\\]|\.\w+$/.test(word);
  return new FerrataError(
    'diff-source-unknown',
    looksLikePath ? `There is no file or folder ${word}.` : `\`${word}\` names no schema.`,
    {
      why: `A side is an environment (${settings.environments.join(', ')}), a URL, a file of SQL, a migrations folder or one migration, \`proof:<migration>\`, \`recorded\`, a saved schema, or \`empty\`.`,
      hint: near === null ? '`ferrata diff --help` shows examples.' : `Did you mean ${near}?`,
    },
  );
}
