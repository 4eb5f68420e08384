/**
 * Models of object-relational tools, found by the pattern of their declarations: which class or variable stands for which
 * table, and which field for which column. Nothing is run and no language is parsed: what is written in an unusual way is
 * not recognised, and found as text all the same.
 */
import { plural, snake } from './word-forms.ts';

export interface ModelField {
  readonly column: string;
  /** How code names it. */
  readonly name: string;
}

export interface Model {
  readonly tool: 'Prisma' | 'Drizzle' | 'TypeORM' | 'SQLAlchemy' | 'Django' | 'ActiveRecord';
  readonly table: string;
  /** How code names it: the class, the variable, the client's property. */
  readonly names: readonly string[];
  readonly fields: readonly ModelField[];
  /** Where its declaration stands in the file. */
  readonly start: number;
  readonly end: number;
}

/** The models that a file declares. @param path relative, with `/` */
export function modelsIn(path: string, text: string): readonly Model[] {
  if (path.endsWith('.prisma')) return prisma(text);
  if (/\.[cm]?[jt]sx?$/.test(path)) return [...drizzle(text), ...typeorm(text)];
  if (path.endsWith('.py')) return [...sqlalchemy(text), ...django(path, text)];
  return path.endsWith('.rb') ? activeRecord(text) : [];
}

function prisma(text: string): Model[] {
  return [...text.matchAll(/^\s*(?:model|view)\s+(\w+)\s*\{([\s\S]*?)^\s*\}/gm)].map((found): Model => {
    const [whole, name = '', body = ''] = found;
    const table = /@@map\(\s*(?:name:\s*)?"([^"]+)"/.exec(body)?.[1] ?? name;
    const fields = [...body.matchAll(/^[ \t]*(\w+)[ \t]+\w[^\n]*$/gm)].map(([line, field = '']) => ({
      name: field,
      column: /(?<!@)@map\(\s*(?:name:\s*)?"([^"]+)"/.exec(line)?.[1] ?? field,
    }));
    // The client calls it with a small first letter.
    const names = [name, name.slice(0, 1).toLowerCase() + name.slice(1)];
    return { tool: 'Prisma', table, names, fields, start: found.index, end: found.index + whole.length };
  });
}

function drizzle(text: string): Model[] {
  if (!/pgTable|pgView|pgMaterializedView|\.table\(/.test(text)) return [];
  const pattern =
    /\bconst\s+(\w+)\s*=\s*(?:pg(?:Table|View|MaterializedView)|\w+\.(?:table|view|materializedView))\(\s*['"`]([^'"`]+)['"`]\s*,\s*(?=\{|\()/g;
  return [...text.matchAll(pattern)].map((found): Model => {
    const [head, name = '', table = ''] = found;
    const open = text.indexOf('{', found.index + head.length);
    const end = closing(text, open);
    const fields = [...text.slice(open, end).matchAll(/(\w+)\s*:\s*\w+\(\s*(?:['"`]([^'"`]+)['"`])?/g)].map(
      ([, field = '', column]) => ({ name: field, column: column ?? snake(field) }),
    );
    return { tool: 'Drizzle', table, names: [name], fields, start: found.index, end };
  });
}

function typeorm(text: string): Model[] {
  if (!/@(?:Entity|ViewEntity|Table)\b/.test(text)) return [];
  const pattern =
    /@(?:Entity|ViewEntity|Table)\(([^)]*)\)\s*(?:@\w+\([^)]*\)\s*)*(?:export\s+)?(?:default\s+)?(?:abstract\s+)?class\s+(\w+)[^{]*/g;
  return [...text.matchAll(pattern)].map((found): Model => {
    const [head, options = '', name = ''] = found;
    const table =
      /^\s*['"`]([^'"`]+)['"`]/.exec(options)?.[1] ??
      /\b(?:name|tableName)\s*:\s*['"`]([^'"`]+)['"`]/.exec(options)?.[1];
    const open = found.index + head.length;
    const end = closing(text, open);
    const columns =
      /@(?:\w*Column|Property|PrimaryKey|Index|JoinColumn)\(([^)]*)\)\s*(?:@\w+\([^)]*\)\s*)*(?:(?:public|private|protected|readonly|declare)\s+)*(\w+)\s*[!?]?\s*[:=;]/g;
    const fields = [...text.slice(open, end).matchAll(columns)].map(([, settings = '', field = '']) => ({
      name: field,
      column: /\b(?:name|fieldName|field)\s*:\s*['"`]([^'"`]+)['"`]/.exec(settings)?.[1] ?? field,
    }));
    return { tool: 'TypeORM', table: table ?? snake(name), names: [name], fields, start: found.index, end };
  });
}

/** The blocks of Python classes: from the header to the next line that is not indented. */
function pythonClasses(text: string) {
  return [
    ...text.matchAll(/^class\s+(\w+)\s*(?:\(([^)]*)\))?\s*:[^\n]*\n((?:[ \t]+[^\n]*\n?|\s*\n)*)/gm),
  ].map((found) => ({
    name: found[1] ?? '',
    bases: found[2] ?? '',
    body: found[3] ?? '',
    start: found.index,
    end: found.index + found[0].length,
  }));
}

function sqlalchemy(text: string): Model[] {
  if (!/__tablename__|\bTable\(|table\s*=\s*True/.test(text)) return [];
  const classes = pythonClasses(text).flatMap(({ name, bases, body, start, end }): Model[] => {
    const own = /__tablename__\s*(?::[^=]*)?=\s*['"]([^'"]+)['"]/.exec(body)?.[1];
    const table = own ?? (/table\s*=\s*True/.test(bases) ? name.toLowerCase() : undefined);
    if (table === undefined) return [];
    const declared =
      /^[ \t]+(\w+)\s*(?::[^=\n]+)?=\s*(?:\w+\.)?(?:mapped_column|Column|deferred|Field)\(\s*(?:(?:\w+\.)?Column\(\s*)?(?:['"](\w+)['"])?/gm;
    const fields = [...body.matchAll(declared)].map(([, field = '', column]) => ({
      name: field,
      column: column ?? field,
    }));
    // A bare annotation declares a column too: `note: Mapped[str]`.
    const annotated = [...body.matchAll(/^[ \t]+(\w+)\s*:\s*(?:Mapped\[|[\w[\] |.]+$)/gm)].map(
      ([, field = '']) => ({
        name: field,
        column: field,
      }),
    );
    const known = new Set(fields.map((field) => field.name));
    const all = [...fields, ...annotated.filter((field) => !known.has(field.name))];
    return [{ tool: 'SQLAlchemy', table, names: [name], fields: all, start, end }];
  });
  const tables = [...text.matchAll(/^(\w+)\s*=\s*(?:\w+\.)*Table\(\s*['"]([^'"]+)['"]/gm)].map(
    (found): Model => {
      const end = closing(text, text.indexOf('(', found.index));
      const fields = [...text.slice(found.index, end).matchAll(/\bColumn\(\s*['"](\w+)['"]/g)].map(
        ([, column = '']) => ({
          name: column,
          column,
        }),
      );
      return {
        tool: 'SQLAlchemy',
        table: found[2] ?? '',
        names: [found[1] ?? ''],
        fields,
        start: found.index,
        end,
      };
    },
  );
  return [...classes, ...tables];
}

function django(path: string, text: string): Model[] {
  if (!/\bmodels\.\w+\(/.test(text)) return [];
  // `shop/models.py`, `shop/models/order.py`: the application is the folder around.
  const folders = path.split('/').slice(0, -1);
  const application = (folders.at(-1) === 'models' ? folders.at(-2) : folders.at(-1)) ?? '';
  return pythonClasses(text).flatMap(({ name, body, start, end }): Model[] => {
    const fields = [
      ...body.matchAll(/^[ \t]+(\w+)\s*=\s*(?:\w+\.)?models\.(\w+)\(([^\n]*(?:\n[ \t]{8,}[^\n]*)*)/gm),
    ].flatMap(([, field = '', type = '', options = '']): ModelField[] => {
      if (type === 'ManyToManyField' || type.endsWith('Manager')) return [];
      const named = /\bdb_column\s*=\s*['"]([^'"]+)['"]/.exec(options)?.[1];
      const refers = /^(?:ForeignKey|OneToOneField)$/.test(type);
      return [{ name: field, column: named ?? (refers ? `${field}_id` : field) }];
    });
    if (fields.length === 0) return [];
    const table =
      /\bdb_table\s*=\s*['"]([^'"]+)['"]/.exec(body)?.[1] ?? `${application}_${name.toLowerCase()}`;
    return [{ tool: 'Django', table, names: [name], fields, start, end }];
  });
}

function activeRecord(text: string): Model[] {
  const pattern =
    /^([ \t]*)class\s+((?:\w+::)*(\w+))\s*<\s*(?:::)?(?:ApplicationRecord|ActiveRecord::Base|\w+Record)\b([\s\S]*?)^\1end\b/gm;
  return [...text.matchAll(pattern)].map((found): Model => {
    const [whole, , qualified = '', name = '', body = ''] = found;
    const own = /\bself\.table_name\s*=\s*['"]([^'"]+)['"]/.exec(body)?.[1];
    const words = snake(name).split('_');
    const table = own ?? [...words.slice(0, -1), plural(words.at(-1) ?? '')].join('_');
    const fields = [...body.matchAll(/\balias_attribute\s+:(\w+)\s*,\s*:(\w+)/g)].map(
      ([, alias = '', column = '']) => ({
        name: alias,
        column,
      }),
    );
    return {
      tool: 'ActiveRecord',
      table,
      names: [...new Set([name, qualified])].filter((one) => !one.includes('::')),
      fields,
      start: found.index,
      end: found.index + whole.length,
    };
  });
}

/** Behind the bracket that closes the one at `open`; strings are skipped. The end of the text where none does. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = Math.max(open, 0); at < text.length; at++) {
    const char = text[at];
    if (char === '"' || char === "'" || char === '`') {
      for (at++; at < text.length && text[at] !== char; at++) if (text[at] === '\\') at++;
    } else if (char === '{' || char === '(' || char === '[') depth++;
    else if (char === '}' || char === ')' || char === ']') {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}
