/**
 * Finds and reads the configuration file. What reads it is loaded only for the format that is there.
 */
import { readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { FerrataError } from '../errors.ts';
import { importTypeScript } from './typescript.ts';

const NAMES = ['ts', 'mts', 'js', 'mjs', 'json', 'yaml', 'yml'].map(
  (extension) => `ferrata.config.${extension}`,
);

/**
 * The configuration file in `cwd` or the nearest folder above it, up to the repository's root; null when there is
 * none. Throws `config-invalid` when one folder holds two.
 */
export function findConfigFile(cwd: string): string | null {
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const entries = entriesOf(folder);
    const found = NAMES.filter((name) => entries.includes(name));
    if (found.length > 1) {
      throw new FerrataError(
        'config-invalid',
        `${folder} holds more than one configuration: ${found.join(', ')}`,
        {
          hint: 'Keep one of them, or name one with --config.',
        },
      );
    }
    if (found[0] !== undefined) return join(folder, found[0]);
    if (entries.includes('.git') || dirname(folder) === folder) return null;
  }
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // a folder above that we may not list
  }
}

/** What the file holds, unchecked. Throws `config-unreadable`, `config-invalid` (syntax). */
export async function readConfigFile(file: string): Promise<unknown> {
  if (!isFile(file)) {
    throw new FerrataError('config-unreadable', `There is no configuration file ${file}`, {
      hint: 'Check the path after --config; ferrata init writes a new one.',
    });
  }
  switch (extname(file)) {
    case '.yaml':
    case '.yml':
      return await readYaml(file);
    case '.json':
      return readJson(file, await readText(file));
    case '.ts':
    case '.mts':
    case '.js':
    case '.mjs':
      return await readModule(file);
    default:
      throw new FerrataError('config-unreadable', `${file} is of no kind that can be read`, {
        hint: 'A configuration ends in .ts, .mts, .js, .mjs, .json, .yaml or .yml.',
      });
  }
}

function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new FerrataError('config-unreadable', `${file} can not be read`, {
      why: cause instanceof Error ? cause.message : undefined,
      hint: 'Check the permissions of the file.',
      cause,
    });
  }
}

// The messages of the parsers quote the file, and the file may hold a password: only the place is passed on.

async function readYaml(file: string): Promise<unknown> {
  const { parseDocument, LineCounter } = await import('yaml');
  const lineCounter = new LineCounter();
  const document = parseDocument(await readText(file), { lineCounter, prettyErrors: false });
  const [error] = document.errors;
  if (error === undefined) return document.toJS();
  const { line, col } = lineCounter.linePos(error.pos[0]);
  throw new FerrataError('config-invalid', `${file}: this is not YAML (${error.code})`, {
    location: { file, line, column: col },
    hint: `Correct the syntax at line ${line}, column ${col}.`,
  });
}

function readJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = Number(
      /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1] ?? text.length,
    );
    const before = text.slice(0, position).split('\n');
    const line = before.length;
    const column = (before.at(-1)?.length ?? 0) + 1;
    throw new FerrataError('config-invalid', `${file}: this is not JSON`, {
      location: { file, line, column },
      hint: `Correct the syntax at line ${line}, column ${column}; JSON has no comments and no comma at the end.`,
    });
  }
}

async function readModule(file: string): Promise<unknown> {
  try {
    const exported = /\.m?ts$/.test(file) ? await importTypeScript(file) : await importModule(file);
    return typeof exported === 'function' ? await exported() : exported;
  } catch (cause) {
    throw new FerrataError('config-unreadable', `${basename(file)} can not be loaded`, {
      why: cause instanceof Error ? cause.message : String(cause),
      hint: `${file} must be a module with the configuration as its default export.`,
      cause,
    });
  }
}

async function importModule(file: string): Promise<unknown> {
  const module: { default?: unknown } = await import(pathToFileURL(file).href);
  return module.default;
}
