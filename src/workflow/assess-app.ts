/** Where the application's source names what a migration changes. */
import { statSync } from 'node:fs';
import { relative } from 'node:path';
import type { StepChange } from '../assess/impact/changes.ts';
import type { Impact } from '../assess/impact/model.ts';
import { searchSource } from '../assess/impact/search.ts';
import type { Settings } from '../config/settings.ts';
import { FerrataError } from '../errors.ts';

/** Adds to an impact what was found in `folder` (absolute). Throws `queries-unreadable` where there is no such folder. */
export async function searchApplication(
  impact: Impact,
  changes: readonly StepChange[],
  folder: string,
  settings: Settings,
): Promise<Impact> {
  const shown = relative(process.cwd(), folder) || '.';
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new FerrataError('queries-unreadable', `There is no folder ${shown}.`, {
      hint: 'Give the folder of the application’s source to --app.',
    });
  }
  const listed = new Set(impact.changes.map(({ object, step }) => `${step} ${object}`));
  const own = changes.filter(({ object, step }) => listed.has(`${step} ${object}`));
  const { scan, found } = await searchSource(folder, shown, own, [settings.migrations, settings.directory]);
  const byKey = new Map(own.map((change) => [`${change.step} ${change.object}`, found.get(change)]));
  return {
    application: scan,
    changes: impact.changes.map((change) => {
      const here = byKey.get(`${change.step} ${change.object}`);
      return here === undefined
        ? change
        : { ...change, application: here.hits, moreHits: here.more, elsewhere: here.elsewhere };
    }),
  };
}
