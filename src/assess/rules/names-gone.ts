/** Names of relations and columns that a script takes away, and that something else may bear again before the transaction ends. */
import type { ParsedStatement } from '../../sql/model.ts';
import { quoteIdent, quoteQualified, splitQualified } from '../../sql/quote.ts';
import { madeRelation } from '../../sql/relations.ts';
import { transactionControl } from '../../sql/transactional.ts';
import { relationOf, text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import type { ScriptHit, ScriptReader } from './rule.ts';

interface Gone {
  /** `schema.name`, `schema.table.column`, or a schema. */
  readonly name: string;
  readonly hit: ScriptHit;
}

/**
 * Reads a script for names that go: what `goes` tells is found unless something takes the name up again in the same
 * transaction, so that others never miss it.
 */
export function readGone(
  goes: (analysis: Analysis, context: AssessContext) => readonly Gone[],
): () => ScriptReader {
  return () => {
    let open: Gone[] = [];
    const close = (): readonly ScriptHit[] => {
      const hits = open.map(({ hit }) => hit);
      open = [];
      return hits;
    };
    return {
      see: (analysis, context) => {
        const { statement, facts } = analysis;
        const control = transactionControl(statement);
        const ended = control === 'begin' || control === 'commit' || !facts.transactional ? close() : [];
        const taken = open.length === 0 ? null : nameTaken(statement, context);
        if (taken !== null) open = open.filter(({ name }) => name !== taken);
        open.push(...goes(analysis, context));
        return ended;
      },
      end: close,
    };
  };
}

/** The name that the statement gives to something: a new relation or schema, a renamed or moved one. */
function nameTaken(statement: ParsedStatement, context: AssessContext): string | null {
  const { kind, node } = statement;
  const made = madeRelation(statement);
  if (made !== null)
    return quoteQualified(made.name.schema ?? context.searchPath[0] ?? 'public', made.name.name);
  if (kind === 'CreateSchemaStmt') return quoteQualified(null, text(node, 'schemaname') ?? '');
  const relation = context.resolve(relationOf(node));
  if (relation === null) return null;
  const [schema = null, name = ''] = splitQualified(relation);
  if (
    kind === 'RenameStmt' &&
    /^OBJECT_(TABLE|VIEW|MATVIEW|FOREIGN_TABLE)$/.test(text(node, 'renameType') ?? '')
  ) {
    return quoteQualified(schema, text(node, 'newname') ?? '');
  }
  if (kind === 'RenameStmt' && text(node, 'renameType') === 'OBJECT_COLUMN') {
    return `${relation}.${quoteIdent(text(node, 'newname') ?? '')}`;
  }
  return kind === 'AlterObjectSchemaStmt' ? quoteQualified(text(node, 'newschema'), name) : null;
}
