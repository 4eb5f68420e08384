import { relationOf, showName, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { alterTableSql, commands, existingRelation, rule } from './rule.ts';

export const dropPrimaryKey = rule({
  id: 'drop-primary-key',
  severity: 'danger',
  title: 'Without its primary key a published table refuses UPDATE and DELETE',
  on: ['AlterTableStmt'],
  commands: ['AT_DropConstraint'],
  applies: (analysis, context) => {
    const table = existingRelation(analysis, context);
    const written = relationOf(analysis.statement.node);
    if (table === null || written === null) return [];
    const identity = context.table(table)?.replicaIdentity ?? 'default';
    if (identity !== 'default') return [];
    const publications = publicationsOf(table, context);
    if (publications !== null && publications.length === 0) return [];
    return commands(analysis, 'AT_DropConstraint').flatMap((command) => {
      const name = text(command, 'name') ?? '';
      const known = context.constraint(table, name);
      // By its name alone where the database is not known.
      if (known === null ? publications !== null || !name.endsWith('_pkey') : known.type !== 'primary')
        return [];
      return [
        {
          message:
            publications === null
              ? `Should ${table} be published for logical replication, every UPDATE and DELETE on it fails from now on (not known without the database).`
              : `${table} is published by ${publications.join(', ')}: every UPDATE and DELETE on it fails from now on.`,
          severity: publications === null ? 'info' : 'danger',
          safeSql: async () => [
            `ALTER TABLE ${showName(written)} REPLICA IDENTITY FULL`,
            await alterTableSql(analysis, command),
          ],
        },
      ];
    });
  },
  why: 'Logical replication tells the other side which row was changed by the replica identity, which is the primary key unless another is chosen. Without one the publisher refuses to change or delete rows (PostgreSQL manual, 29.1; ALTER TABLE, REPLICA IDENTITY).',
  instead:
    'Choose another replica identity first: a unique index over columns that are NOT NULL (REPLICA IDENTITY USING INDEX), or FULL, which sends the whole old row.',
  example: {
    schema:
      'CREATE TABLE t (id int CONSTRAINT t_pkey PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2); CREATE PUBLICATION p FOR TABLE t;',
    bad: 'ALTER TABLE t DROP CONSTRAINT t_pkey;',
    danger: { kind: 'breaks', query: 'UPDATE t SET a = 3', sqlstate: '55000' },
  },
  manual: 'logical-replication-publication.html',
});

/** Null where nobody knows. */
export function publicationsOf(table: string, context: AssessContext): readonly string[] | null {
  const measured = context.surroundings.target.relations[table]?.publications ?? null;
  if (measured !== null) return measured;
  const { catalog } = context;
  if (catalog === null) return null;
  const schema = table.slice(0, table.indexOf('.'));
  const named = new Set(
    catalog.dependencies
      .filter(({ from, to }) => from.startsWith('publication ') && to === `table ${table}`)
      .map(({ from }) => from.slice('publication '.length)),
  );
  for (const object of catalog.objects.values()) {
    if (object.kind !== 'publication') continue;
    const definition = String(object.properties.definition ?? '');
    if (/ FOR ALL TABLES\b/.test(definition) || definition.includes(`TABLES IN SCHEMA ${schema}`)) {
      named.add(object.identity);
    }
  }
  return [...named];
}
