/** Indexes, types, views, functions, triggers and the rest, as far as something asks for them. */
import type { ConstraintProperties, DomainProperties } from '../../catalog/model.ts';
import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import { readRelations } from '../../sql/relations.ts';
import {
  child,
  children,
  flag,
  type Node,
  nameFromParts,
  nameFromRange,
  relationOf,
  strings,
  text,
  unwrap,
} from '../../sql/tree.ts';
import { constraintName, namesInIndex, relationName } from './chosen-names.ts';
import { changed, checkDefinition, constraint, expressionText, index, object, UNREAD } from './make.ts';
import type { Names, Replays } from './replay.ts';
import type { KnownSchema } from './schema.ts';

export const otherReplays: Replays = {
  IndexStmt({ node }, known, names) {
    const table = names.relation(relationOf(node));
    if (table === null) return;
    const columns = namesInIndex(node);
    const name = text(node, 'idxname') ?? relationName(known, table, columns, 'idx');
    const identity = quoteQualified(splitQualified(table)[0] ?? null, name);
    if (flag(node, 'if_not_exists') && known.has('index', identity)) return;
    const parent = known.has('materialized view', table) ? `materialized view ${table}` : `table ${table}`;
    known.put(
      index(
        identity,
        { definition: indexDefinition(node, identity, table), table, unique: flag(node, 'unique') },
        parent,
      ),
    );
  },
  CreateSeqStmt({ node }, known, names) {
    const name = nameFromRange(child(node, 'sequence'));
    if (name === null) return;
    const identity = names.made(name);
    if (!known.has('sequence', identity))
      known.put(object('sequence', identity, { ownedBy: null, persistence: 'permanent' }));
  },
  CreateSchemaStmt({ node }, known) {
    const name = text(node, 'schemaname');
    if (name !== null) known.put(object('schema', quoteIdent(name), {}));
  },
  CreateDomainStmt({ node }, known, names) {
    const name = nameFromParts(strings(node.domainname));
    if (name === null) return;
    const identity = names.made(name);
    const constraints = children(node, 'constraints').map((item) => item.node);
    known.put(
      object('domain', identity, {
        type: names.type(child(node, 'typeName')),
        collation: null,
        notNull: constraints.some((item) => text(item, 'contype') === 'CONSTR_NOTNULL'),
        default: null,
      }),
    );
    for (const item of constraints) addDomainCheck(identity, item, known);
  },
  AlterDomainStmt({ node }, known, names) {
    const name = nameFromParts(strings(node.typeName));
    if (name === null) return;
    const identity = names.typeName(name);
    const old = known.get('domain', identity);
    if (old === null) return;
    switch (text(node, 'subtype')) {
      case 'C': {
        const item = child(child(node, 'def'), 'Constraint');
        if (item !== null && text(item, 'contype') === 'CONSTR_NOTNULL') {
          known.put(changed<DomainProperties>(old, { notNull: true }));
        } else if (item !== null) addDomainCheck(identity, item, known);
        return;
      }
      case 'V': {
        const check = known.get('constraint', `${identity}.${quoteIdent(text(node, 'name') ?? '')}`);
        if (check !== null) known.put(changed<ConstraintProperties>(check, { validated: true }));
        return;
      }
      case 'X':
        known.drop('constraint', `${identity}.${quoteIdent(text(node, 'name') ?? '')}`);
        return;
      case 'O':
        known.put(changed<DomainProperties>(old, { notNull: true }));
        return;
      case 'N':
        known.put(changed<DomainProperties>(old, { notNull: false }));
        return;
      default:
        return;
    }
  },
  CreateEnumStmt({ node }, known, names) {
    const name = nameFromParts(strings(node.typeName));
    if (name !== null) known.put(object('enum', names.made(name), { labels: strings(node.vals) }));
  },
  AlterEnumStmt({ node }, known, names) {
    const name = nameFromParts(strings(node.typeName));
    const old = name === null ? null : known.get('enum', names.typeName(name));
    if (old === null) return;
    const { labels } = old.properties as { readonly labels: readonly string[] };
    const from = text(node, 'oldVal');
    const to = text(node, 'newVal') ?? '';
    if (from !== null) {
      known.put(changed(old, { labels: labels.map((label) => (label === from ? to : label)) }));
    } else if (!labels.includes(to)) {
      const at = labels.indexOf(text(node, 'newValNeighbor') ?? '');
      const place = at === -1 ? labels.length : flag(node, 'newValIsAfter') ? at + 1 : at;
      known.put(changed(old, { labels: labels.toSpliced(place, 0, to) }));
    }
  },
  CompositeTypeStmt({ node }, known, names) {
    const name = nameFromRange(child(node, 'typevar'));
    if (name !== null) known.put(object('composite', names.made(name), { attributes: [] }));
  },
  CreateRangeStmt({ node }, known, names) {
    const name = nameFromParts(strings(node.typeName));
    if (name !== null) known.put(object('range', names.made(name), { options: [] }));
  },
  ViewStmt(statement, known, names) {
    const range = child(statement.node, 'view');
    const name = nameFromRange(range);
    if (name === null) return;
    const relation = names.made(name, text(range, 'relpersistence') === 't');
    known.put(
      object('view', relation, { definition: reads(statement, relation, names), options: [], columns: [] }),
    );
  },
  CreateFunctionStmt({ node }, known, names) {
    const name = nameFromParts(strings(node.funcname));
    if (name === null) return;
    const types = children(node, 'parameters')
      .filter((item) => !['FUNC_PARAM_OUT', 'FUNC_PARAM_TABLE'].includes(text(item.node, 'mode') ?? ''))
      .map((item) => names.type(child(item.node, 'argType')));
    const identity = `${names.made(name)}(${types.join(', ')})`;
    const option = (key: string) =>
      children(node, 'options').find((item) => text(item.node, 'defname') === key)?.node;
    const word = (key: string) => text(child(child(option(key), 'arg'), 'String'), 'sval');
    const body = strings(child(child(option('as'), 'arg'), 'List')?.items).join('\n');
    const volatility = word('volatility')?.toUpperCase() ?? 'VOLATILE';
    // As pg_get_functiondef has it: what it is stands before the body.
    known.put(
      object('function', identity, {
        definition: `CREATE FUNCTION ${identity}\n ${volatility}\nAS ${body}`,
        routine: flag(node, 'is_procedure') ? 'procedure' : 'function',
        returns: UNREAD,
        arguments: types.join(', '),
        language: word('language') ?? 'sql',
      }),
    );
  },
  CreateTrigStmt(statement, known, names) {
    const { node } = statement;
    const table = names.relation(relationOf(node));
    const name = text(node, 'trigname');
    if (table === null || name === null) return;
    known.put(
      object(
        'trigger',
        `${table}.${quoteIdent(name)}`,
        {
          definition: statement.text,
          enabled: 'origin',
          inherited: false,
          constraint: flag(node, 'isconstraint'),
          comment: null,
        },
        parentOf(table, known),
      ),
    );
  },
  CreatePolicyStmt({ node }, known, names) {
    const table = names.relation(relationOf(node, 'table'));
    const name = text(node, 'policy_name');
    if (table === null || name === null) return;
    known.put(
      object(
        'policy',
        `${table}.${quoteIdent(name)}`,
        { command: text(node, 'cmd_name') ?? 'all' },
        `table ${table}`,
      ),
    );
  },
  RuleStmt(statement, known, names) {
    const table = names.relation(relationOf(statement.node));
    const name = text(statement.node, 'rulename');
    if (table === null || name === null) return;
    known.put(
      object(
        'rule',
        `${table}.${quoteIdent(name)}`,
        { definition: statement.text, enabled: 'origin', comment: null },
        parentOf(table, known),
      ),
    );
  },
  CreateExtensionStmt({ node }, known) {
    const name = text(node, 'extname');
    if (name !== null)
      known.put(object('extension', quoteIdent(name), { schema: '', version: null, comment: null }));
  },
  ImportForeignSchemaStmt(_statement, known) {
    known.notWhole();
  },
};

function parentOf(relation: string, known: KnownSchema): string {
  return known.has('view', relation) ? `view ${relation}` : `table ${relation}`;
}

function addDomainCheck(domain: string, item: Node, known: KnownSchema): void {
  if (text(item, 'contype') !== 'CONSTR_CHECK') return;
  const parent = `domain ${domain}`;
  const name = text(item, 'conname') ?? constraintName(known, parent, [], 'check');
  known.put(
    constraint(parent, name, {
      type: 'check',
      definition: checkDefinition(item.raw_expr),
      validated: !flag(item, 'skip_validation'),
    }),
  );
}

/** As `pg_get_indexdef` prints it, as far as it is read. */
function indexDefinition(node: Node, identity: string, table: string): string {
  const list = (key: string): string =>
    children(node, key)
      .map(({ node: element }) => {
        const name = text(element, 'name');
        const used = name === null ? usedIn(element.expr) : quoteIdent(name);
        const what = name === null && !used.endsWith(')') ? `(${used})` : used;
        const opclass = strings(element.opclass).at(-1);
        const order = text(element, 'ordering') === 'SORTBY_DESC' ? ' DESC' : '';
        return `${what}${opclass === undefined ? '' : ` ${quoteIdent(opclass)}`}${order}`;
      })
      .join(', ');
  const unique = flag(node, 'unique') ? 'UNIQUE ' : '';
  const included = list('indexIncludingParams');
  const where = node.whereClause === undefined ? '' : ` WHERE (${usedIn(node.whereClause)})`;
  const name = splitQualified(identity).at(-1) ?? identity;
  return `CREATE ${unique}INDEX ${quoteIdent(name)} ON ${table} USING ${text(node, 'accessMethod') ?? 'btree'} (${list('indexParams')})${included === '' ? '' : ` INCLUDE (${included})`}${where}`;
}

/** The columns that an expression uses: what is asked of it. */
function usedIn(expression: unknown): string {
  const whole = expressionText(expression);
  if (whole !== UNREAD) return whole;
  const call = unwrap(expression);
  const name = call?.kind === 'FuncCall' ? strings(call.node.funcname).at(-1) : undefined;
  const columns = new Set<string>();
  const look = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) look(item);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) {
        if (key === 'ColumnRef') {
          const name = strings((inner as Node).fields).at(-1);
          if (name !== undefined) columns.add(quoteIdent(name));
        } else look(inner);
      }
    }
  };
  look(expression);
  const used = `${UNREAD} ${[...columns].join(' ')}`.trim();
  return name === undefined ? used : `${quoteIdent(name)}(${used})`;
}

/** What a view reads, each relation with its schema, behind the text itself. */
function reads(statement: ParsedStatement, view: string, names: Names): string {
  const relations = readRelations(statement)
    .map((name) => names.relation(name))
    .filter((name) => name !== null && name !== view);
  return `${statement.text}\n-- reads ${relations.join(', ')}`;
}
