// A folder of migrations as projects have them: the same every time, whatever the machine.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const AREAS = [
  'shop',
  'billing',
  'stock',
  'crm',
  'mail',
  'auth',
  'report',
  'audit',
  'search',
  'media',
  'tax',
  'hr',
];
const THINGS = [
  'users',
  'orders',
  'items',
  'invoices',
  'payments',
  'events',
  'sessions',
  'tags',
  'files',
  'logs',
];
const TABLES = AREAS.flatMap((area) => THINGS.map((thing) => `${area}_${thing}`));
const COLUMNS = ['note', 'status', 'total', 'email', 'kind', 'region', 'source', 'weight', 'label', 'token'];
const TYPES = [
  'text',
  'integer',
  'bigint',
  'varchar(50)',
  'numeric(12,2)',
  'timestamptz',
  'jsonb',
  'boolean',
  'uuid',
  'date',
];

/** Kinds of files; each gets a number, and three words that go with it. */
const KINDS = [
  (n, t) => `CREATE TABLE ${t}_${n} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner_id bigint NOT NULL REFERENCES ${t} (id) ON DELETE CASCADE,
  name text NOT NULL CHECK (length(name) > 0),
  state varchar(20) NOT NULL DEFAULT 'new',
  amount numeric(12,2) NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (owner_id, name)
);
CREATE INDEX ${t}_${n}_owner ON ${t}_${n} (owner_id);
CREATE INDEX ${t}_${n}_state ON ${t}_${n} (state) WHERE state <> 'done';
COMMENT ON TABLE ${t}_${n} IS 'What belongs to ${t}';
`,
  (n, t, c, type) => `ALTER TABLE ${t} ADD COLUMN ${c}_${n} ${type};\n`,
  (n, t, c) => `-- what reports ask for
ALTER TABLE ${t} ADD COLUMN ${c}_${n} integer NOT NULL DEFAULT 0;
UPDATE ${t} SET ${c}_${n} = 1 WHERE created_at < '2020-01-01';
`,
  (n, t, c) => `CREATE INDEX ${t}_${c}_${n} ON ${t} (${c});\n`,
  (n, t, c) => `CREATE INDEX CONCURRENTLY ${t}_${c}_${n} ON ${t} USING btree (${c}, created_at DESC);\n`,
  (
    n,
    t,
    c,
  ) => `ALTER TABLE ${t} ADD CONSTRAINT ${t}_${c}_${n}_fk FOREIGN KEY (${c}_id) REFERENCES auth_users (id);
ALTER TABLE ${t} ADD CONSTRAINT ${t}_${c}_${n}_check CHECK (${c} <> '');
`,
  (n, t, c) => `ALTER TABLE ${t} ALTER COLUMN ${c} TYPE text USING ${c}::text;
ALTER TABLE ${t} ALTER COLUMN ${c} SET NOT NULL;
`,
  (n, t, c) => `ALTER TABLE ${t} RENAME COLUMN ${c} TO ${c}_${n};
ALTER TABLE ${t} DROP COLUMN IF EXISTS old_${c};
`,
  (n, t) => `CREATE OR REPLACE FUNCTION touch_${t}_${n}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  IF NEW.state IS DISTINCT FROM OLD.state THEN
    INSERT INTO audit_logs (relation, row_id, at) VALUES ('${t}', NEW.id, now());
  END IF;
  RETURN NEW;
END
$$;
DROP TRIGGER IF EXISTS touch_${n} ON ${t};
CREATE TRIGGER touch_${n} BEFORE UPDATE ON ${t} FOR EACH ROW EXECUTE FUNCTION touch_${t}_${n}();
`,
  (n, t, c) => `INSERT INTO ${t} (id, ${c}, created_at)
VALUES ${Array.from({ length: 12 }, (_, k) => `(${n * 100 + k}, '${c} ${k}', now() - interval '${k} days')`).join(',\n       ')};
DELETE FROM ${t} WHERE ${c} IS NULL AND created_at < now() - interval '2 years';
`,
  (n, t, c) => `CREATE VIEW ${t}_summary_${n} AS
SELECT t.${c}, count(*) AS n, sum(i.amount) AS amount, max(t.created_at) AS newest
FROM ${t} t LEFT JOIN shop_items i ON i.owner_id = t.id
WHERE t.created_at > now() - interval '30 days'
GROUP BY t.${c} HAVING count(*) > 1 ORDER BY n DESC;
GRANT SELECT ON ${t}_summary_${n} TO reporting;
`,
  (n, t, c) => `BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE ${t} DROP CONSTRAINT IF EXISTS ${t}_${c}_key;
ALTER TABLE ${t} ADD CONSTRAINT ${t}_${c}_key UNIQUE (${c});
COMMIT;
`,
];

/** How many changes a file holds: mostly one or two, now and then a dozen. */
const SIZES = [1, 1, 1, 2, 2, 3, 3, 4, 6, 12];

/** Writes `count` files to `folder` (made where it is missing); their paths, in order. */
export async function writeFiles(folder, count) {
  await mkdir(folder, { recursive: true });
  let seed = 42;
  const pick = (list) => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return list[Math.floor((seed / 2147483648) * list.length)];
  };
  const paths = [];
  for (let n = 0; n < count; n++) {
    const path = join(folder, `${String(n + 1).padStart(5, '0')}_change.sql`);
    const changes = Array.from({ length: pick(SIZES) }, (_, k) =>
      pick(KINDS)(n * 100 + k, pick(TABLES), pick(COLUMNS), pick(TYPES)),
    );
    await writeFile(path, changes.join('\n'));
    paths.push(path);
  }
  return paths;
}
