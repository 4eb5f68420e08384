import { child, type Node, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { publicationsOf } from './publications.ts';
import { commands, existingRelation, type Hit, rule } from './rule.ts';
import { byTraffic } from './weight.ts';

export const replicaIdentity = rule({
  id: 'replica-identity',
  severity: 'danger',
  title: 'Another replica identity changes what subscribers get, and what may be written',
  on: ['AlterTableStmt'],
  commands: ['AT_ReplicaIdentity'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    if (table === null) return [];
    return commands(analysis, 'AT_ReplicaIdentity').flatMap((command) => {
      const identity = child(child(command, 'def'), 'ReplicaIdentityStmt');
      const known = context.table(table)?.replicaIdentity ?? null;
      return identity === null || known === nameOf(identity) ? [] : hitOf(identity, table, context);
    });
  },
  why: 'The identity is the part of the old row that UPDATE and DELETE write into the WAL for logical decoding. With NOTHING the server refuses both on a published table; FULL writes the whole old row each time, and subscribers look rows up by all their columns; with an index, other columns than before (PostgreSQL manual, ALTER TABLE, REPLICA IDENTITY; 29.1). It takes an AccessExclusiveLock for a moment.',
  instead: 'Leave it to the primary key; where there is none, use a unique index on NOT NULL columns.',
  manual: 'logical-replication-publication.html#LOGICAL-REPLICATION-PUBLICATION-REPLICA-IDENTITY',
  example: {
    schema:
      'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2); CREATE PUBLICATION p FOR TABLE t;',
    bad: 'ALTER TABLE t REPLICA IDENTITY NOTHING;',
    danger: { kind: 'breaks', query: 'UPDATE t SET a = 3 WHERE id = 1', sqlstate: '55000' },
  },
});

const NAMES: Readonly<Record<string, string>> = { n: 'nothing', f: 'full', d: 'default' };

function nameOf(identity: Node): string {
  const type = text(identity, 'identity_type') ?? '';
  return NAMES[type] ?? `index ${text(identity, 'name') ?? ''}`;
}

function hitOf(identity: Node, table: string, context: AssessContext): readonly Hit[] {
  const type = text(identity, 'identity_type');
  const publications = publicationsOf(table, context);
  const published = publications !== null && publications.length > 0;
  const where = published ? ` (published by ${publications.join(', ')})` : '';
  const unknown = publications === null ? ', if a publication sends it' : '';
  // A table that nobody publishes is written as before.
  const light = byTraffic(context, table);
  if (type === 'n') {
    if (publications?.length === 0) return [];
    return [
      {
        severity: published ? 'danger' : 'warning',
        message: `Every UPDATE and DELETE of ${table}${where} fails from here on${unknown}.`,
        safeSql: [],
      },
    ];
  }
  if (type === 'f') {
    return [
      {
        severity: published ? 'warning' : light,
        message: `Every UPDATE and DELETE of ${table}${where} writes the whole old row into the WAL${unknown === '' && !published ? ', where the server decodes it logically' : ''}.`,
        safeSql: [],
      },
    ];
  }
  return publications?.length === 0
    ? []
    : [
        {
          severity: light,
          message: `Subscribers and whatever else decodes the changes of ${table}${where} get other columns of the old row than before.`,
          safeSql: [],
        },
      ];
}
