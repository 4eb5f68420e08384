/** What no row of the matrix makes, alters or drops, and why that is right. */
import type { ObjectKind } from '../../../../src/catalog/model.ts';
import type { How } from './coverage.ts';

/** Every kind of the model, in the order of the table; a new kind does not compile until it stands here. */
const EVERY: Readonly<Record<ObjectKind, true>> = {
  database: true,
  schema: true,
  extension: true,
  language: true,
  'access method': true,
  collation: true,
  conversion: true,
  enum: true,
  domain: true,
  composite: true,
  range: true,
  'base type': true,
  function: true,
  aggregate: true,
  operator: true,
  'operator family': true,
  'operator class': true,
  cast: true,
  transform: true,
  table: true,
  column: true,
  constraint: true,
  index: true,
  sequence: true,
  view: true,
  'materialized view': true,
  rule: true,
  trigger: true,
  'event trigger': true,
  policy: true,
  statistics: true,
  'text search parser': true,
  'text search template': true,
  'text search dictionary': true,
  'text search configuration': true,
  'foreign data wrapper': true,
  server: true,
  'user mapping': true,
  publication: true,
  subscription: true,
  'default privileges': true,
};

export const KINDS = Object.keys(EVERY) as readonly ObjectKind[];

export interface Exception {
  readonly kind: ObjectKind;
  /** Null: the kind as a whole. */
  readonly property: string | null;
  readonly how: readonly How[];
  /** A sentence for the table's notes. */
  readonly reason: string;
}

export const EXCEPTIONS: readonly Exception[] = [];
