import type { FunctionProperties } from '../../catalog/model.ts';
import { tokens } from '../../sql/lexer.ts';
import { splitQualified } from '../../sql/quote.ts';
import {
  children,
  nameFromParts,
  namesFromLists,
  type QualifiedName,
  relationOf,
  showName,
  strings,
  text,
} from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import { commands, type ScriptHit, scriptRule } from './rule.ts';

export const functionOrProcedureDeps = scriptRule({
  id: 'function-or-procedure-deps',
  severity: 'warning',
  title: 'Functions still name what goes away, and fail when they are called',
  on: ['CreateFunctionStmt', 'DropStmt', 'AlterTableStmt', 'RenameStmt'],
  read: () => {
    const found: (ScriptHit & { functions: string[]; readonly what: string })[] = [];
    return {
      see: (analysis, context) => {
        const { kind, node } = analysis.statement;
        // Written anew, or gone as well.
        const changed =
          kind === 'CreateFunctionStmt'
            ? [nameFromParts(strings(node.funcname))]
            : kind === 'DropStmt'
              ? droppedFunctions(analysis)
              : [];
        for (const name of changed) {
          for (const hit of found) hit.functions = hit.functions.filter((fn) => !isNamed(fn, name));
        }
        for (const gone of goneNames(analysis, context)) {
          const functions = functionsNaming(gone, context);
          if (functions.length === 0) continue;
          found.push({
            statement: analysis.statement,
            what: gone.what,
            functions,
            message: '',
            safeSql: [],
          });
        }
        return [];
      },
      end: () =>
        found
          .filter(({ functions }) => functions.length > 0)
          .map(({ statement, what, functions }) => ({
            statement,
            message: `The text of ${functions.join(', ')} names ${what}: the server does not see that, and the next call fails.`,
            safeSql: [],
          })),
    };
  },
  why: 'The body of a function is a string, except where it stands behind BEGIN ATOMIC or RETURN: what it names is looked up when it runs, and pg_depend knows nothing of it, so that neither RESTRICT refuses nor CASCADE finds it (PostgreSQL manual, 5.15, 36.5.1).',
  instead: 'Write the functions anew in the same migration, in front of what goes away.',
  manual: 'ddl-depend.html',
  example: {
    schema:
      "CREATE TABLE t (id int PRIMARY KEY, a int); CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT sum(a) FROM t';",
    bad: 'ALTER TABLE t DROP COLUMN a;',
    danger: { kind: 'breaks', query: 'SELECT f()', sqlstate: '42703' },
    good: [
      "CREATE OR REPLACE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT sum(id) FROM t'",
      'ALTER TABLE t DROP COLUMN a',
    ],
  },
});

interface Gone {
  readonly what: string;
  /** All of these words stand in a body that means it. */
  readonly words: readonly string[];
}

/** Relations, columns and functions that a statement drops or renames, as far as others use them. */
function goneNames(analysis: Analysis, context: AssessContext): readonly Gone[] {
  const { kind, node } = analysis.statement;
  const relation = (name: QualifiedName | null): readonly Gone[] => {
    const resolved = context.resolve(name);
    if (name === null || resolved === null || context.isNew(resolved)) return [];
    return [{ what: resolved, words: [name.name] }];
  };
  const column = (name: QualifiedName | null, which: string): readonly Gone[] =>
    relation(name).map(({ what, words }) => ({ what: `${what}.${which}`, words: [...words, which] }));
  if (kind === 'DropStmt') {
    const type = text(node, 'removeType') ?? '';
    if (['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_SEQUENCE'].includes(type)) {
      return namesFromLists(node, 'objects').flatMap(relation);
    }
    return droppedFunctions(analysis).map((name) => ({ what: `${showName(name)}()`, words: [name.name] }));
  }
  if (kind === 'AlterTableStmt') {
    return commands(analysis, 'AT_DropColumn').flatMap((command) =>
      column(relationOf(node), text(command, 'name') ?? ''),
    );
  }
  if (kind !== 'RenameStmt') return [];
  const type = text(node, 'renameType');
  if (type === 'OBJECT_COLUMN') return column(relationOf(node), text(node, 'subname') ?? '');
  return type === 'OBJECT_TABLE' || type === 'OBJECT_VIEW' ? relation(relationOf(node)) : [];
}

function droppedFunctions({ statement }: Analysis): readonly QualifiedName[] {
  const { kind, node } = statement;
  const type = text(node, 'removeType') ?? '';
  if (kind !== 'DropStmt' || !['OBJECT_FUNCTION', 'OBJECT_PROCEDURE', 'OBJECT_ROUTINE'].includes(type))
    return [];
  return children(node, 'objects')
    .map((object) => nameFromParts(strings(object.node.objname)))
    .filter((name) => name !== null);
}

/** Functions whose text, which the server does not look into, holds all the words. */
function functionsNaming({ words }: Gone, context: AssessContext): string[] {
  const found: string[] = [];
  for (const { identity, properties } of context.known.objects('function')) {
    const own = wordsIn(properties as FunctionProperties);
    if (own !== null && words.every((word) => own.has(word))) found.push(identity);
  }
  return found;
}

/** Of functions that were read before; what is known of a function is never changed, only replaced. */
const WORDS = new WeakMap<FunctionProperties, ReadonlySet<string> | null>();

/** Null where the server does look into it, or nobody can. */
function wordsIn(properties: FunctionProperties): ReadonlySet<string> | null {
  const known = WORDS.get(properties);
  if (known !== undefined) return known;
  const { definition, language } = properties;
  const body = ['sql', 'plpgsql'].includes(language) ? bodyOf(definition) : null;
  const words = body === null ? null : wordsOf(body);
  WORDS.set(properties, words);
  return words;
}

/** The string behind AS; null where the body is SQL that was taken apart. */
function bodyOf(definition: string): string | null {
  for (const token of tokens(definition)) {
    const piece = definition.slice(token.start, token.end);
    if (token.kind === 'string' && piece.startsWith('$')) return piece;
  }
  return null;
}

/** Names and words of a body: what stands in its strings may be run as well. */
function wordsOf(body: string): ReadonlySet<string> {
  const inner = body.replace(/^\$[^$]*\$|\$[^$]*\$$/g, '');
  const words = new Set<string>();
  for (const token of tokens(inner)) {
    const piece = inner.slice(token.start, token.end);
    if (token.kind === 'word') words.add(piece.toLowerCase());
    else if (token.kind === 'quoted-name') words.add(splitQualified(piece)[0] ?? piece);
    else if (token.kind === 'string')
      for (const word of piece.match(/[A-Za-z_][A-Za-z0-9_$]*/g) ?? []) words.add(word);
  }
  return words;
}

/** Whether a function, `schema.name(arguments)`, has this name. */
function isNamed(identity: string, name: QualifiedName | null): boolean {
  const [schema, own] = splitQualified(identity.replace(/\(.*$/s, ''));
  return name !== null && own === name.name && (name.schema === null || name.schema === schema);
}
