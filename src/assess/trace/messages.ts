/** Hears what the server says of its work at DEBUG1 (tablecmds.c, index.c), in English. */
import type { Connection } from '../../postgres/connection.ts';
import { quoteLiteral } from '../../sql/quote.ts';

export interface Heard {
  readonly messages: readonly string[];
  /** Listens no more, and gives the session its settings back, but for what the statement itself has set. */
  end(): Promise<void>;
  /** Listens no more; the transaction has failed, and takes the settings back itself. */
  stop(): void;
}

/** `local`: for the rest of the transaction; else for the session, until `end`. */
export async function listen(connection: Connection, local: boolean): Promise<Heard> {
  const wanted: Readonly<Record<string, string>> = {
    client_min_messages: 'debug1',
    // Messages are told apart by their text. Only superusers may choose its language; others get what there is.
    ...(connection.server.superuser && { lc_messages: 'C' }),
  };
  const names = Object.keys(wanted);
  const read = `SELECT ${names.map((name) => `pg_catalog.current_setting('${name}')`).join(', ')}`;
  const [known = []] = await connection.rows<readonly string[]>(read);
  const set = (name: string, value: string) =>
    `pg_catalog.set_config('${name}', ${quoteLiteral(value)}, ${local})`;
  await connection.script(`SELECT ${names.map((name) => set(name, wanted[name] ?? '')).join(', ')}`);
  const messages: string[] = [];
  const stop = connection.onNotice((notice) => messages.push(notice.message));
  return {
    messages,
    stop,
    async end() {
      stop();
      const [now = []] = await connection.rows<readonly string[]>(read);
      const back = names.flatMap((name, n) => (now[n] === wanted[name] ? [set(name, known[n] ?? '')] : []));
      if (back.length > 0) await connection.script(`SELECT ${back.join(', ')}`);
    },
  };
}
