import type { DomainProperties } from '../../catalog/model.ts';
import { deparse } from '../../sql/deparse.ts';
import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import {
  child,
  flag,
  isNode,
  type Node,
  nameFromParts,
  type QualifiedName,
  showName,
  strings,
  text,
  unwrap,
} from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { expressionSql } from './expression-sql.ts';
import { type Hit, rule } from './rule.ts';
import { COMMIT, freeName } from './steps.ts';
import { byTime } from './weight.ts';

export const domainConstraint = rule({
  id: 'domain-constraint',
  severity: 'danger',
  title: 'A new constraint of a domain reads every table that uses the domain, and locks them all',
  on: ['AlterDomainStmt'],
  applies: ({ statement, facts }, context) => {
    const { node } = statement;
    const name = nameFromParts(strings(node.typeName));
    const subtype = text(node, 'subtype');
    if (name === null || context.isNewType(name)) return [];
    const constraint = child(child(node, 'def'), 'Constraint');
    const adds = subtype === 'C' && !flag(constraint, 'skip_validation');
    const validates = subtype === 'V';
    if (!adds && !validates && subtype !== 'O') return [];
    const columns = columnsOf(name, context);
    const tables = [...new Set(columns.map(({ table }) => table))].filter((table) => !context.isNew(table));
    // Known to be used nowhere.
    if (tables.length === 0 && context.known.complete) return [];
    const which = tables.length === 0 ? `every table that uses ${showName(name)}` : tables.join(', ');
    return [
      {
        severity: byTime(context, facts.scans, 'danger'),
        message: `No write to ${which} until every row has been checked.`,
        safeSql: validates
          ? []
          : () => withoutBlocking(name, subtype === 'O' ? null : constraint, columns, node, context),
      } satisfies Hit,
    ];
  },
  why: 'ALTER DOMAIN … ADD CONSTRAINT and SET NOT NULL hold a ShareLock on each table with a column of the domain, all of them at once, while they read all rows of all of them. NOT VALID binds new values alone, and reads nothing; but VALIDATE CONSTRAINT, other than that of a table, then takes the same ShareLocks (PostgreSQL manual, ALTER DOMAIN; seen on 13 to 18).',
  instead:
    'Add it NOT VALID, which binds every new value, and prove the old rows by a CHECK of each table, which is validated beside reads and writes; the domain’s own constraint may stay as it is.',
  manual: 'sql-alterdomain.html',
  example: {
    schema: 'CREATE DOMAIN d AS int; CREATE TABLE t (id int PRIMARY KEY, a d); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER DOMAIN d ADD CONSTRAINT d_positive CHECK (VALUE > 0);',
    danger: { kind: 'scan', relation: 't' },
  },
});

interface DomainColumn {
  readonly table: string;
  readonly column: string;
}

/** Columns of the domain itself and of domains over it, in tables that have rows of their own. */
function columnsOf(name: QualifiedName, context: AssessContext): readonly DomainColumn[] {
  const type = context.resolveType(name);
  const [schema = '', bare = type] = splitQualified(type);
  // The catalog names a type of the search_path without its schema.
  const spellings = [type, quoteQualified(schema, bare), quoteIdent(bare)];
  const found = [...new Set(spellings)].flatMap((spelling) => context.known.columnsOfType(spelling));
  const direct = found.flatMap(({ identity, parent }) => {
    const table = parent?.startsWith('table ') ? parent.slice('table '.length) : null;
    const column = splitQualified(identity).at(-1);
    return table === null || column === undefined ? [] : [{ table, column }];
  });
  const over = context.known
    .objects('domain')
    .filter(({ properties }) => spellings.includes((properties as DomainProperties).type))
    .flatMap(({ identity }) => nameFromParts(splitQualified(identity)) ?? []);
  return [...direct, ...over.flatMap((domain) => columnsOf(domain, context))];
}

/** @param constraint null for SET NOT NULL */
async function withoutBlocking(
  name: QualifiedName,
  constraint: Node | null,
  columns: readonly DomainColumn[],
  statement: Node,
  context: AssessContext,
): Promise<readonly (string | null)[]> {
  const domain = showName(name);
  const label = text(constraint, 'conname') ?? `${name.name}_check`;
  const added =
    constraint === null
      ? `ALTER DOMAIN ${domain} ADD CONSTRAINT ${quoteIdent(`${name.name}_not_null`)} CHECK (VALUE IS NOT NULL) NOT VALID`
      : await deparse('AlterDomainStmt', {
          ...statement,
          def: { Constraint: { ...withoutValidity(constraint), conname: label, skip_validation: true } },
        });
  const proofs: (string | null)[] = [];
  for (const { table, column } of columns) {
    const [schema = null, bare = table] = splitQualified(table);
    const target = { table, written: { schema, name: bare } };
    const check = quoteIdent(freeName(context, target, column, 'check'));
    const condition =
      constraint === null
        ? `${quoteIdent(column)} IS NOT NULL`
        : await expressionSql(about(constraint.raw_expr, column));
    proofs.push(
      COMMIT,
      condition === null
        ? null
        : `ALTER TABLE ${table} ADD CONSTRAINT ${check} CHECK (${condition}) NOT VALID`,
      COMMIT,
      `ALTER TABLE ${table} VALIDATE CONSTRAINT ${check}`,
    );
  }
  return [added, ...proofs];
}

function withoutValidity({ initially_valid: _valid, ...rest }: Node): Node {
  return rest;
}

/** The expression over a column in the place of VALUE. */
function about(value: unknown, column: string): unknown {
  if (Array.isArray(value)) return value.map((item) => about(item, column));
  if (!isNode(value)) return value;
  const kinded = unwrap(value);
  if (kinded?.kind === 'ColumnRef' && strings(kinded.node.fields).join('.') === 'value') {
    return { ColumnRef: { fields: [{ String: { sval: column } }] } };
  }
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, about(inner, column)]));
}
