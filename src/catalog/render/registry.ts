/** One renderer per kind. */
import type { ObjectKind } from '../model.ts';
import type { KindRenderer } from './context.ts';
import { baseType } from './kinds/base-type.ts';
import { column } from './kinds/column.ts';
import { composite } from './kinds/composite.ts';
import { constraint } from './kinds/constraint.ts';
import { defaultPrivilegeChanges } from './kinds/default-privileges.ts';
import { definitionKind } from './kinds/definition.ts';
import { domain } from './kinds/domain.ts';
import { enumType } from './kinds/enum.ts';
import { eventTriggerChanges } from './kinds/event-trigger.ts';
import { serverChanges, userMappingChanges, wrapperChanges } from './kinds/foreign-data.ts';
import { routine } from './kinds/function.ts';
import { index } from './kinds/index-kind.ts';
import {
  aggregateChanges,
  languageChanges,
  operatorChanges,
  operatorFamilyChanges,
  transformChanges,
} from './kinds/operators.ts';
import { policy } from './kinds/policy.ts';
import { publicationChanges } from './kinds/publication.ts';
import { range } from './kinds/range.ts';
import { extension, schema } from './kinds/schema.ts';
import { sequence } from './kinds/sequence.ts';
import { statistics } from './kinds/statistics.ts';
import { subscriptionChanges } from './kinds/subscription.ts';
import { table } from './kinds/table.ts';
import { configurationChanges, dictionaryChanges } from './kinds/text-search.ts';
import { rule, trigger } from './kinds/trigger.ts';
import { materializedView, view } from './kinds/view.ts';
import { RANK } from './ranks.ts';

const RENDERERS: Readonly<Record<ObjectKind, KindRenderer>> = {
  schema,
  extension,
  language: definitionKind('language', RANK.language, languageChanges),
  collation: definitionKind('collation', RANK.collation, { swaps: true }),
  enum: enumType,
  domain,
  composite,
  range,
  'base type': baseType,
  function: routine,
  aggregate: definitionKind('aggregate', RANK.aggregate, aggregateChanges),
  operator: definitionKind('operator', RANK.operator, operatorChanges),
  'operator class': definitionKind('operator class', RANK.operatorClass),
  'operator family': definitionKind('operator family', RANK.operatorFamily, operatorFamilyChanges),
  cast: definitionKind('cast', RANK.cast),
  conversion: definitionKind('conversion', RANK.conversion),
  'text search parser': definitionKind('text search parser', RANK.textSearch),
  'text search template': definitionKind('text search template', RANK.textSearch),
  'text search dictionary': definitionKind('text search dictionary', RANK.textSearch, dictionaryChanges),
  'text search configuration': definitionKind(
    'text search configuration',
    RANK.textSearch,
    configurationChanges,
  ),
  'foreign data wrapper': definitionKind('foreign data wrapper', RANK.foreignWrapper, wrapperChanges),
  server: definitionKind('server', RANK.server, serverChanges),
  'user mapping': definitionKind('user mapping', RANK.userMapping, userMappingChanges),
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
  'event trigger': definitionKind('event trigger', RANK.eventTrigger, eventTriggerChanges),
  policy,
  publication: definitionKind('publication', RANK.publication, publicationChanges),
  subscription: definitionKind('subscription', RANK.subscription, subscriptionChanges),
  'access method': definitionKind('access method', RANK.accessMethod),
  transform: definitionKind('transform', RANK.transform, transformChanges),
  'default privileges': definitionKind('default privileges', RANK.defaultPrivileges, defaultPrivilegeChanges),
  database: definitionKind('database', RANK.database),
};

export function rendererOf(kind: ObjectKind): KindRenderer {
  return RENDERERS[kind];
}
