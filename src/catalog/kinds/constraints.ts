import { quoteIdent } from '../../sql/quote.ts';
import type { ReadContext, Relation } from '../context.ts';
import { array, bool, set, type TextRow, text } from '../decode.ts';
import type { ConstraintProperties } from '../model.ts';
import type { ParkedDraft } from '../parked.ts';
import { FIRST_USER_OID } from '../system-catalogs.ts';
import type { Kind } from './kind.ts';

const TYPES: Readonly<Record<string, ConstraintProperties['type']>> = {
  c: 'check',
  f: 'foreign',
  p: 'primary',
  u: 'unique',
  x: 'exclusion',
};

export const constraints: Kind = {
  name: 'constraints',
  scope: { of: 'relation', column: 4, orNone: true, makes: ['constraint'] },
  // NOT NULL (n) is a property of the column, a constraint trigger (t) of the trigger.
  query: (major) =>
    `SELECT c.oid, c.conname, c.contype, c.conrelid, c.contypid, pg_get_constraintdef(c.oid), c.conkey, c.confrelid,
       c.condeferrable, c.condeferred, c.convalidated, ${major >= 18 ? 'c.conenforced' : 'true'}, c.connoinherit,
       c.conislocal, c.coninhcount, c.conparentid,
       i.relname, i.reloptions, i.reltablespace, x.indisvalid, i.oid,
       CASE WHEN x.indexprs IS NOT NULL THEN ARRAY(SELECT concat(a.attnum, '=', a.attstattarget) FROM pg_attribute a
         WHERE a.attrelid = i.oid AND a.attstattarget >= 0 ORDER BY a.attnum) END
     FROM pg_constraint c
     LEFT JOIN pg_class i ON i.oid = c.conindid AND c.contype IN ('p', 'u', 'x')
     LEFT JOIN pg_index x ON x.indexrelid = i.oid
     WHERE c.contype IN ('c', 'f', 'p', 'u', 'x') AND c.oid >= ${FIRST_USER_OID}`,
  read(rows, context) {
    const byOid = new Map(rows.map((row) => [row[0], row]));
    for (const row of rows) {
      const [oid, name, , table, domain] = row;
      const relation = context.relations.get(text(table));
      const domainIdentity = table === '0' ? context.domains.get(text(domain)) : undefined;
      const owner = relation?.identity ?? domainIdentity;
      if (owner === undefined || row[5] === null || isReferencedClone(row, byOid)) continue;
      const keys = array(row[6]);
      const parkedColumn = relation === undefined ? null : context.parkedAmong(relation, keys);
      const parked = relation?.parked ?? parkedColumn;
      const indexOid = row[20];
      if (relation !== undefined && indexOid !== null && indexOid !== undefined) {
        context.parts.set(`pg_class:${indexOid}`, `pg_constraint:${oid}`);
        const indexName = relation.parked?.name(text(row[16])) ?? text(row[16]);
        context.constraintIndexes.set(indexOid, `${quoteIdent(relation.schema)}.${quoteIdent(indexName)}`);
      }
      // The index behind a key was renamed for parking, and the constraint with it.
      const ownName = relation?.parked?.name(text(name)) ?? text(name);
      context.add(
        {
          kind: 'constraint',
          identity: `${owner}.${quoteIdent(ownName)}`,
          parent: relation?.key ?? `domain ${owner}`,
          properties: properties(row, keys, relation, parked, context),
          physical: `pg_constraint:${oid}`,
        },
        parked,
      );
    }
  },
};

/**
 * A foreign key to a partitioned table has one hidden copy per partition that it refers to; they come and go with it
 * and have no name that a user chose. The copies in partitions of the referring table are constraints of their own.
 */
function isReferencedClone(row: TextRow, byOid: ReadonlyMap<TextRow[number] | undefined, TextRow>): boolean {
  if (row[2] !== 'f') return false;
  let root = row;
  for (let parent = row[15]; parent !== '0'; parent = root[15]) {
    const next = byOid.get(parent);
    if (next === undefined) return false;
    root = next;
  }
  return root[7] !== row[7];
}

function properties(
  row: TextRow,
  keys: readonly string[],
  relation: Relation | undefined,
  parked: ParkedDraft | null,
  context: ReadContext,
): ConstraintProperties {
  const [oid, , typeLetter, , , rawDefinition, , referenced, ...flags] = row;
  const [deferrable, deferred, validated, enforced, noInherit] = flags.map(bool);
  const type = TYPES[text(typeLetter)] ?? 'check';
  const definition = parked?.text(text(rawDefinition)) ?? text(rawDefinition);
  const isCheck = type === 'check';
  const [indexName, indexOptions, indexTablespace, indexValid, indexOid, indexStatistics] = row.slice(16);
  const statistics = array(indexStatistics);
  const disabled = context.disabledTriggers.get(text(oid));
  return {
    type,
    definition: withoutSuffixes(definition, [
      enforced === false ? ' NOT ENFORCED' : null,
      validated === false ? ' NOT VALID' : null,
      deferred === true ? ' INITIALLY DEFERRED' : null,
      deferrable === true ? ' DEFERRABLE' : null,
      isCheck && noInherit === true ? ' NO INHERIT' : null,
    ]),
    deferrable: deferrable === true,
    deferred: deferred === true,
    validated: validated === true,
    enforced: enforced !== false,
    // The server sets it for every key of a plain table; it is a choice for CHECK alone.
    noInherit: isCheck && noInherit === true,
    local: bool(row[13]),
    inheritedFrom: Number(row[14]),
    references: type === 'foreign' ? (context.relations.get(text(referenced))?.identity ?? null) : null,
    columns: relation === undefined ? [] : keys.map((attnum) => context.columnName(relation.oid, attnum)),
    index:
      indexName === null || indexName === undefined
        ? null
        : {
            options: set(indexOptions),
            tablespace: context.tablespaces.get(text(indexTablespace)) ?? null,
            valid: bool(indexValid),
            comment: context.comment('pg_class', text(indexOid)),
            ...(statistics.length === 0 ? {} : { statistics }),
            ...context.dependsOnExtensions('pg_class', text(indexOid)),
          },
    comment: context.comment('pg_constraint', text(oid)),
    ...(disabled === undefined ? {} : { disabledTriggers: [...disabled].sort() }),
  };
}

/** `pg_get_constraintdef` puts these behind the definition, in this order from its end. */
function withoutSuffixes(definition: string, suffixes: readonly (string | null)[]): string {
  let result = definition;
  for (const suffix of suffixes) {
    if (suffix !== null && result.endsWith(suffix)) result = result.slice(0, -suffix.length);
  }
  return result;
}
