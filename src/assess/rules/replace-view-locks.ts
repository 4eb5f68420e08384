import { child, flag, nameFromRange, relationOf, text } from '../../sql/tree.ts';
import { rule } from './rule.ts';
import { byTraffic } from './weight.ts';

export const replaceViewLocks = rule({
  id: 'replace-view-locks',
  severity: 'info',
  title: 'Changing a view waits for its readers, and new ones wait behind it',
  on: ['ViewStmt', 'AlterTableStmt'],
  applies: ({ statement }, context) => {
    const { kind, node } = statement;
    const isView = kind === 'ViewStmt';
    if (isView && !flag(node, 'replace')) return [];
    if (!isView && text(node, 'objtype') !== 'OBJECT_VIEW') return [];
    const view = context.resolve(isView ? nameFromRange(child(node, 'view')) : relationOf(node));
    if (view === null || context.isNew(view)) return [];
    // OR REPLACE of what is not there makes it, and disturbs nobody.
    const there = context.known.has('view', view);
    if (isView && !there && context.known.complete) return [];
    return [
      {
        severity: byTraffic(context, view),
        message: `Whoever reads ${view}${there || !isView ? '' : ', if it is there,'} is waited for, and who comes next waits as well.`,
        safeSql: [],
      },
    ];
  },
  why: 'CREATE OR REPLACE VIEW and ALTER VIEW take an AccessExclusiveLock on the view, which every query that reads it holds an AccessShareLock on until its transaction ends (PostgreSQL manual, 13.3.1).',
  instead:
    'Put it into a transaction of its own with a short lock_timeout, and try again when it strikes: that is what Ferrata does.',
  manual: 'sql-createview.html',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY); CREATE VIEW v AS SELECT id FROM t;',
    bad: 'CREATE OR REPLACE VIEW v AS SELECT id, id + 1 AS next FROM t;',
    danger: { kind: 'lock', relation: 'v', mode: 'AccessExclusiveLock' },
  },
});
