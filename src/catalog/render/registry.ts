/** One renderer per kind. */
import type { ObjectKind } from '../model.ts';
import type { KindRenderer } from './context.ts';
import { column } from './kinds/column.ts';
import { composite } from './kinds/composite.ts';
import { constraint } from './kinds/constraint.ts';
import { definitionKind } from './kinds/definition.ts';
import { domain } from './kinds/domain.ts';
import { enumType } from './kinds/enum.ts';
import { routine } from './kinds/function.ts';
import { index } from './kinds/index-kind.ts';
import { policy } from './kinds/policy.ts';
import { range } from './kinds/range.ts';
import { extension, schema } from './kinds/schema.ts';
import { sequence } from './kinds/sequence.ts';
import { statistics } from './kinds/statistics.ts';
import { table } from './kinds/table.ts';
import { rule, trigger } from './kinds/trigger.ts';
import { materializedView, view } from './kinds/view.ts';
import { RANK } from './ranks.ts';

const RENDERERS: Readonly<Record<ObjectKind, KindRenderer>> = {
  schema,
  extension,
  language: definitionKind('language', RANK.language),
  collation: definitionKind('collation', RANK.collation),
  enum: enumType,
  domain,
  composite,
  range,
  'base type': definitionKind('base type', RANK.baseType),
  function: routine,
  aggregate: definitionKind('aggregate', RANK.aggregate),
  operator: definitionKind('operator', RANK.operator),
  'operator class': definitionKind('operator class', RANK.operatorClass),
  'operator family': definitionKind('operator family', RANK.operatorFamily),
  cast: definitionKind('cast', RANK.cast),
  conversion: definitionKind('conversion', RANK.conversion),
  'text search parser': definitionKind('text search parser', RANK.textSearch),
  'text search template': definitionKind('text search template', RANK.textSearch),
  'text search dictionary': definitionKind('text search dictionary', RANK.textSearch),
  'text search configuration': definitionKind('text search configuration', RANK.textSearch),
  'foreign data wrapper': definitionKind('foreign data wrapper', RANK.foreignWrapper),
  server: definitionKind('server', RANK.server),
  'user mapping': definitionKind('user mapping', RANK.userMapping),
  sequence,
  table,
  column,
  constraint,
  index,
  statistics,
  view,
  'materialized view': materializedView,
  rule,
  trigger,
  'event trigger': definitionKind('event trigger', RANK.eventTrigger, { tightens: true }),
  policy,
  publication: definitionKind('publication', RANK.publication),
  subscription: definitionKind('subscription', RANK.subscription),
  'access method': definitionKind('access method', RANK.accessMethod),
  transform: definitionKind('transform', RANK.transform),
  'default privileges': definitionKind('default privileges', RANK.defaultPrivileges),
  database: definitionKind('database', RANK.database),
};

export function rendererOf(kind: ObjectKind): KindRenderer {
  return RENDERERS[kind];
}
