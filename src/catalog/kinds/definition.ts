/** What the kinds share whose whole definition is one piece of SQL (`DefinitionProperties`). */
import { dollarQuote } from '../../sql/quote.ts';
import type { ReadContext } from '../context.ts';
import type { Json, ObjectKey, ObjectKind } from '../model.ts';
import type { ParkedDraft } from '../parked.ts';
import type { SystemCatalog } from '../system-catalogs.ts';

export interface Defined {
  readonly kind: ObjectKind;
  readonly identity: string;
  readonly catalog: SystemCatalog;
  readonly oid: string;
  /** As DROP, ALTER and COMMENT ON name it: `OPERATOR public.+ (integer, integer)`. */
  readonly target: string;
  /** As GRANT names it, where that is different. */
  readonly grantTarget?: string;
  /** One statement, or several that are then made one; null where it cannot be written down. */
  readonly definition: string | readonly string[] | null;
  /** Where it is not `DROP <target>`. */
  readonly drop?: string | null;
  readonly properties: Readonly<Record<string, Json>>;
  readonly parent?: ObjectKey | null;
  readonly parked?: ParkedDraft | null;
}

export function addDefined(object: Defined, context: ReadContext): void {
  const { kind, identity, catalog, oid, target, grantTarget = target, properties } = object;
  const definition = object.definition === null ? null : oneStatement(object.definition);
  const drop = object.drop === undefined ? `DROP ${target}` : object.drop;
  context.add(
    {
      kind,
      identity,
      parent: object.parent ?? null,
      properties: { definition, drop, ...properties },
      physical: `${catalog}:${oid}`,
      extra: { target, grantTarget },
    },
    object.parked ?? null,
  );
}

/** Several statements as one: a DO block. They must be allowed in a function, which all of those used here are. */
export function oneStatement(statements: string | readonly string[]): string {
  if (typeof statements === 'string') return statements;
  if (statements.length === 1) return statements[0] ?? '';
  return `DO ${dollarQuote(`\nBEGIN\n${statements.map((sql) => `  ${sql};\n`).join('')}END\n`)}`;
}

/** SQL for a qualified, quoted name; both given by their aliases' columns. */
export function qualified(schema: string, name: string): string {
  return `quote_ident(${schema}) || '.' || quote_ident(${name})`;
}

/** `a = b` of each pair whose value is there, for the parenthesised lists of CREATE. */
export function optionList(options: readonly (readonly [string, string | null | undefined])[]): string {
  return options
    .filter(([, value]) => value !== null && value !== undefined && value !== '-')
    .map(([name, value]) => (value === '' ? name : `${name} = ${value}`))
    .join(', ');
}
