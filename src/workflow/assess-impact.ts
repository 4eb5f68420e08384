/** What hangs on the objects that a migration changes: in its database, and in the application's source. */
import { changesOf, type StepChange } from '../assess/impact/changes.ts';
import { type DependencyGraph, readDependencyGraph } from '../assess/impact/graph.ts';
import type { ChangeImpact, Impact } from '../assess/impact/model.ts';
import { byPhysical, dependentsOfChange } from '../assess/impact/tree.ts';
import type { Catalog } from '../catalog/model.ts';
import { FerrataError } from '../errors.ts';
import { type StateView, use } from './assess-states.ts';

/** One migration's states, as its dependents see them. */
export class ImpactStudy {
  readonly #changes: StepChange[] = [];
  #graph: DependencyGraph | null = null;
  #before: Catalog | null = null;
  #after: Catalog | null = null;

  async look(state: StateView): Promise<void> {
    if (this.#after === null) {
      this.#before = state.catalog;
      this.#graph = await use(state.database.connector, (connection) =>
        readDependencyGraph(connection, state.catalog),
      );
    } else this.#changes.push(...changesOf(this.#after, state.catalog, state.id));
    this.#after = state.catalog;
  }

  /** Before the first step; throws where no state was looked at. */
  get start(): { readonly graph: DependencyGraph; readonly catalog: Catalog } {
    if (this.#graph === null || this.#before === null)
      throw new FerrataError('internal', 'No state was looked at');
    return { graph: this.#graph, catalog: this.#before };
  }

  get changes(): readonly StepChange[] {
    return this.#changes;
  }

  /** The changes with their dependents; what only follows from another change stands in that one's tree. */
  result(): Impact {
    const { graph, catalog } = this.start;
    const around = { graph, before: catalog, after: byPhysical(this.#after ?? catalog) };
    const all = this.#changes.map((change) => ({ change, dependents: dependentsOfChange(change, around) }));
    const below = new Set(all.flatMap(({ dependents }) => dependents.flatMap(namesIn)));
    const own = all.filter(({ change }) => !(change.reprinted && below.has(change.object)));
    return {
      changes: own.map(
        ({ change, dependents }): ChangeImpact => ({
          object: change.object,
          change: change.change,
          what: change.what,
          step: change.step,
          parent: change.parent,
          dependents,
          application: null,
          moreHits: 0,
          elsewhere: 0,
        }),
      ),
      application: null,
    };
  }
}

function namesIn(dependent: ChangeImpact['dependents'][number]): string[] {
  return [dependent.object, ...dependent.dependents.flatMap(namesIn)];
}
