/** One renderer per kind. */
import type { ObjectKind } from '../model.ts';
import type { KindRenderer } from './context.ts';
import { column } from './kinds/column.ts';
import { constraint } from './kinds/constraint.ts';
import { definitionKind, unsupported } from './kinds/definition.ts';
import { routine } from './kinds/function.ts';
import { index } from './kinds/index-kind.ts';
import { policy } from './kinds/policy.ts';
import { extension, schema } from './kinds/schema.ts';
import { sequence } from './kinds/sequence.ts';
import { table } from './kinds/table.ts';
import { rule, trigger } from './kinds/trigger.ts';
import { composite, domain, enumType, range } from './kinds/types.ts';
import { materializedView, view } from './kinds/view.ts';
import { RANK } from './ranks.ts';

const RENDERERS: Readonly<Record<ObjectKind, KindRenderer>> = {
  schema,
  extension,
  language: definitionKind(RANK.language),
  collation: definitionKind(RANK.collation),
  enum: enumType,
  domain,
  composite,
  range,
  'base type': definitionKind(RANK.baseType),
  function: routine,
  aggregate: definitionKind(RANK.aggregate),
  operator: definitionKind(RANK.operator),
  'operator class': definitionKind(RANK.operatorClass),
  'operator family': definitionKind(RANK.operatorFamily),
  cast: definitionKind(RANK.cast),
  conversion: definitionKind(RANK.conversion),
  'text search parser': definitionKind(RANK.textSearch),
  'text search template': definitionKind(RANK.textSearch),
  'text search dictionary': definitionKind(RANK.textSearch),
  'text search configuration': definitionKind(RANK.textSearch),
  'foreign data wrapper': definitionKind(RANK.foreignWrapper),
  server: definitionKind(RANK.server),
  'user mapping': definitionKind(RANK.userMapping),
  sequence,
  table,
  column,
  constraint,
  index,
  statistics: definitionKind(RANK.statistics),
  view,
  'materialized view': materializedView,
  rule,
  trigger,
  'event trigger': definitionKind(RANK.eventTrigger, { tightens: true }),
  policy,
  publication: definitionKind(RANK.publication),
  subscription: definitionKind(RANK.subscription),
  'access method': definitionKind(RANK.accessMethod),
  transform: definitionKind(RANK.transform),
  'default privileges': definitionKind(RANK.defaultPrivileges),
  database: unsupported('database', RANK.database),
};

export function rendererOf(kind: ObjectKind): KindRenderer {
  return RENDERERS[kind];
}
