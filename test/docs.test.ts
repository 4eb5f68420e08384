import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../src/cli/registry.ts';
import { DEFAULT_MONITOR } from '../src/config/monitor.ts';
import { defaultPolicy, KNOWN_ENVIRONMENTS } from '../src/config/policy.ts';
import { ERROR_CODES } from '../src/errors.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** Rows of the Markdown tables of a page whose first cell is one word in code, cell by cell. */
function rows(page: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const line of page.split('\n')) {
    const cells = line.split('|').map((cell) => cell.trim());
    const key = /^`([\w.-]+)`$/.exec(cells[1] ?? '')?.[1];
    if (key !== undefined) found.set(key, cells.slice(2, -1));
  }
  return found;
}

describe('docs/errors.md', () => {
  const documented = rows(read('docs/errors.md'));

  it.each(Object.entries(ERROR_CODES))('%s has its row, with exit code %i', (code, exit) => {
    expect(documented.get(code)?.[0]).toBe(String(exit));
    expect(
      documented
        .get(code)
        ?.slice(1)
        .every((cell) => cell.length > 5),
    ).toBe(true);
  });

  it('has no row for a code that does not exist', () => {
    expect([...documented.keys()].filter((code) => !(code in ERROR_CODES))).toEqual([]);
  });
});

describe('docs/configuration.md', () => {
  const documented = rows(read('docs/configuration.md'));

  it.each(Object.keys(defaultPolicy('production')))('policy.%s has its row', (key) => {
    expect(documented.has(key) || documented.has(`policy.${key}`)).toBe(true);
  });

  it.each(KNOWN_ENVIRONMENTS.map((name, index) => [name, index] as const))(
    'the table of defaults says what holds in %s',
    (name, index) => {
      const policy: Readonly<Record<string, unknown>> = { ...defaultPolicy(name) };
      for (const [key, value] of Object.entries(policy)) {
        // Groups of keys, each with a table or a page of its own.
        if (key === 'monitor') continue;
        const said = documented.get(`policy.${key}`)?.[index];
        // By risk, from low to critical.
        const is =
          value === null ? 'none' : typeof value === 'object' ? Object.values(value).join() : String(value);
        expect({ key, said: said?.replaceAll(/[`_ ]/g, '') }).toEqual({ key, said: is });
      }
    },
  );
});

describe('links', () => {
  const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...readdirSync(join(root, 'docs'))]
    .filter((name) => name.endsWith('.md'))
    .map((name) => (existsSync(join(root, name)) ? name : `docs/${name}`));

  it.each(pages)('of %s lead somewhere', (page) => {
    const broken = [...read(page).matchAll(/\]\((?!https?:)([^)\s#]*)(#[^)\s]*)?\)/g)].filter(
      ([, path = '', anchor = '']) => {
        const target = path === '' ? page : join(dirname(page), path);
        if (!existsSync(join(root, target))) return true;
        return anchor !== '' && !anchors(read(target)).has(anchor.slice(1));
      },
    );
    expect(broken.map(([link]) => link)).toEqual([]);
  });
});

/** As GitHub makes them: lower case, what is no letter, digit, space, dash or underscore gone, spaces to dashes. */
function anchors(page: string): ReadonlySet<string> {
  const prose = page.replaceAll(/^```[\s\S]*?^```/gm, '');
  return new Set(
    [...prose.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('commands', () => {
  const prose = ['README.md', ...readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))]
    .map((name) => read(name === 'README.md' ? name : `docs/${name}`))
    .join('\n');

  it.each(COMMANDS.map(({ name }) => name))('%s is spoken of', (name) => {
    expect(new RegExp(`ferrata ${name}\\b`).test(prose)).toBe(true);
  });

  it('are none that do not exist', () => {
    const known = new Set(COMMANDS.map(({ name }) => name));
    const named = [...prose.matchAll(/npx ferrata ([a-z]+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('docs/monitoring.md', () => {
  const documented = rows(read('docs/monitoring.md'));

  it.each(Object.entries(DEFAULT_MONITOR.signals))('%s has its row, with its limits', (name, limits) => {
    const cells = documented.get(name) ?? [];
    const [, pauses = '', ends = ''] = cells;
    const said = (threshold: { readonly limit: number } | null, cell: string) =>
      threshold === null ? true : cell.includes(String(threshold.limit));
    expect({
      name,
      pauses: said(limits.pause ?? limits.warn, pauses),
      ends: said(limits.abort, ends),
    }).toEqual({
      name,
      pauses: true,
      ends: true,
    });
  });
});
