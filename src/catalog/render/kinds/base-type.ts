/**
 * Base types and shell types (manual, CREATE TYPE). A base type's own functions take and give the type itself, so the
 * shell comes first, then the functions, then the type; and all of them go together, with CASCADE.
 */
import { quoteLiteral } from '../../../sql/quote.ts';
import type { CatalogObject, Owned } from '../../model.ts';
import { routinesOf, typesOf } from '../circles.ts';
import type { KindRenderer, Part, RenderContext } from '../context.ts';
import { equalJson, make, partId, propertiesOf } from '../context.ts';
import { keyOf } from '../names.ts';
import { ownedAfterCreate, ownedChanges } from '../owned.ts';
import { RANK } from '../ranks.ts';
import { typeNames, typeTarget } from './type-common.ts';

/** What the reader packs into `details`, in its order. */
const FIELDS = [
  'defined',
  'length',
  'byValue',
  'category',
  'preferred',
  'delimiter',
  'input',
  'output',
  'receive',
  'send',
  'typmodIn',
  'typmodOut',
  'analyze',
  'alignment',
  'storage',
  'default',
  'collatable',
  'element',
  'subscript',
] as const;

type Details = Readonly<Record<(typeof FIELDS)[number], string | null>>;

function details(object: CatalogObject): Details {
  const values = JSON.parse(String(object.properties.details)) as (string | null)[];
  const value = (name: string, index: number): string | null => {
    const found = values[index] ?? null;
    // No function is written `-`, in an option that takes a function.
    return found === '-' && name !== 'delimiter' && name !== 'default' ? null : found;
  };
  return Object.fromEntries(FIELDS.map((name, index) => [name, value(name, index)])) as Details;
}

const ALIGNMENT: Readonly<Record<string, string>> = { c: 'char', s: 'int2', i: 'int4', d: 'double' };
const STORAGE: Readonly<Record<string, string>> = { p: 'plain', e: 'external', x: 'extended', m: 'main' };

/** Options that ALTER TYPE … SET takes, too. */
const SETTABLE = {
  receive: 'RECEIVE',
  send: 'SEND',
  typmodIn: 'TYPMOD_IN',
  typmodOut: 'TYPMOD_OUT',
  analyze: 'ANALYZE',
  subscript: 'SUBSCRIPT',
} as const;

function definition(object: CatalogObject): string {
  const type = details(object);
  const options: string[] = [`INPUT = ${type.input}`, `OUTPUT = ${type.output}`];
  for (const [name, word] of Object.entries(SETTABLE)) {
    const value = type[name as keyof typeof SETTABLE];
    if (value !== null) options.push(`${word} = ${value}`);
  }
  options.push(`INTERNALLENGTH = ${type.length === '-1' ? 'VARIABLE' : type.length}`);
  if (type.byValue === 'true') options.push('PASSEDBYVALUE');
  options.push(`ALIGNMENT = ${ALIGNMENT[type.alignment ?? ''] ?? 'int4'}`);
  options.push(`STORAGE = ${STORAGE[type.storage ?? ''] ?? 'plain'}`);
  options.push(`CATEGORY = ${quoteLiteral(type.category ?? 'U')}`);
  if (type.preferred === 'true') options.push('PREFERRED = true');
  if (type.default !== null) options.push(`DEFAULT = ${quoteLiteral(type.default)}`);
  if (type.element !== null) options.push(`ELEMENT = ${type.element}`);
  if (type.delimiter !== null) options.push(`DELIMITER = ${quoteLiteral(type.delimiter)}`);
  if (type.collatable === 'true') options.push('COLLATABLE = true');
  return `CREATE TYPE ${object.identity} (${options.join(', ')})`;
}

/** The shell that the type's own functions are made over; nothing where no function needs the type before it is there. */
export function shell(object: CatalogObject, context: RenderContext): Part[] {
  const circle = routinesOf(keyOf(object.kind, object.identity), context.to);
  if (!circle.some((key) => context.isCreated(key))) return [];
  return [
    {
      name: 'shell',
      drafts: [{ sql: `CREATE TYPE ${object.identity}` }],
      early: true,
      uses: (kind) => kind === 'schema',
      rank: RANK.baseType,
    },
  ];
}

export const baseType: KindRenderer = {
  ...typeNames,
  rank: RANK.baseType,
  create(object, context) {
    const wanted = propertiesOf<Owned>(object);
    const defined = details(object).defined === 'true';
    const sql = defined ? definition(object) : `CREATE TYPE ${object.identity}`;
    return [
      ...(defined ? shell(object, context) : []),
      make([sql, ...ownedAfterCreate(object, wanted, typeTarget(object), context)], {
        needs: [partId('shell', keyOf(object.kind, object.identity))],
      }),
    ];
  },
  drop: (object) => [
    { sql: `DROP TYPE ${object.identity}${details(object).defined === 'true' ? ' CASCADE' : ''}` },
  ],
  alter(before, after, context) {
    const had = details(before);
    const wanted = details(after);
    const drafts: string[] = [];
    const settings: string[] = [];
    for (const name of FIELDS) {
      if (name === 'defined' || context.same(had[name], wanted[name])) continue;
      const word = SETTABLE[name as keyof typeof SETTABLE];
      if (had.defined !== 'true') continue;
      if (word !== undefined) settings.push(`${word} = ${wanted[name] ?? 'NONE'}`);
      else if (name === 'storage' && had.storage !== 'p' && wanted.storage !== 'p') {
        settings.push(`STORAGE = ${STORAGE[wanted.storage ?? ''] ?? 'plain'}`);
      } else return 'rebuild';
    }
    if (had.defined === 'true' && wanted.defined !== 'true') return 'rebuild';
    if (had.defined !== 'true' && wanted.defined === 'true') drafts.push(definition(after));
    if (settings.length > 0) drafts.push(`ALTER TYPE ${after.identity} SET (${settings.join(', ')})`);
    const about = equalJson(before.properties, after.properties)
      ? []
      : ownedChanges(propertiesOf<Owned>(before), propertiesOf<Owned>(after), typeTarget(after));
    return [make([...drafts, ...about])];
  },
};

/** What a function of a type's own waits for: the shell of the type instead of the type. */
export function shellsFor(object: CatalogObject, context: RenderContext): Pick<Part, 'needs' | 'uses'> {
  const types = typesOf(keyOf(object.kind, object.identity), context.to);
  if (types.length === 0) return {};
  return { needs: types.map((type) => partId('shell', type)), uses: (_kind, key) => !types.includes(key) };
}
