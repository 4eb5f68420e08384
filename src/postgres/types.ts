/**
 * How a value of the server becomes a JavaScript value, per connection (node-postgres' global parsers stay as they
 * are). Whatever a double would round or a Date would move (int8, numeric, dates, times, intervals) stays text.
 */

type Parser = (text: string) => unknown;

const asText: Parser = (text) => text;
const asNumber: Parser = (text) => Number(text);
const asBoolean: Parser = (text) => text === 't';
const asBytes: Parser = (text) =>
  text.startsWith('\\x') ? Buffer.from(text.slice(2), 'hex') : Buffer.from(text, 'latin1');

/** By the OIDs of pg_type.dat, which never change. */
const PARSERS = new Map<number, Parser>([
  [16, asBoolean],
  [17, asBytes],
  [21, asNumber], // int2
  [23, asNumber], // int4
  [26, asNumber], // oid
  [700, asNumber], // float4
  [701, asNumber], // float8
  [114, JSON.parse], // json
  [3802, JSON.parse], // jsonb
  [1000, (text) => parseArray(text, asBoolean)],
  [1002, (text) => parseArray(text, asText)], // "char"[]
  [1003, (text) => parseArray(text, asText)], // name[]
  [1005, (text) => parseArray(text, asNumber)], // int2[]
  [1007, (text) => parseArray(text, asNumber)], // int4[]
  [1009, (text) => parseArray(text, asText)], // text[]
  [1014, (text) => parseArray(text, asText)], // bpchar[]
  [1015, (text) => parseArray(text, asText)], // varchar[]
  [1016, (text) => parseArray(text, asText)], // int8[]
  [1021, (text) => parseArray(text, asNumber)], // float4[]
  [1022, (text) => parseArray(text, asNumber)], // float8[]
  [1028, (text) => parseArray(text, asNumber)], // oid[]
  [1231, (text) => parseArray(text, asText)], // numeric[]
  [199, (text) => parseArray(text, JSON.parse)], // json[]
  [3807, (text) => parseArray(text, JSON.parse)], // jsonb[]
]);

/** For `query` and `rows`. */
export const typedValues = {
  getTypeParser: (oid: number): Parser => PARSERS.get(oid) ?? asText,
};

/** For `script`: everything as the server wrote it. */
export const textValues = { getTypeParser: (): Parser => asText };

/** Reads the text form of an array (PostgreSQL manual, 8.15.6); nested arrays nest, explicit bounds are dropped. */
export function parseArray(text: string, element: Parser): unknown[] {
  let index = text.startsWith('[') ? text.indexOf('=') + 1 : 0;

  const readArray = (): unknown[] => {
    const values: unknown[] = [];
    index++; // '{'
    while (index < text.length && text[index] !== '}') {
      if (text[index] === '{') values.push(readArray());
      else if (text[index] === '"') values.push(element(readQuoted()));
      else {
        const start = index;
        while (index < text.length && text[index] !== ',' && text[index] !== '}') index++;
        const word = text.slice(start, index);
        values.push(word === 'NULL' ? null : element(word));
      }
      if (text[index] === ',') index++;
    }
    index++; // '}'
    return values;
  };

  const readQuoted = (): string => {
    let value = '';
    index++; // opening quote
    while (index < text.length && text[index] !== '"') {
      if (text[index] === '\\') index++;
      value += text[index];
      index++;
    }
    index++; // closing quote
    return value;
  };

  return readArray();
}
