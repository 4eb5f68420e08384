/** A foreign key of a partitioned table, made partition by partition. */

import { deparse } from '../../sql/deparse.ts';
import { quoteIdent, splitQualified } from '../../sql/quote.ts';
import { text } from '../../sql/tree.ts';
import type { Analysis } from '../analyse.ts';
import type { AssessContext } from '../context.ts';
import type { NewForeignKey } from './foreign-keys.ts';
import { constraintName } from './not-valid.ts';
import { COMMIT } from './steps.ts';

/**
 * Each partition gets the key as NOT VALID, and has it validated; the key of the partitioned table then takes those over
 * and reads nothing (tablecmds.c, tryAttachPartitionForeignKey).
 */
export function onPartitions(
  analysis: Analysis,
  key: NewForeignKey,
  context: AssessContext,
): () => Promise<readonly (string | null)[]> {
  const leaves = context
    .descendants(key.table)
    .filter((table) => !context.isPartitioned(table))
    .sort();
  const { initially_valid: _valid, skip_validation: _skip, ...rest } = key.constraint;
  const name = text(key.constraint, 'conname') ?? constraintName(analysis, key.constraint, 'fkey');
  const add = (relation: Readonly<Record<string, unknown>>, notValid: boolean): Promise<string | null> =>
    deparse('AlterTableStmt', {
      relation,
      objtype: 'OBJECT_TABLE',
      cmds: [
        {
          AlterTableCmd: {
            subtype: 'AT_AddConstraint',
            behavior: 'DROP_RESTRICT',
            def: {
              Constraint: notValid
                ? { ...rest, conname: name, skip_validation: true }
                : { ...rest, conname: name, initially_valid: true },
            },
          },
        },
      ],
    });
  return async () => {
    const steps: (string | null)[] = [];
    for (const leaf of leaves) {
      const [schemaname = '', relname = ''] = splitQualified(leaf);
      steps.push(
        await add({ schemaname, relname, inh: true, relpersistence: 'p' }, true),
        COMMIT,
        `ALTER TABLE ${leaf} VALIDATE CONSTRAINT ${quoteIdent(name)}`,
        COMMIT,
      );
    }
    steps.push(await add(analysis.statement.node.relation as Readonly<Record<string, unknown>>, false));
    return steps;
  };
}
