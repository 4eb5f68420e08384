/** The live schema, read by modules that are loaded only when it is asked for: many an `up` needs none. */
import type { Catalog } from '../catalog/model.ts';
import type { Connection } from '../postgres/connection.ts';

export async function readLiveSchema(connection: Connection, dependencies: boolean): Promise<Catalog> {
  const { readCatalog } = await import('../catalog/read.ts');
  return readCatalog(connection, { dependencies });
}
