import { quoteIdent } from '../../sql/quote.ts';
import { text } from '../decode.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import { addDefined } from './definition.ts';
import { type Kind, userRow } from './kind.ts';

/** Extended statistics (manual, CREATE STATISTICS). They go away with their table. */
export const statistics: Kind = {
  name: 'statistics',
  scope: { of: 'relation', column: 5, makes: ['statistics'] },
  probe: userRow('pg_statistic_ext'),
  query: () =>
    `SELECT s.oid, s.stxname, s.stxnamespace, pg_get_userbyid(s.stxowner), s.stxrelid, s.stxkeys,
       pg_get_statisticsobjdef(s.oid), CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END
     FROM pg_statistic_ext s WHERE s.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    for (const [oid, name, schema, owner, table, keys, definition, goal] of rows) {
      const relation = context.relations.get(text(table));
      const identity = context.identityIn(text(schema), text(name), 'pg_statistic_ext', text(oid));
      if (identity === undefined || relation === undefined) continue;
      const parked = relation.parked ?? context.parkedAmong(relation, text(keys).split(' '));
      const columns = text(keys)
        .split(' ')
        .filter((attnum) => attnum !== '')
        .map((attnum) => context.columnName(relation.oid, attnum));
      addDefined(
        {
          kind: 'statistics',
          identity,
          catalog: 'pg_statistic_ext',
          oid: text(oid),
          target: `STATISTICS ${identity}`,
          definition: byName(parked?.text(text(definition)) ?? text(definition), columns),
          properties: {
            ...(goal === null ? {} : { statisticsTarget: Number(goal) }),
            owner: quoteIdent(text(owner)),
            comment: context.comment('pg_statistic_ext', text(oid)),
          },
          parent: relation.key,
          parked,
        },
        context,
      );
    }
  },
};

/** The server sorts the columns by their place in the table, which says nothing: here by name. */
function byName(definition: string, columns: readonly string[]): string {
  const list = (names: readonly string[]): string => ` ON ${names.map(quoteIdent).join(', ')}`;
  return definition.replace(list(columns), () => list([...columns].sort()));
}
