/** Pulls a target's own statistics into a file that assessments elsewhere judge by. */
import { writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { readStats } from '../assess/read-stats.ts';
import { type Stats, statsToJson } from '../assess/stats.ts';
import type { Settings } from '../config/settings.ts';
import type { Reporter } from '../events.ts';
import { STATS_FILE } from './assess-target.ts';
import { withSession } from './session.ts';

export interface StatsRequest {
  /** A path; null: the configured one, or `ferrata.stats.json` beside the configuration. */
  readonly output: string | null;
  /** Between the two samples. */
  readonly seconds: number;
  readonly columns: boolean;
}

export interface PulledStats {
  /** As it is shown. */
  readonly file: string;
  readonly stats: Stats;
}

/**
 * Reads the environment's statistics twice and writes them. Nothing is written to the database. Throws what connecting
 * and querying throw.
 */
export async function pullStats(
  settings: Settings,
  request: StatsRequest,
  reporter: Reporter,
): Promise<PulledStats> {
  const configured = settings.assess?.stats;
  const path =
    request.output !== null
      ? resolve(request.output)
      : configured === undefined
        ? join(settings.root, STATS_FILE)
        : resolve(settings.root, configured);
  const stats = await withSession(settings, reporter, ({ connection }) => {
    reporter({ type: 'waiting', message: `counting what is written for ${request.seconds} s` });
    return readStats(connection, settings.environment.name, {
      seconds: request.seconds,
      columns: request.columns,
      sleep,
    });
  });
  writeFileSync(path, statsToJson(stats));
  return { file: relative(process.cwd(), path) || path, stats };
}
