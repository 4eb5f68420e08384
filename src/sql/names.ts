/** Every name in parse trees: relations, columns, functions, as they are written. */
import { isNode, type Node, text } from './tree.ts';

export interface NamesInTrees {
  /** As written. */
  readonly relations: readonly {
    readonly schema: string | null;
    readonly name: string;
    readonly alias: string | null;
  }[];
  /** Of WITH, which hide relations of the same name. */
  readonly own: ReadonlySet<string>;
  /** `[qualifier, column]`; `*` for all. */
  readonly columns: readonly (readonly [string | null, string])[];
  readonly functions: readonly string[];
}

/** The names in parse trees, without looking anything up. */
export function namesIn(trees: readonly unknown[]): NamesInTrees {
  const relations: { schema: string | null; name: string; alias: string | null }[] = [];
  const own = new Set<string>();
  const columns: [string | null, string][] = [];
  const functions: string[] = [];
  const seen = (value: unknown): void => {
    if (Array.isArray(value)) for (const item of value) seen(item);
    else if (isNode(value)) {
      const name = text(value, 'relname');
      if (name !== null && 'relpersistence' in value) {
        const alias = isNode(value.alias) ? text(value.alias, 'aliasname') : null;
        relations.push({ schema: text(value, 'schemaname'), name, alias });
      }
      for (const [key, below] of Object.entries(value)) visit(key, below);
    }
  };
  const visit = (key: string, below: unknown): void => {
    if (isNode(below)) {
      if (key === 'CommonTableExpr') own.add(text(below, 'ctename') ?? '');
      if (key === 'ColumnRef') columns.push(columnOf(below));
      if (key === 'FuncCall') functions.push(stringsOf(below.funcname).join('.'));
      if (key === 'InsertStmt' || key === 'UpdateStmt') {
        const list = key === 'InsertStmt' ? below.cols : below.targetList;
        // Without a list an INSERT gives the columns in their order.
        if (list === undefined) columns.push([null, '*']);
        for (const item of Array.isArray(list) ? list : []) {
          const target = isNode(item) && isNode(item.ResTarget) ? text(item.ResTarget, 'name') : null;
          if (target !== null) columns.push([null, target]);
        }
      }
    }
    seen(below);
  };
  seen(trees);
  return { relations, own, columns, functions };
}

/** `a`, `t.a`, `s.t.a`, `t.*`: the last qualifier and the column. */
function columnOf(reference: Node): [string | null, string] {
  const fields = Array.isArray(reference.fields) ? reference.fields : [];
  const parts = fields.map((field) =>
    isNode(field) && isNode(field.String) ? (text(field.String, 'sval') ?? '') : '*',
  );
  return [parts.at(-2) ?? null, parts.at(-1) ?? '*'];
}

function stringsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : []).flatMap((item) =>
    isNode(item) && isNode(item.String) ? [text(item.String, 'sval') ?? ''] : [],
  );
}
