/** The jobs of docs/ci and docs/ci.md: they can be read, and each command line in them is one that the program takes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { COMMANDS } from '../src/cli/registry.ts';
import { parserOf } from '../src/cli/run.ts';

const docs = join(import.meta.dirname, '../docs');
const files = readdirSync(join(docs, 'ci'));

/** Every string below `run` and `script` keys. */
function scripts(value: unknown, inside = false): readonly string[] {
  if (typeof value === 'string') return inside ? [value] : [];
  if (Array.isArray(value)) return value.flatMap((item: unknown) => scripts(item, inside));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    scripts(item, inside || ['run', 'script', 'before_script'].includes(key)),
  );
}

/** The arguments behind `npx ferrata` on each line, without what the shell takes for itself. */
function commandLines(script: string): readonly (readonly string[])[] {
  return script
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => line.split(/\bnpx ferrata /).slice(1))
    .map((rest) => {
      const words = rest.split(/ #|[|;&]/)[0]?.match(/"[^"]*"|'[^']*'|\S+/g) ?? [];
      const own = words.slice(0, words.findIndex((word) => /^[<>]/.test(word)) >>> 0);
      return own.map((word) => word.replace(/^(["'])(.*)\1$/, '$2'));
    });
}

async function accept(words: readonly string[]): Promise<void> {
  const [name, ...rest] = words;
  const entry = COMMANDS.find((command) => command.name === name);
  expect(entry, `ferrata ${words.join(' ')}`).toBeDefined();
  if (entry === undefined) return;
  const command = await entry.load();
  expect(() => parserOf(command).parse(rest, { from: 'user' }), `ferrata ${words.join(' ')}`).not.toThrow();
}

describe.each(files)('docs/ci/%s', (file) => {
  const value = parse(readFileSync(join(docs, 'ci', file), 'utf8')) as unknown;

  it('has commands, each of which is taken', async () => {
    const lines = scripts(value).flatMap(commandLines);
    expect(lines.length).toBeGreaterThan(0);
    for (const words of lines) await accept(words);
  });
});

describe('docs/ci.md', () => {
  const page = readFileSync(join(docs, 'ci.md'), 'utf8');
  const blocks = [...page.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(
    ([, text = '']) => parse(text) as unknown,
  );

  it('has jobs whose commands are taken', async () => {
    const lines = blocks.flatMap((block) => scripts(block)).flatMap(commandLines);
    expect(lines.length).toBeGreaterThan(10);
    for (const words of lines) await accept(words);
  });

  it('names every file', () => {
    for (const file of files) expect(page).toContain(`(ci/${file})`);
  });
});

it('a flag that does not exist would be seen', async () => {
  await expect(accept(['assess', '--formt', 'sarif'])).rejects.toThrow();
  await expect(accept(['asess'])).rejects.toThrow();
});
