/** The database keeps its own rules: no row refers to nothing, no constraint or index is only half there. */
import type { Connection } from '../../postgres/connection.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { type Check, type CheckContext, type Finding, plural, results, uncheckable } from '../check.ts';
import { countOrphans, type ForeignKey, orphansSql, readForeignKeys } from '../foreign-keys.ts';
import { tableOids } from '../scope.ts';

export const integrity: Check = {
  name: 'integrity',
  async run(context) {
    const oids = await tableOids(context.connection, context.tables);
    if (oids.length === 0) return [];
    const found = [
      ...(await orphans(context)),
      ...(await notValidated(context.connection, oids)),
      ...(await invalidIndexes(context.connection, oids)),
      ...(await sequences(context, oids)),
    ];
    const before = new Set(context.input.baseline?.problems ?? []);
    return results(
      'integrity',
      found.map((finding) =>
        !finding.ok && before.has(`${finding.subject}: ${finding.message}`)
          ? { ...finding, severity: 'warning' as const, message: `${finding.message} (it was so before)` }
          : finding,
      ),
    );
  },
};

const KEYS_PER_QUERY = 20;

async function orphans(context: CheckContext): Promise<Finding[]> {
  const { connection } = context;
  const keys = await readForeignKeys(connection, context.tables);
  const findings: Finding[] = [];
  for (let from = 0; from < keys.length; from += KEYS_PER_QUERY) {
    const part = keys.slice(from, from + KEYS_PER_QUERY);
    const together = await context.attempt(() =>
      connection.rows<[number, string]>(
        part
          .map((key, index) => `SELECT ${index}, (${orphansSql(key, 'count(*)')})::text`)
          .join(' UNION ALL '),
      ),
    );
    if ('value' in together) {
      const counts = new Map(together.value);
      findings.push(...part.map((key, index) => orphanFinding(key, Number(counts.get(index) ?? 0))));
      continue;
    }
    for (const key of part) {
      const alone = await context.attempt(() => countOrphans(connection, key));
      const subject = subjectOf(key);
      findings.push('value' in alone ? orphanFinding(key, alone.value) : uncheckable(subject, alone.error));
    }
  }
  return findings;
}

function subjectOf(key: ForeignKey): string {
  return `foreign key ${quoteIdent(key.name)} of ${key.table}`;
}

function orphanFinding(key: ForeignKey, count: number): Finding {
  const subject = subjectOf(key);
  if (count === 0) return { subject, ok: true, message: `every row finds its row in ${key.references}` };
  return {
    subject,
    ok: false,
    // A key that is NOT VALID says itself that old rows may break it.
    severity: key.validated ? 'error' : 'warning',
    message: `${plural(count, 'row')} refer${count === 1 ? 's' : ''} to nothing in ${key.references}`,
    hint: `Look at them: ${orphansSql(key, 'c.*')} LIMIT 10`,
  };
}

async function notValidated(connection: Connection, oids: readonly string[]): Promise<Finding[]> {
  const enforced = connection.server.major >= 18 ? 'AND k.conenforced' : '';
  const rows = await connection.query<{ table: string; name: string; oid: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS "table", format('%I', k.conname) AS name
     FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE NOT k.convalidated AND k.conparentid = 0 AND k.conrelid = ANY ($1::oid[]) ${enforced} ORDER BY 1, 2`,
    [oids],
  );
  return rows.map(({ table, name }) => ({
    subject: `constraint ${name} of ${table}`,
    ok: false,
    severity: 'warning',
    message: 'is NOT VALID: rows that were there before it are not checked',
    hint: `ALTER TABLE ${table} VALIDATE CONSTRAINT ${name};`,
  }));
}

async function invalidIndexes(connection: Connection, oids: readonly string[]): Promise<Finding[]> {
  const rows = await connection.query<{
    index: string;
    table: string;
    partitioned: boolean;
    building: boolean;
  }>(
    `SELECT format('%I.%I', n.nspname, x.relname) AS "index", format('%I.%I', tn.nspname, t.relname) AS "table",
            x.relkind = 'I' AS partitioned,
            EXISTS (SELECT FROM pg_catalog.pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid) AS building
     FROM pg_catalog.pg_index i
     JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = x.relnamespace
     JOIN pg_catalog.pg_class t ON t.oid = i.indrelid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
     WHERE NOT (i.indisvalid AND i.indisready AND i.indislive) AND i.indrelid = ANY ($1::oid[]) ORDER BY 1`,
    [oids],
  );
  return rows.map(({ index, table, partitioned, building }) => {
    const subject = `index ${index} of ${table}`;
    if (building) return { subject, ok: false, severity: 'warning', message: 'is being built right now' };
    if (partitioned) {
      const message = 'is not valid: not every partition has its part of it';
      return { subject, ok: false, severity: 'warning', message };
    }
    return {
      subject,
      ok: false,
      message: 'is not valid: a concurrent build has failed, and queries do not use it',
      hint: `REINDEX INDEX CONCURRENTLY ${index}; or DROP INDEX CONCURRENTLY ${index};`,
    };
  });
}

interface DrawnColumn {
  readonly sequence: string;
  readonly table: string;
  readonly column: string;
  readonly increment: string;
  readonly unique: boolean;
}

/** Columns that draw from a sequence: identity, serial, or a default with nextval. */
const DRAWN = `
  SELECT DISTINCT format('%I.%I', sn.nspname, s.relname) AS sequence, format('%I.%I', tn.nspname, t.relname) AS "table",
         format('%I', a.attname) AS "column", q.seqincrement::text AS increment,
         EXISTS (SELECT FROM pg_catalog.pg_index i
                 WHERE i.indrelid = t.oid AND i.indisunique AND i.indnkeyatts = 1 AND i.indkey[0] = a.attnum) AS "unique"
  FROM (SELECT d.objid AS seq, d.refobjid AS rel, d.refobjsubid AS num FROM pg_catalog.pg_depend d
        WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
          AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0
        UNION
        SELECT d.refobjid, f.adrelid, f.adnum FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_attrdef f ON f.oid = d.objid
        WHERE d.classid = 'pg_catalog.pg_attrdef'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass) AS draws
  JOIN pg_catalog.pg_sequence q ON q.seqrelid = draws.seq
  JOIN pg_catalog.pg_class s ON s.oid = draws.seq JOIN pg_catalog.pg_namespace sn ON sn.oid = s.relnamespace
  JOIN pg_catalog.pg_class t ON t.oid = draws.rel JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attnum = draws.num
  WHERE t.oid = ANY ($1::oid[]) AND NOT q.seqcycle
    AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype)
  ORDER BY 2, 3`;

async function sequences(context: CheckContext, oids: readonly string[]): Promise<Finding[]> {
  const { connection } = context;
  const drawn = await connection.query<DrawnColumn>(DRAWN, [oids]);
  const findings: Finding[] = [];
  for (const one of drawn) {
    const subject = `sequence ${one.sequence} of ${one.table}.${one.column}`;
    const up = BigInt(one.increment) > 0n;
    const attempt = await context.attempt(() =>
      connection.query<{ extreme: string | null; next: string }>(
        `SELECT (SELECT ${up ? 'max' : 'min'}(${one.column}) FROM ${one.table})::text AS extreme,
                (last_value::numeric + CASE WHEN is_called THEN ${one.increment} ELSE 0 END)::text AS next
         FROM ${one.sequence}`,
      ),
    );
    if ('error' in attempt) {
      findings.push(uncheckable(subject, attempt.error));
      continue;
    }
    const [row] = attempt.value;
    findings.push({
      subject,
      ...position(one, up, row?.extreme ?? null, row?.next ?? '0', context.afterRun),
    });
  }
  return findings;
}

function position(
  { sequence, table, column, unique }: DrawnColumn,
  up: boolean,
  extreme: string | null,
  next: string,
  afterRun: boolean,
): Omit<Finding, 'subject'> {
  const reached = extreme === null ? null : Number(extreme);
  const behind = reached !== null && (up ? reached >= Number(next) : reached <= Number(next));
  if (!behind)
    return { ok: true, message: `gives ${next} next, the column has reached ${extreme ?? 'nothing'}` };
  const literal = `'${sequence.replaceAll("'", "''")}'`;
  return {
    ok: false,
    // Rows with keys of their own are common in migrations and mended by one statement: no reason to go back.
    severity: unique && !afterRun ? 'error' : 'warning',
    message:
      `gives ${next} next, but the column has reached ${extreme}` +
      (unique ? ': inserts will fail with a duplicate key' : ''),
    hint: `SELECT setval(${literal}, (SELECT ${up ? 'max' : 'min'}(${column}) FROM ${table}));`,
  };
}
