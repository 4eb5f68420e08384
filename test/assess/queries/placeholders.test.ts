/** Placeholders of other tools, as `$n`; and what only looks like one. */
import { describe, expect, test } from 'vitest';
import { numberPlaceholders } from '../../../src/assess/queries/placeholders.ts';
import { parseGrammar } from '../../../src/sql/parser.ts';

describe('placeholders become $n', () => {
  test.each([
    ['select a from t where id = ?', 'select a from t where id = $1'],
    ['select a from t where id=?and b=?', 'select a from t where id=$1and b=$2'],
    ['insert into t values (?, ?, ?)', 'insert into t values ($1, $2, $3)'],
    ['select a from t limit ? offset ?', 'select a from t limit $1 offset $2'],
    ['select a from t where b between ? and ?', 'select a from t where b between $1 and $2'],
    ['select a from t where id = ?2 and b = ?1', 'select a from t where id = $2 and b = $1'],
    ["select a from t where d ?? 'k' and e = ?", "select a from t where d ? 'k' and e = $1"],
    [
      "select a from t where d ? 'k' and d ?| array['a'] and e = ?",
      "select a from t where d ? 'k' and d ?| array['a'] and e = $1",
    ],
    ['select a from t where id = :id and :id > b', 'select a from t where id = $1 and $1 > b'],
    [
      'select a::text, b[1:2], c[:n] from t where x = :x::int',
      'select a::text, b[1:2], c[:n] from t where x = $1::int',
    ],
    ["select a from t where b = :'who'", 'select a from t where b = $1'],
    ['select a from :"tab"', 'select a from "tab"'],
    ['select a from t where id = @id or @id is null', 'select a from t where id = $1 or $1 is null'],
    [
      'select @ a, b @> c, d <@ e, f @@ g, h @? i from t',
      'select @ a, b @> c, d <@ e, f @@ g, h @? i from t',
    ],
    ['select a from t where id = %s and b %% 2 = 0', 'select a from t where id = $1 and b % 2 = 0'],
    ['select a % s from t', 'select a % s from t'],
    [
      'select a from t where id = %(id)s and b = %(b)s or c = %(id)s',
      'select a from t where id = $1 and b = $2 or c = $1',
    ],
    ['select a from t where id = #{id,jdbcType=INTEGER}', 'select a from t where id = $1'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the placeholder
    ['select a from t where id = ${id} or b = $(b)', 'select a from t where id = $1 or b = $2'],
    [
      "select sqlc.embed(t) from t where id = sqlc.arg(id) and b = sqlc.narg('b')",
      'select t.* from t where id = $1 and b = $2',
    ],
    ['select a from t where id = $2 and b = :b', 'select a from t where id = $2 and b = $3'],
    [
      'select \':a\', "?", $$ ? :b $$ -- :c ?\n from t where id = :id',
      'select \':a\', "?", $$ ? :b $$ -- :c ?\n from t where id = $1',
    ],
    ['select a from t where t.ts > now() - interval ?', 'select a from t where t.ts > now() - interval $1'],
    ['update t set a = ?, b = :b', 'update t set a = $1, b = $2'],
  ])('%s', async (given, wanted) => {
    const { sql } = numberPlaceholders(given);
    expect(sql).toBe(wanted);
    expect((await parseGrammar(sql)).ok).toBe(true);
  });

  test('names are told by number', () => {
    expect(numberPlaceholders('select :b, ?, :a, :b').names).toEqual(['b', null, 'a']);
    expect(numberPlaceholders('select 1').names).toEqual([]);
  });
});
