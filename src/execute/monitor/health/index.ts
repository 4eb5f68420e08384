import type { HealthSource } from '../../../config/monitor.ts';
import type { Connection } from '../../../postgres/connection.ts';
import type { HealthReader } from '../signal.ts';
import { commandHealth } from './command.ts';
import { httpHealth } from './http.ts';
import { prometheusHealth } from './prometheus.ts';
import { sqlHealth } from './sql.ts';

/** @param connection the monitors' own, made anew when it is lost */
export function healthReader(source: HealthSource, connection: () => Connection): HealthReader {
  if ('http' in source) return httpHealth(source.http);
  if ('prometheus' in source) return prometheusHealth(source);
  if ('sql' in source) return sqlHealth(source.sql, connection);
  return commandHealth(source.command);
}
