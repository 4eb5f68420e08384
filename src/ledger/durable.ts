/**
 * In front of the COMMIT of what a run counts on. Where the server's COMMIT doesn't wait for the disk
 * (`synchronous_commit = off`), this one does: what was counted would otherwise be undone by a crash of the server, and
 * what committed before it reaches the disk with it (PostgreSQL manual, 28.4).
 */
export const DURABLE = `SELECT pg_catalog.set_config('synchronous_commit', 'local', true) WHERE pg_catalog.current_setting('synchronous_commit') = 'off'`;
