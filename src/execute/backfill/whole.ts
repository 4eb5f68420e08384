/**
 * A backfill as the one statement that it stands for, in the transaction that is open: for copies on which nobody works,
 * and to see what it writes.
 */
import type { Connection } from '../../postgres/connection.ts';
import { quoteLiteral } from '../../sql/quote.ts';
import { OWN_ROLE } from '../session.ts';
import { CTID_KEY } from './ctid.ts';
import type { BackfillSpec } from './model.ts';
import { batchStatement, type Scene } from './statements.ts';
import { loadTransform, transformBatch } from './transform.ts';

/** @param folder the migration's, for a transform; throws what its statement throws, `backfill-transform` */
export async function runWhole(
  connection: Connection,
  spec: BackfillSpec,
  folder: string | null,
): Promise<void> {
  const transform = spec.action.type === 'transform' ? await loadTransform(folder, spec.action) : null;
  const [row] = await connection.rows<[string]>('SELECT pg_catalog.now()::text');
  await connection.script(
    [
      ...spec.settings.map((setting) => `${setting}\n`),
      `SELECT pg_catalog.set_config('ferrata.moment', ${quoteLiteral(row?.[0] ?? '')}, true)`,
    ].join(';\n'),
  );
  for (const { table, key } of spec.parts) {
    const scene: Scene = {
      spec,
      table,
      key: key ?? CTID_KEY,
      images: null,
      skipInto: null,
      serverMajor: connection.server.major,
    };
    if (spec.action.type !== 'transform') {
      await connection.script(batchStatement(scene, spec.action, 'true'));
    } else if (transform !== null) {
      await transformBatch(connection, transform, scene, spec.action, 'true');
    }
  }
  if (spec.settings.length > 0) await connection.script(OWN_ROLE);
}
