/** What belongs to the whole server and is there before: roles and a tablespace, named in the examples. */
import type { TestServer } from '../../support/servers.ts';

export async function prepareServer(server: TestServer): Promise<void> {
  const connection = await server.connector.connect('test');
  try {
    await connection.script(`
      CREATE ROLE manual_joe; CREATE ROLE manual_other; CREATE ROLE manual_admins; CREATE ROLE manual_super SUPERUSER; CREATE ROLE manual_away;
      CREATE ROLE manual_gone_1; CREATE ROLE manual_gone_2; CREATE ROLE manual_gone_3;
      GRANT manual_admins TO manual_joe;`);
    const [row] = await connection.query<{ folder: string }>(
      `SELECT current_setting('data_directory') || '-manual-fast' AS folder`,
    );
    // The folder must be the server's own.
    await connection.script(`COPY (SELECT 1) TO PROGRAM 'mkdir -m 700 "${row?.folder}"'`);
    await connection.script(`CREATE TABLESPACE manual_fast LOCATION '${row?.folder}'`);
  } finally {
    await connection.close();
  }
}

/** Other files use the same server: nothing may stay behind. */
export async function tidyServer(server: TestServer): Promise<void> {
  const connection = await server.connector.connect('test');
  try {
    const [row] = await connection.query<{ folder: string }>(
      `SELECT current_setting('data_directory') || '-manual-fast' AS folder`,
    );
    await connection.script('DROP TABLESPACE manual_fast');
    await connection.script(`COPY (SELECT 1) TO PROGRAM 'rmdir "${row?.folder}"'`);
    const rows = await connection.rows<[string]>(
      `SELECT quote_ident(rolname) FROM pg_roles WHERE starts_with(rolname, 'manual_')`,
    );
    await connection.script(`DROP ROLE ${rows.map(([name]) => name).join(', ')}`);
  } finally {
    await connection.close();
  }
}
