/** What hangs on the objects that a migration changes, for a terminal: one paragraph a change. */
import type { ChangeImpact, Dependent, Impact, SourceHit } from '../../assess/impact/model.ts';
import { count, hang } from './layout.ts';
import type { Palette } from './palette.ts';

export interface ImpactView {
  readonly palette: Palette;
  readonly width: number;
  /** Everything, also what is created and what nothing hangs on. */
  readonly verbose: boolean;
}

const MOST_HITS = 8;
const MOST_DEPENDENTS = 20;

/** Empty where nothing hangs on anything that changes, and no application was searched. */
export function printImpact(impact: Impact, view: ImpactView): readonly string[] {
  const { palette: p, width, verbose } = view;
  const told = impact.changes.filter((change) => verbose || hasWeight(change));
  const { application } = impact;
  if (told.length === 0 && application === null) return [];
  const lines = [p.bold('impact')];
  if (told.length === 0)
    lines.push(hang('nothing in the database or the application hangs on what changes', width, 2));
  for (const change of told) lines.push(...printChange(change, view), '');
  if (application !== null) {
    const skipped = Object.entries(application.skipped).map(
      ([what, number]) => `${number.toLocaleString('en-US')} ${what}`,
    );
    const parts = [
      `searched ${count(application.files, 'file')} of ${application.folder}`,
      ...(application.tools.length === 0 ? [] : [`models of ${application.tools.join(', ')}`]),
      ...(skipped.length === 0 ? [] : [`not read: ${skipped.join(', ')}`]),
    ];
    lines.push(hang(p.dim(parts.join('; ')), width, 2));
  }
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

function hasWeight({ dependents, application, elsewhere }: ChangeImpact): boolean {
  return dependents.length > 0 || (application?.length ?? 0) > 0 || elsewhere > 0;
}

function printChange(change: ChangeImpact, view: ImpactView): string[] {
  const { palette: p, width } = view;
  const lines = [hang(`${p.bold(change.object)}  ${change.what} at ${change.step}`, width, 2)];
  const budget = { left: view.verbose ? Number.POSITIVE_INFINITY : MOST_DEPENDENTS };
  const all = change.dependents.reduce((sum, dependent) => sum + size(dependent), 0);
  lines.push(...change.dependents.flatMap((dependent) => printDependent(dependent, 4, budget, view)));
  const left = all - (MOST_DEPENDENTS - budget.left);
  if (budget.left <= 0 && left > 0)
    lines.push(p.dim(`    and ${count(left, 'more dependent')} (--verbose shows all)`));
  if (change.application !== null) lines.push(...printHits(change, view));
  return lines;
}

function size(dependent: Dependent): number {
  return 1 + dependent.dependents.reduce((sum, below) => sum + size(below), 0);
}

function printDependent(
  dependent: Dependent,
  indent: number,
  budget: { left: number },
  view: ImpactView,
): string[] {
  if (budget.left <= 0) return [];
  budget.left--;
  const { palette: p, width } = view;
  const said = [HOW[dependent.how], fate(dependent, p)].filter((text) => text !== '');
  return [
    hang(`${dependent.object}${said.length === 0 ? '' : `  ${said.join('; ')}`}`, width, indent),
    ...dependent.dependents.flatMap((below) => printDependent(below, Math.min(indent + 2, 16), budget, view)),
  ];
}

const HOW: Readonly<Record<Dependent['how'], string>> = {
  needs: '',
  names: 'names it in its body',
  mentions: 'may name it in its body',
  publishes: 'publishes it',
};

function fate({ fate: becomes, breaks }: Dependent, p: Palette): string {
  if (breaks) return p.red('stays as it is, and fails when it runs');
  switch (becomes) {
    case 'stays':
      return '';
    case 'dropped':
      return p.red('is dropped');
    case 'changed':
    case 'renamed':
      return p.yellow(`is ${becomes} too`);
    default: {
      const unknown: never = becomes;
      return unknown;
    }
  }
}

function printHits(
  { application, moreHits, elsewhere }: ChangeImpact,
  { palette: p, width, verbose }: ImpactView,
): string[] {
  const places = new Set<string>();
  // A line that names it twice is one place.
  const hits = (application ?? []).filter(({ file, line }) => {
    const isNew = !places.has(`${file}:${line}`);
    places.add(`${file}:${line}`);
    return isNew;
  });
  const shown = verbose ? hits : hits.slice(0, MOST_HITS);
  const lines = shown.map((hit) =>
    hang(`${p.cyan(`${hit.file}:${hit.line}`)}  ${kind(hit, p)}  ${hit.excerpt}`, width, 4),
  );
  const rest = hits.length - shown.length + moreHits;
  if (rest > 0) lines.push(p.dim(`    and ${count(rest, 'more place')} in the application`));
  if (elsewhere > 0) {
    lines.push(
      hang(
        p.dim(`${count(elsewhere, 'file')} with the name alone, where it may be another table’s`),
        width,
        4,
      ),
    );
  }
  if (hits.length === 0 && elsewhere === 0)
    lines.push(hang(p.dim('the application does not name it'), width, 4));
  return lines;
}

function kind({ as, tool }: SourceHit, p: Palette): string {
  if (as === 'model') return p.yellow(tool === null ? 'model' : `model (${tool})`);
  return as === 'sql' ? p.yellow('SQL') : p.dim('text');
}
