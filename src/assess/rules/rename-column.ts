import type { FunctionProperties } from '../../catalog/model.ts';
import { quoteIdent } from '../../sql/quote.ts';
import { relationOf, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { readGone } from './names-gone.ts';
import { existingRelation, scriptRule } from './rule.ts';
import { twinColumn } from './twin-column.ts';

const RELATIONS = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE']);

export const renameColumn = scriptRule({
  id: 'rename-column',
  severity: 'danger',
  title: 'Renaming a column breaks every program that uses the old name',
  read: readGone((analysis, context) => {
    const { statement } = analysis;
    const { node } = statement;
    if (statement.kind !== 'RenameStmt') return [];
    const table = existingRelation(analysis, context);
    const written = relationOf(node);
    const from = text(node, 'subname');
    const to = text(node, 'newname');
    const kind = text(node, 'relationType') ?? '';
    if (text(node, 'renameType') !== 'OBJECT_COLUMN' || !RELATIONS.has(kind)) return [];
    if (table === null || written === null || from === null || to === null) return [];
    if (context.isNewColumn(table, from)) return [];
    const functions = functionsNaming(table, from, context);
    const also =
      functions.length === 0
        ? ''
        : ` ${functions.join(', ')} may name it, too: what their text says, the server does not change.`;
    const hit = {
      statement,
      message: `From this moment on, ${table}.${quoteIdent(from)} does not exist for programs that still run.${also}`,
      safeSql: kind === 'OBJECT_TABLE' ? twinColumn(context, { table, written }, from, to) : [],
    };
    return [{ name: `${table}.${quoteIdent(from)}`, hit }];
  }),
  why: 'Old and new versions of a program run side by side during a deployment; only one of them knows the new name. Functions keep the old name in their text and fail when they are next called; views keep it as the name of theirs (PostgreSQL manual, ALTER TABLE, RENAME).',
  instead:
    'Add the new column, keep the two equal with a trigger, and fill it in batches; move the programs, then drop the trigger and the old column. Or leave the name, and give it another in the program.',
  example: {
    schema: 'CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1, 2);',
    bad: 'ALTER TABLE t RENAME COLUMN a TO b;',
    danger: { kind: 'breaks', query: 'SELECT a FROM t', sqlstate: '42703' },
  },
  manual: 'sql-altertable.html',
});

/** Functions whose text holds both names. */
function functionsNaming(table: string, column: string, context: AssessContext): readonly string[] {
  const name = table.slice(table.indexOf('.') + 1);
  const whole = (word: string): RegExp =>
    new RegExp(`(^|[^\\w$])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}($|[^\\w$])`);
  const [tableWord, columnWord] = [whole(name), whole(column)];
  return context.known
    .objects('function')
    .filter(({ properties }) => {
      const { definition, language } = properties as FunctionProperties;
      if (!definition.includes(name) || !definition.includes(column)) return false;
      // SQL that the server has parsed follows by itself.
      if (language === 'sql' && /\bBEGIN ATOMIC\b|^\s*RETURN\b/m.test(definition)) return false;
      return tableWord.test(definition) && columnWord.test(definition);
    })
    .map(({ identity }) => identity)
    .slice(0, 5);
}
