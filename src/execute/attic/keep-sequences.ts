/**
 * Where sequences stand before a step that drops them or sets them back (TRUNCATE … RESTART IDENTITY, ALTER SEQUENCE …
 * RESTART, setval): a sequence that begins anew gives its values out twice.
 */
import { ATTIC_SCHEMA } from '../../catalog/model.ts';
import type { Connection } from '../../postgres/connection.ts';
import { dollarQuote, quoteLiteral, quoteQualified } from '../../sql/quote.ts';
import { ensureCaptureFunction, REGISTRY } from '../undo/function.ts';

function storeName(capture: string): string {
  return `u${capture}_sequences`;
}

/** The SQL that writes their positions down; `sequences`: `schema.name`, quoted where needed. Needs an open transaction. */
export async function keepSequences(
  connection: Connection,
  sequences: readonly string[],
  capture: string,
): Promise<readonly string[]> {
  await ensureCaptureFunction(connection);
  const store = quoteQualified(ATTIC_SCHEMA, storeName(capture));
  const positions = sequences.map(
    (
      name,
    ) => `SELECT ${quoteLiteral(name)}::pg_catalog.text AS sequence, p.last_value, p.is_called, s.seqincrement > 0 AS rises
     FROM ${name} p, pg_catalog.pg_sequence s WHERE s.seqrelid = ${quoteLiteral(name)}::pg_catalog.regclass`,
  );
  return [
    `DROP TABLE IF EXISTS ${store}`,
    `CREATE TABLE ${store} AS ${positions.join(' UNION ALL ')}`,
    `DELETE FROM ${REGISTRY} WHERE capture = ${quoteLiteral(capture)} AND store = ${quoteLiteral(storeName(capture))}`,
    `INSERT INTO ${REGISTRY} (capture, store, relation, schema_name, table_name, columns, state)
     VALUES (${quoteLiteral(capture)}, ${quoteLiteral(storeName(capture))}, 0, '', '', '[]', 'kept')`,
  ];
}

/** Sets those that stand behind where they stood; one that has gone on stays where it is. */
export function setSequencesBack(capture: string): string {
  const store = quoteQualified(ATTIC_SCHEMA, storeName(capture));
  return `DO ${dollarQuote(`
DECLARE
  was record;
  now record;
BEGIN
  FOR was IN SELECT * FROM ${store} LOOP
    CONTINUE WHEN pg_catalog.to_regclass(was.sequence) IS NULL;
    EXECUTE 'SELECT last_value, is_called FROM ' || was.sequence INTO now;
    IF was.last_value = now.last_value AND was.is_called AND NOT now.is_called
       OR was.last_value <> now.last_value AND (was.last_value > now.last_value) = was.rises THEN
      PERFORM pg_catalog.setval(was.sequence::pg_catalog.regclass, was.last_value, was.is_called);
    END IF;
  END LOOP;
END`)}`;
}
