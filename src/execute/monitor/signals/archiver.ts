/** 1 while archiving WAL fails (`pg_stat_archiver`; manual, 27.2.19): it then piles up on the disk, 0 while it works. */
import type { Reading, Signal } from '../signal.ts';

export function archiver(): Signal {
  return {
    name: 'archiver',
    async read({ connection }): Promise<Reading | null> {
      const [row] = await connection.query<{
        mode: string;
        failing: boolean;
        wal: string | null;
        count: string;
      }>(
        `SELECT pg_catalog.current_setting('archive_mode') AS mode, last_failed_wal AS wal, failed_count AS count,
                coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS failing
         FROM pg_catalog.pg_stat_archiver`,
      );
      if (row === undefined || row.mode === 'off') return null;
      return row.failing
        ? { value: 1, detail: `archiving ${row.wal ?? 'WAL'} fails (${row.count} times)` }
        : { value: 0, detail: 'WAL is archived' };
    },
  };
}
