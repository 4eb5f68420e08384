/** What to look for in the source for each change: the names, their shapes, and what must stand beside them. */

import { splitQualified } from '../../sql/quote.ts';
import type { StepChange } from './changes.ts';
import type { Model } from './models.ts';
import { camel, numbers, pascal } from './word-forms.ts';

export interface Form {
  readonly text: string;
  /** A name of the database itself, or one that a model gives it. */
  readonly as: 'name' | 'model';
  /** Of a recognised model; else null. */
  readonly tool: string | null;
  /** Only inside quotes: an enum's label. */
  readonly quoted: boolean;
}

export interface Sought {
  readonly change: StepChange;
  readonly forms: readonly Form[];
  /** Of a column: shapes of its table's name, one of which the file must hold; null where nothing must. */
  readonly beside: readonly string[] | null;
}

/** Kinds whose names stand in source only when they are used by name: an upsert, an error that is told apart. */
const RARELY_NAMED = /^(?:constraint|index|trigger|policy|statistics|rule|sequence) /;
const NAMED =
  /^(?:table|view|materialized view|column|function|aggregate|enum|domain|composite|sequence|constraint|index|schema) /;

/** What a change is called in the source; null where nobody would name it. */
export function soughtFor(change: StepChange, models: readonly Model[]): Sought | null {
  const { object, before } = change;
  if (before === null || !NAMED.test(object)) return null;
  const isGone = change.change === 'dropped' || change.change === 'renamed';
  if (!isGone && (RARELY_NAMED.test(object) || /^(?:table|schema) /.test(object))) return null;
  const parts = splitQualified(before.identity.replace(/\(.*$/s, ''));
  const name = parts.at(-1) ?? '';
  if (name === '') return null;
  if (before.kind === 'column') return column(change, parts.at(-2) ?? '', name, models);
  if (before.kind === 'table' || before.kind === 'view' || before.kind === 'materialized view')
    return { change, forms: tableForms(name, models), beside: null };
  const labels = goneLabels(change);
  const forms = before.kind === 'enum' ? [...wordForms(name), ...labels.map(label)] : wordForms(name);
  return { change, forms: unique(forms), beside: null };
}

function column(change: StepChange, table: string, name: string, models: readonly Model[]): Sought {
  const fields = models
    .filter((model) => model.table === table || model.table.endsWith(`.${table}`))
    .flatMap((model) =>
      model.fields.filter((field) => field.column === name).map((field) => ({ model, field })),
    );
  const mapped = fields.map(
    ({ model, field }): Form => ({ text: field.name, as: 'model', tool: model.tool, quoted: false }),
  );
  const shapes = name.includes('_') ? [camel(name), pascal(name)].map(model) : [];
  return {
    change,
    forms: unique([
      plain(name),
      plain(name.toUpperCase()),
      ...mapped.filter((form) => form.text !== name),
      ...shapes,
    ]),
    beside: [
      ...new Set(
        tableForms(table, models)
          .map((form) => form.text)
          .concat(besideForms(table)),
      ),
    ],
  };
}

function tableForms(name: string, models: readonly Model[]): readonly Form[] {
  const mapped = models
    .filter((one) => one.table === name || one.table.endsWith(`.${name}`))
    .flatMap((one) => one.names.map((text): Form => ({ text, as: 'model', tool: one.tool, quoted: false })));
  const { one, many } = numbers(name);
  const shapes = [pascal(one), pascal(many), camel(many)];
  // `order` alone is a word of any text; `orderItem` is none.
  if (one.includes('_')) shapes.push(camel(one));
  return unique([plain(name), plain(name.toUpperCase()), ...mapped, ...shapes.map(model)]);
}

/** Beside a column its table may be called whatever an object of it is called. */
function besideForms(table: string): readonly string[] {
  const { one, many } = numbers(table);
  return [one, many, camel(one), camel(many), pascal(one), pascal(many)];
}

function wordForms(name: string): readonly Form[] {
  return [plain(name), ...(name.includes('_') ? [camel(name), pascal(name)].map(model) : [])];
}

function goneLabels({ before, after }: StepChange): readonly string[] {
  const [was, is] = [before?.properties.labels, after?.properties.labels];
  const left = new Set(Array.isArray(is) ? is : []);
  return Array.isArray(was)
    ? was.filter((one): one is string => typeof one === 'string' && !left.has(one))
    : [];
}

function plain(text: string): Form {
  return { text, as: 'name', tool: null, quoted: false };
}

function model(text: string): Form {
  return { text, as: 'model', tool: null, quoted: false };
}

function label(text: string): Form {
  return { text, as: 'name', tool: null, quoted: true };
}

/** The first of equal texts counts: a recognised model outweighs a mere shape. */
function unique(forms: readonly Form[]): readonly Form[] {
  const seen = new Map<string, Form>();
  for (const form of forms) if (!seen.has(form.text)) seen.set(form.text, form);
  return [...seen.values()];
}
