import type { ParsedStatement } from '../../sql/model.ts';
import { madeRelation } from '../../sql/relations.ts';
import { transactionControl } from '../../sql/transactional.ts';
import { flag, namesFromLists, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { type ScriptHit, scriptRule } from './rule.ts';

interface Dropped {
  readonly statement: ParsedStatement;
  readonly view: string;
  readonly kind: 'view' | 'materialized view';
  readonly transaction: number;
  /** What was granted on it, to others than its owner. */
  readonly grants: readonly string[];
}

export const dropMatviewOrView = scriptRule({
  id: 'drop-matview-or-view',
  severity: 'warning',
  title: 'Dropping a view breaks programs that read it',
  read: () => {
    const dropped: Dropped[] = [];
    const found: ScriptHit[] = [];
    let transaction = 0;
    return {
      see: ({ statement, facts }, context) => {
        const control = transactionControl(statement);
        if (control === 'begin' || control === 'commit' || !facts.transactional) transaction++;
        dropped.push(...droppedBy(statement, transaction, context));
        const made = madeRelation(statement)?.name ?? null;
        const view = made === null ? null : context.resolve(made);
        const at = dropped.findIndex((one) => one.view === view);
        const old = dropped[at];
        if (old === undefined) return [];
        dropped.splice(at, 1);
        found.push(...again(old, statement, transaction));
        return [];
      },
      end: () => [
        ...found,
        ...dropped.map(({ statement, view, kind }) => ({
          statement,
          message: `${view} is gone for every program that still reads it${kind === 'view' ? '' : ', with the rows that it held'}.`,
          safeSql: [],
        })),
      ],
    };
  },
  why: 'Old and new versions of a program run side by side during a deployment; the old one’s next query fails. A view that is dropped and made again lacks what was granted on it, and what depended on it (PostgreSQL manual, DROP VIEW).',
  instead:
    'CREATE OR REPLACE VIEW where the columns stay as they are, or are added at the end: it keeps the privileges, and nothing is missing in between. Else make the new view under another name, and drop the old one when nobody reads it.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); CREATE VIEW v AS SELECT id FROM t;',
    bad: 'DROP VIEW v;',
    danger: { kind: 'breaks', query: 'SELECT id FROM v', sqlstate: '42P01' },
  },
  manual: 'sql-createview.html',
});

function droppedBy(
  { ...statement }: ParsedStatement,
  transaction: number,
  context: AssessContext,
): readonly Dropped[] {
  const { kind: statementKind, node } = statement;
  const type = text(node, 'removeType');
  const kind = type === 'OBJECT_VIEW' ? 'view' : type === 'OBJECT_MATVIEW' ? 'materialized view' : null;
  if (statementKind !== 'DropStmt' || kind === null) return [];
  return namesFromLists(node, 'objects').flatMap((name) => {
    const view = context.resolve(name);
    if (view === null || context.isNew(view)) return [];
    const known = context.known.get(kind, view);
    if (known === null && flag(node, 'missing_ok') && context.known.complete) return [];
    return [{ statement, view, kind, transaction, grants: grantsOf(view, known?.properties) }];
  });
}

/** From `reader=SELECT/owner`: what others than the owner may do with it. */
function grantsOf(view: string, properties: object | undefined): readonly string[] {
  const { owner, privileges } = (properties ?? {}) as {
    readonly owner?: string;
    readonly privileges?: readonly string[];
  };
  return (privileges ?? []).flatMap((entry) => {
    const [, grantee, privilege, option] = /^(.+)=([A-Z ]+)(\*?)\//.exec(entry) ?? [];
    if (grantee === undefined || privilege === undefined || grantee === owner) return [];
    return [`GRANT ${privilege} ON ${view} TO ${grantee}${option === '*' ? ' WITH GRANT OPTION' : ''}`];
  });
}

/** The view comes back under its name. */
function again(old: Dropped, statement: ParsedStatement, transaction: number): readonly ScriptHit[] {
  // Together in one transaction, and with what was granted, nobody notices.
  const whole = [old.statement.text, statement.text, ...old.grants];
  if (old.transaction !== transaction) {
    return [
      {
        statement: old.statement,
        message: `From here until line ${statement.line} has run, ${old.view} is missing to every program that reads it.`,
        safeSql: whole,
      },
    ];
  }
  if (old.grants.length === 0) return [];
  return [
    {
      statement: old.statement,
      message: `${old.view} comes back in line ${statement.line} without what was granted on it: ${old.grants.join('; ')}.`,
      safeSql: whole,
    },
  ];
}
