/**
 * Renders the difference between two catalogs as DDL, in an order in which it runs.
 *
 * 1. what is in the way is taken down, under the names of `from`;
 * 2. what is there under another name is renamed;
 * 3. what lies parked comes back;
 * 4. what is new is made and what differs is altered, each after what it needs;
 * 5. what `to` lacks is dropped, when nothing needs it any more.
 */
import type { Catalog, RenderedStatement, Rendering } from '../model.ts';
import { build } from './build.ts';
import { collidingObjects } from './collisions.ts';
import type { RenderOptions } from './context.ts';
import { dropRest } from './drop-rest.ts';
import { order } from './graph.ts';
import { findImpact } from './impact.ts';
import { moveIntoPlace } from './move.ts';
import { inTermsOf } from './other-major.ts';
import { afterRenames } from './relocated.ts';
import { Scene } from './scene.ts';
import { takeDown } from './take-down.ts';

export type { RenderOptions } from './context.ts';

/**
 * DDL that turns `from` into `wanted`. Never wrong in silence: what cannot be rendered is among the refusals, by name and
 * reason, and then the statements alone do not lead there. The statements may run in one transaction where all are
 * `transactional`; run all `before-data` ones, put rows back, run the rest.
 *
 * Both need their dependencies (`readCatalog` with `dependencies`, the default).
 */
export function renderDifference(from: Catalog, wanted: Catalog, options: RenderOptions): Rendering {
  const to = inTermsOf(from, wanted);
  const scene = new Scene(from, to, options);
  const impact = findImpact({
    from,
    becomes: scene.becomes,
    colliding: collidingObjects(
      to,
      scene.matching,
      (key) => scene.isUnchanged(key),
      (object) => afterRenames(object, scene),
    ),
    retypes: (key) => scene.retypes(key),
    alteration: (key, state, left) => scene.alterationKind(key, state, left),
    context: scene,
  });
  scene.settle(impact);
  const takenDown = takeDown(impact, scene);
  const moved = moveIntoPlace(impact, scene);
  const main = order([...build(impact, scene, moved.made), ...dropRest(impact, moved.away, scene)]);
  for (const operation of main.circle) {
    scene.refuse(operation.object, 'it needs, and is needed by, other changes in a circle');
  }
  const prelude = main.statements.some(makesBody) ? [bodiesUnchecked(main.statements)] : [];
  return {
    statements: [...takenDown, ...moved.statements, ...prelude, ...main.statements],
    refusals: scene.refusals,
  };
}

function makesBody(statement: RenderedStatement): boolean {
  return /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) /.test(statement.sql);
}

/** A body may name what is made after it (manual, CREATE FUNCTION; `check_function_bodies`). */
function bodiesUnchecked(statements: readonly RenderedStatement[]): RenderedStatement {
  const first = statements.find(makesBody);
  return {
    sql: 'SET LOCAL check_function_bodies = off',
    stage: 'before-data',
    transactional: true,
    destroysData: false,
    object: first?.object ?? '',
  };
}
