import { madeRelation } from '../../sql/relations.ts';
import { flag, namesFromLists, showName, text } from '../../sql/tree.ts';
import { scriptRule } from './rule.ts';

export const dropSequence = scriptRule({
  id: 'drop-sequence',
  severity: 'warning',
  title: 'Dropping a sequence loses where it stood',
  on: ['CreateSeqStmt', 'DropStmt'],
  read: () => {
    /** Made by the script itself, some transactions ago: nobody knows them. */
    const own = new Set<string>();
    return {
      see: ({ statement }, context) => {
        const { kind, node } = statement;
        const made = kind === 'CreateSeqStmt' ? madeRelation(statement) : null;
        if (made !== null && !made.maybe) own.add(context.resolve(made.name) ?? '');
        if (kind !== 'DropStmt' || text(node, 'removeType') !== 'OBJECT_SEQUENCE') return [];
        return namesFromLists(node, 'objects').flatMap((name) => {
          const sequence = context.resolve(name) ?? '';
          if (own.has(sequence) || context.isNew(sequence)) return [];
          if (flag(node, 'missing_ok') && context.known.complete && !context.known.has('sequence', sequence))
            return [];
          return [
            {
              statement,
              message: `nextval of ${sequence} fails from now on, in functions and programs that name it, too; a new one of this name begins at 1.`,
              safeSql: [`SELECT last_value, is_called FROM ${showName(name)}`],
            },
          ];
        });
      },
    };
  },
  why: 'Defaults that use a sequence keep it from being dropped; programs and function bodies that call nextval on its name do not, and find out when they run. Where it stood is nowhere else: numbers that a new one gives out are there already (PostgreSQL manual, DROP SEQUENCE, 9.17).',
  instead:
    'Write down where it stands, so that it can be made again (CREATE SEQUENCE, then setval), and search the programs for its name.',
  example: {
    schema: "CREATE SEQUENCE s; SELECT nextval('s');",
    bad: 'DROP SEQUENCE s;',
    danger: { kind: 'breaks', query: "SELECT nextval('s')", sqlstate: '42P01' },
  },
  manual: 'sql-dropsequence.html',
});
