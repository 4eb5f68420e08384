/**
 * One batch as SQL: the rows of a range are changed, their before-images kept, their number left in the setting
 * `ferrata.rows`, where the checkpoint finds it. Rows are locked in the order of the key: either by an index scan that
 * feeds the change itself, or, where an expression reads other tables, by a locking SELECT before it.
 */
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import type { BackfillPlace } from './checkpoint.ts';
import { type ImageStore, imageColumns } from './images.ts';
import { keyText, orderBy, sameKey } from './key.ts';
import type { BackfillAction, BackfillKey, BackfillSpec } from './model.ts';

/** What a batch works on. */
export interface Scene {
  readonly spec: BackfillSpec;
  /** `schema.table`, quoted where needed: the driving table, or one of its partitions. */
  readonly table: string;
  readonly key: BackfillKey;
  readonly images: ImageStore | null;
  /** Locked rows are passed by, and their keys written down here. */
  readonly skipInto: (BackfillPlace & { readonly part: number }) | null;
  readonly serverMajor: number;
}

/** Under which the number of rows is left for the checkpoint. */
export const ROWS_SETTING = 'ferrata.rows';

type SqlActionType = Exclude<BackfillAction, { readonly type: 'transform' }>;

/**
 * Settings for the planner, of the batch's transaction. Where the statement reads nothing but the range, an index scan
 * is the only way: statistics that lag behind must not lead to a scan of the whole table.
 */
export function plannerSettings(spec: BackfillSpec): readonly string[] {
  return readsOthers(spec)
    ? ['SET LOCAL jit = off']
    : ['SET LOCAL jit = off', 'SET LOCAL enable_seqscan = off', 'SET LOCAL enable_bitmapscan = off'];
}

function readsOthers({ readsOthers: others, action }: BackfillSpec): boolean {
  return (
    others ||
    (action.type === 'update' && action.from !== null) ||
    (action.type === 'delete' && action.using !== null)
  );
}

/** The statement for the rows that meet `range`, a condition on the alias. */
export function batchStatement(scene: Scene, action: SqlActionType, range: string): string {
  const parts = [...(isDirect(scene, action) ? direct(scene, action, range) : locked(scene, action, range))];
  if (scene.images !== null) parts.push(imagesOf(scene.images, action));
  return `WITH ${parts.join(',\n')}\nSELECT pg_catalog.set_config('${ROWS_SETTING}', pg_catalog.count(*)::pg_catalog.text, true) FROM ferrata_done`;
}

/** Whether the change itself finds, and so locks, the rows: in the order of the index. */
function isDirect({ spec, images, skipInto, serverMajor }: Scene, action: SqlActionType): boolean {
  if (readsOthers(spec) || skipInto !== null) return false;
  switch (action.type) {
    case 'update':
      return images === null || serverMajor >= 18;
    case 'delete':
      return true;
    case 'insert-select':
      return false;
  }
}

function direct(scene: Scene, action: SqlActionType, range: string): readonly string[] {
  const { spec, table, images } = scene;
  // As a CASE the condition suits no other index: the range of the key decides.
  const where = [
    range,
    ...(spec.where === null ? [] : [`CASE WHEN (${spec.where}\n) THEN true ELSE false END`]),
  ];
  if (action.type === 'delete') {
    return [
      `ferrata_done AS (DELETE FROM ONLY ${table} AS ${spec.alias} WHERE ${where.join(' AND ')} RETURNING ${returned(scene, action)})`,
    ];
  }
  const set = action.type === 'update' ? action.set : '';
  const names = images === null ? '' : 'WITH (OLD AS ferrata_old, NEW AS ferrata_new) ';
  const images18 =
    images === null
      ? '1'
      : images.columns
          .flatMap(({ num, name }) => [
            `ferrata_old.${quoteIdent(name)} AS o${num}`,
            `ferrata_new.${quoteIdent(name)} AS n${num}`,
          ])
          .join(', ');
  return [
    `ferrata_done AS (UPDATE ONLY ${table} AS ${spec.alias} SET ${set}\nWHERE ${where.join(' AND ')} RETURNING ${names}${images18})`,
  ];
}

function locked(scene: Scene, action: SqlActionType, range: string): readonly string[] {
  const { spec, table, key, images, skipInto } = scene;
  const others = action.type === 'update' ? action.from : action.type === 'delete' ? action.using : null;
  const from = `FROM ONLY ${table} AS ${spec.alias}${others === null ? '' : `, ${others}\n`}`;
  const where = [range, ...(spec.where === null ? [] : [`(${spec.where}\n)`])].join(' AND ');
  const strength = { update: 'NO KEY UPDATE', delete: 'UPDATE', 'insert-select': 'SHARE' }[action.type];
  const columns = [
    ...key.columns.map(({ name }, n) => `${spec.alias}.${quoteIdent(name)} AS ferrata_k${n + 1}`),
    ...(action.type === 'insert-select'
      ? action.values.map((value, n) => `(${value}\n) AS ferrata_v${n + 1}`)
      : []),
    ...(action.type === 'update' && images !== null
      ? images.columns.map(({ num, name }) => `${spec.alias}.${quoteIdent(name)} AS ferrata_o${num}`)
      : []),
  ];
  const found = `ferrata_found AS MATERIALIZED (SELECT ${columns.join(', ')} ${from} WHERE ${where}
ORDER BY ${orderBy(key, spec.alias)} FOR ${strength} OF ${spec.alias}${skipInto === null ? '' : ' SKIP LOCKED'})`;
  const joined = sameKey(key, spec.alias, (n) => `ferrata_found.ferrata_k${n}`);
  const statements = [found, `ferrata_done AS (${change()} RETURNING ${returned(scene, action)})`];
  if (skipInto !== null) {
    statements.push(`ferrata_passed AS (INSERT INTO ferrata.backfill_skipped (run, ordinal, part, key)
SELECT DISTINCT ${quoteLiteral(skipInto.run)}, ${skipInto.ordinal}, ${skipInto.part}, ${keyText(key, spec.alias)} ${from}
WHERE ${where} AND NOT EXISTS (SELECT FROM ferrata_found WHERE ${joined}))`);
  }
  return statements;

  function change(): string {
    switch (action.type) {
      case 'update':
        // The rows are known, and locked; the condition is needed again only to join what SET asks for.
        return `UPDATE ONLY ${table} AS ${spec.alias} SET ${action.set}\nFROM ferrata_found${others === null ? '' : `, ${others}\n`} WHERE ${joined} AND ${others === null ? range : where}`;
      case 'delete':
        return `DELETE FROM ONLY ${table} AS ${spec.alias} USING ferrata_found WHERE ${joined} AND ${range}`;
      case 'insert-select': {
        const values = action.values.map((_, n) => `ferrata_v${n + 1}`).join(', ');
        const conflict = action.onConflict === null ? '' : ` ON CONFLICT ${action.onConflict}`;
        return `INSERT INTO ${action.target} (${action.columns.map(quoteIdent).join(', ')}) OVERRIDING SYSTEM VALUE SELECT ${values} FROM ferrata_found${conflict}`;
      }
    }
  }
}

/** What the change gives back for the images; `1` where there are none. */
function returned({ spec, images }: Scene, { type }: SqlActionType): string {
  if (images === null) return '1';
  const ofRow = (name: string): string => `${spec.alias}.${quoteIdent(name)}`;
  const sides = {
    update: (num: number, name: string) =>
      `ferrata_found.ferrata_o${num} AS o${num}, ${ofRow(name)} AS n${num}`,
    delete: (num: number, name: string) => `${ofRow(name)} AS o${num}`,
    'insert-select': (num: number, name: string) => `${quoteIdent(name)} AS n${num}`,
  };
  return images.columns.map(({ num, name }) => sides[type](num, name)).join(', ');
}

function imagesOf(images: ImageStore, action: SqlActionType): string {
  const letter = { update: 'U', delete: 'D', 'insert-select': 'I' }[action.type];
  const columns = imageColumns(images, letter as 'U' | 'D' | 'I');
  const side = (prefix: 'o' | 'n') => images.columns.map(({ num }) => `${prefix}${num}`).join(', ');
  // A row that stays as it was has nothing to put back.
  const changed =
    action.type === 'update'
      ? ` WHERE NOT pg_catalog.record_image_eq(ROW(${side('o')}), ROW(${side('n')}))`
      : '';
  return `ferrata_images AS (INSERT INTO ${images.store} (seq, pos, op, ${columns.join(', ')})
SELECT (SELECT pg_catalog.nextval('ferrata_attic.capture_order')), pg_catalog.row_number() OVER (), '${letter}', ${columns.join(', ')} FROM ferrata_done${changed})`;
}

/**
 * The pieces of an UPDATE by somebody else's values that keep the before-images: the rows are locked already, so that
 * what they hold now is what they held.
 */
export function updateImages(scene: Scene, range: string) {
  const { spec, table, key, images } = scene;
  if (images === null) return { before: '', from: '', join: '', returned: '1', after: '' };
  const columns = [
    ...key.columns.map(({ name }, n) => `${spec.alias}.${quoteIdent(name)} AS ferrata_k${n + 1}`),
    ...images.columns.map(({ num, name }) => `${spec.alias}.${quoteIdent(name)} AS ferrata_o${num}`),
  ];
  const update = { type: 'update', set: '', columns: [], from: null } as const;
  return {
    before: `,\nferrata_found AS MATERIALIZED (SELECT ${columns.join(', ')} FROM ONLY ${table} AS ${spec.alias} WHERE ${range})`,
    from: ', ferrata_found',
    join: ` AND ${sameKey(key, spec.alias, (n) => `ferrata_found.ferrata_k${n}`)}`,
    returned: returned(scene, update),
    after: `,\n${imagesOf(images, update)}`,
  };
}
