/** A query on the target: one row with any of `error_rate`, `p99_ms`, `critical`. */
import type { Connection } from '../../../postgres/connection.ts';
import type { HealthReader } from '../signal.ts';
import { parseHealth } from './said.ts';

export function sqlHealth(sql: string, connection: () => Connection): HealthReader {
  return {
    async read() {
      const [row] = await connection().transaction(() => connection().query(sql), { readOnly: true });
      if (row === undefined) throw new Error('The health query gives no row');
      const said = parseHealth(
        JSON.stringify({
          errorRate: number(row.error_rate),
          p99Ms: number(row.p99_ms),
          critical:
            typeof row.critical === 'boolean' || typeof row.critical === 'string' ? row.critical : null,
        }),
      );
      if (said === null) throw new Error('The health query gives neither error_rate nor p99_ms nor critical');
      return said;
    },
  };
}

/** numeric and int8 come as text. */
function number(value: unknown): number | null {
  if (value === null || value === undefined) return null;
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : null;
}
