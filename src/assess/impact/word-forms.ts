/** The shapes that a database's snake_case name takes in an application's source. */

/** Plurals that no rule makes; singular first. */
const IRREGULAR: readonly (readonly [string, string])[] = [
  ['person', 'people'],
  ['child', 'children'],
  ['man', 'men'],
  ['woman', 'women'],
  ['mouse', 'mice'],
  ['datum', 'data'],
  ['medium', 'media'],
  ['criterion', 'criteria'],
  ['analysis', 'analyses'],
  ['basis', 'bases'],
  ['index', 'indices'],
  ['matrix', 'matrices'],
  ['vertex', 'vertices'],
  ['quiz', 'quizzes'],
  ['movie', 'movies'],
  ['cookie', 'cookies'],
];
const UNCOUNTED = new Set([
  'news',
  'series',
  'species',
  'equipment',
  'information',
  'money',
  'metadata',
  'staff',
  'feedback',
]);

/** The singular of an English noun in lower case; itself where it is none, or is one already. */
export function singular(word: string): string {
  if (UNCOUNTED.has(word)) return word;
  const irregular = IRREGULAR.find(([, plural]) => plural === word);
  if (irregular !== undefined) return irregular[0];
  if (/(?:ss|us|is)$/.test(word) || word.length < 3) return word;
  if (/[^aeiou]ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/(?:ch|sh|x|ss|zz)es$/.test(word)) return word.slice(0, -2);
  if (/(?:status|alias|bus|virus|bonus|campus|census)es$/.test(word)) return word.slice(0, -2);
  if (/(?:l|r|ar|ea|oa|el|al)ves$/.test(word)) return `${word.slice(0, -3)}f`;
  if (/oes$/.test(word)) return word.slice(0, -2);
  return word.endsWith('s') ? word.slice(0, -1) : word;
}

/** The plural of a singular. */
export function plural(word: string): string {
  if (UNCOUNTED.has(word)) return word;
  const irregular = IRREGULAR.find(([one]) => one === word);
  if (irregular !== undefined) return irregular[1];
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  if (/(?:s|x|z|ch|sh)$/.test(word)) return `${word}es`;
  return `${word}s`;
}

/** `OrderItem` → `order_item`; `HTTPRequest` → `http_request`. */
export function snake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

/** `order_item` → `OrderItem`. */
export function pascal(name: string): string {
  return name
    .split(/_+/)
    .filter((part) => part !== '')
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join('');
}

/** `order_item` → `orderItem`. */
export function camel(name: string): string {
  const whole = pascal(name);
  return whole.slice(0, 1).toLowerCase() + whole.slice(1);
}

/** Singular and plural of a table's name, snake_case: only the last word is inflected. */
export function numbers(table: string): { readonly one: string; readonly many: string } {
  const at = table.lastIndexOf('_') + 1;
  const [head, last] = [table.slice(0, at), table.slice(at)];
  const one = singular(last);
  return { one: head + one, many: head + (one === last ? plural(last) : last) };
}
