/** What one file of a release means for another. */
import { strength } from '../effect.ts';
import type { Assessment, Finding, StatementFacts } from '../model.ts';

/** The relations that a statement reads or writes whole while they are locked at least against writes. */
export function workedUnderLock(
  facts: Pick<StatementFacts, 'locks' | 'rewrites' | 'scans'>,
): readonly string[] {
  return [...new Set([...facts.rewrites, ...facts.scans])].filter((relation) =>
    facts.locks.some((lock) => lock.relation === relation && strength(lock.mode) >= strength('ShareLock')),
  );
}

/** Notes what a migration goes through, for those after it (`Surroundings.worked`). */
export function noteWork(worked: Map<string, string>, { migration, file, statements }: Assessment): void {
  for (const statement of statements) {
    for (const relation of workedUnderLock(statement)) {
      if (!worked.has(relation)) worked.set(relation, migration ?? file);
    }
  }
}

/**
 * Findings of files in the order in which they run, without those that a later file settles: a constraint that it
 * validates.
 */
export function unsettled(
  files: readonly { readonly findings: readonly Finding[]; readonly statements: readonly StatementFacts[] }[],
): readonly (readonly Finding[])[] {
  const validatedLater = new Set<string>();
  const kept = [...files].reverse().map(({ findings, statements }) => {
    const left = findings.filter(
      ({ settledBy }) => settledBy === undefined || !validatedLater.has(settledBy),
    );
    for (const { validates } of statements) for (const name of validates) validatedLater.add(name);
    return left;
  });
  return kept.reverse();
}
