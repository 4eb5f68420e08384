import type { PolicyProperties } from '../../catalog/model.ts';
import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import { children, flag, nameFromParts, relationOf, showName, strings, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import type { Severity } from '../model.ts';
import { commands, type ScriptHit, scriptRule } from './rule.ts';
import { transactions } from './script-rules.ts';

export const rlsPolicy = scriptRule({
  id: 'rls-policy',
  severity: 'danger',
  title: 'Row security shows nothing, or everything, for a while or for good',
  read: () => {
    const seen: Analysis[] = [];
    const events: Event[] = [];
    return {
      see: (analysis, context) => {
        seen.push(analysis);
        events.push(...eventsOf(analysis, context));
        return [];
      },
      end: (context) => {
        const groups = transactions(seen, context.loose).map(({ analyses }) => new Set(analyses));
        const together = (a: Event, b: Event): boolean =>
          groups.some((group) => group.has(a.analysis) && group.has(b.analysis));
        return events.flatMap((event, index) =>
          judge(event, { earlier: events.slice(0, index), later: events.slice(index + 1), together }),
        );
      },
    };
  },
  why: 'Where row security is on and no policy lets a row through, nobody but the owner and BYPASSRLS roles sees or writes it; where it is off, policies mean nothing (PostgreSQL manual, 5.9). Each of the commands takes an AccessExclusiveLock for a moment.',
  instead: 'Make the policies first and enable row security last, or all of it in one transaction.',
  manual: 'ddl-rowsecurity.html',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY); GRANT USAGE ON SCHEMA public TO pg_monitor; GRANT SELECT, INSERT ON t TO pg_monitor;',
    bad: 'ALTER TABLE t ENABLE ROW LEVEL SECURITY;',
    danger: {
      kind: 'breaks',
      query: 'SET LOCAL ROLE pg_monitor; INSERT INTO t VALUES (1)',
      sqlstate: '42501',
    },
  },
});

interface Event {
  readonly analysis: Analysis;
  readonly table: string;
  readonly written: string;
  readonly kind: 'enable' | 'disable' | 'create' | 'drop';
  readonly policy: string;
  readonly permissive: boolean;
  /** Before it: whether row security is on, and what policies there are; null where it is not known. */
  readonly before: State | null;
  readonly isNew: boolean;
}

interface State {
  readonly on: boolean;
  /** Names to whether they are permissive. */
  readonly policies: ReadonlyMap<string, boolean>;
}

function eventsOf(analysis: Analysis, context: AssessContext): readonly Event[] {
  const { kind, node } = analysis.statement;
  const event = (
    name: ReturnType<typeof relationOf>,
    what: Event['kind'],
    policy: string,
    permissive: boolean,
  ): readonly Event[] => {
    const table = context.resolve(name);
    if (name === null || table === null) return [];
    const isNew = context.isNew(table);
    const before = stateOf(table, context);
    return [{ analysis, table, written: showName(name), kind: what, policy, permissive, before, isNew }];
  };
  if (kind === 'CreatePolicyStmt') {
    return event(
      relationOf(node, 'table'),
      'create',
      text(node, 'policy_name') ?? '',
      flag(node, 'permissive'),
    );
  }
  if (kind === 'DropStmt' && text(node, 'removeType') === 'OBJECT_POLICY') {
    return children(node, 'objects').flatMap(({ node: list }) => {
      const parts = strings(list.items);
      return event(nameFromParts(parts.slice(0, -1)), 'drop', parts.at(-1) ?? '', true);
    });
  }
  if (kind !== 'AlterTableStmt') return [];
  return [
    ...commands(analysis, 'AT_EnableRowSecurity').flatMap(() => event(relationOf(node), 'enable', '', true)),
    ...commands(analysis, 'AT_DisableRowSecurity').flatMap(() =>
      event(relationOf(node), 'disable', '', true),
    ),
  ];
}

function stateOf(table: string, context: AssessContext): State | null {
  const known = context.table(table);
  if (known === null) return null;
  const policies = context.on(table, 'policy').map(({ identity, properties }) => {
    const name = splitQualified(identity).at(-1) ?? identity;
    return [name, (properties as PolicyProperties).permissive] as const;
  });
  return { on: known.rowSecurity, policies: new Map(policies) };
}

interface Around {
  readonly earlier: readonly Event[];
  readonly later: readonly Event[];
  readonly together: (a: Event, b: Event) => boolean;
}

function judge(event: Event, { earlier, later, together }: Around): readonly ScriptHit[] {
  const before = afterThese(event.before, ofTable(earlier, event));
  const after = ofTable(later, event);
  const hit = (
    severity: Severity,
    message: string,
    safeSql: readonly string[] = [],
  ): readonly ScriptHit[] => [{ statement: event.analysis.statement, severity, message, safeSql }];
  const { table } = event;
  switch (event.kind) {
    case 'enable': {
      const made = ofTable(earlier, event).some(({ kind, permissive }) => kind === 'create' && permissive);
      if (event.isNew || before?.on === true || hasPermissive(before) || made) return [];
      const policy = after.find((next) => next.kind === 'create' && next.permissive);
      if (policy !== undefined && together(event, policy)) return [];
      const until = policy === undefined ? '' : ` until line ${policy.analysis.statement.line}`;
      const unless = before === null ? ', unless it has policies' : '';
      return hit(
        before === null ? 'warning' : 'danger',
        `Nobody but its owner sees or writes a row of ${table}${until}${unless}.`,
        [
          `CREATE POLICY ${quoteIdent('all_rows')} ON ${event.written} USING (true) WITH CHECK (true)`,
          event.analysis.statement.text,
        ],
      );
    }
    case 'disable':
      if (event.isNew || before?.on === false || before?.policies.size === 0) return [];
      return hit('danger', `From here on everybody who may read ${table} sees all of its rows.`);
    case 'create': {
      const enabled = before?.on === true || after.some((next) => next.kind === 'enable');
      // Without a catalog nobody knows whether it is on already.
      if (enabled || before === null) return [];
      return hit(
        'warning',
        `Row security is off for ${table}: the policy lets nobody in and keeps nobody out.`,
      );
    }
    case 'drop': {
      const permissive = before?.policies.get(event.policy);
      if (before === null || permissive === undefined || !before.on) return [];
      const again = after.find((next) => next.kind === 'create' && next.permissive === permissive);
      if (again !== undefined && together(event, again)) return [];
      const until = again === undefined ? '' : ` until line ${again.analysis.statement.line}`;
      if (!permissive) {
        return hit(
          'warning',
          `Rows of ${table} that ${quoteIdent(event.policy)} kept back can be seen and written${until}.`,
        );
      }
      const others = [...before.policies].some(([name, lets]) => lets && name !== event.policy);
      return others
        ? []
        : hit(
            'danger',
            `No policy of ${table} lets a row through${until}: nobody but its owner sees or writes one.`,
          );
    }
    default: {
      const unknown: never = event.kind;
      return unknown;
    }
  }
}

function ofTable(events: readonly Event[], { table }: Event): readonly Event[] {
  return events.filter((event) => event.table === table);
}

/** The state that the events of the script before have led to: what is known of the schema may not have followed them. */
function afterThese(known: State | null, events: readonly Event[]): State | null {
  if (known === null) return null;
  const policies = new Map(known.policies);
  let { on } = known;
  for (const { kind, policy, permissive } of events) {
    if (kind === 'create') policies.set(policy, permissive);
    else if (kind === 'drop') policies.delete(policy);
    else on = kind === 'enable';
  }
  return { on, policies };
}

function hasPermissive(state: State | null): boolean {
  return state !== null && [...state.policies.values()].includes(true);
}
