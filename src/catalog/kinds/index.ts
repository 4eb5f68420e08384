/** Every kind, in the order in which they are read: first what the others look up. */
import { aggregates } from './aggregates.ts';
import { baseTypes } from './base-types.ts';
import { casts } from './casts.ts';
import { changedPrivileges } from './changed-privileges.ts';
import { collations, conversions } from './collations.ts';
import { columns } from './columns.ts';
import { composites } from './composites.ts';
import { constraints } from './constraints.ts';
import { database } from './database.ts';
import { defaultPrivileges } from './default-privileges.ts';
import { domains } from './domains.ts';
import { enums } from './enums.ts';
import { eventTriggers } from './event-triggers.ts';
import { extensionTables } from './extension-tables.ts';
import { extensions } from './extensions.ts';
import {
  accessMethodNames,
  comments,
  constraintTriggers,
  extensionMembers,
  inheritance,
  labels,
  markedIndexes,
  notNulls,
  rowTypes,
  schemaNames,
  tablespaces,
} from './facts.ts';
import { foreignDataWrappers, foreignServers, userMappings } from './foreign-data.ts';
import { functions } from './functions.ts';
import { indexes } from './indexes.ts';
import type { Kind } from './kind.ts';
import { accessMethods, languages, transforms } from './languages.ts';
import { operatorClasses, operatorFamilies, operators } from './operators.ts';
import { policies } from './policies.ts';
import { ranges } from './ranges.ts';
import { relations } from './relations.ts';
import { publications, subscriptions } from './replication.ts';
import { rules } from './rules.ts';
import { schemas } from './schemas.ts';
import { sequences } from './sequences.ts';
import { statistics } from './statistics.ts';
import { tables } from './tables.ts';
import {
  textSearchConfigurations,
  textSearchDictionaries,
  textSearchParsers,
  textSearchTemplates,
} from './text-search.ts';
import { triggers } from './triggers.ts';
import { views } from './views.ts';

export const KINDS: readonly Kind[] = [
  schemaNames,
  extensionMembers,
  comments,
  labels,
  accessMethodNames,
  tablespaces,
  inheritance,
  markedIndexes,
  notNulls,
  rowTypes,
  relations,
  constraintTriggers,
  sequences,
  columns,
  schemas,
  changedPrivileges,
  extensionTables,
  extensions,
  enums,
  domains,
  composites,
  tables,
  views,
  constraints,
  indexes,
  functions,
  triggers,
  policies,
  rules,
  languages,
  accessMethods,
  transforms,
  baseTypes,
  ranges,
  aggregates,
  operators,
  operatorFamilies,
  operatorClasses,
  casts,
  collations,
  conversions,
  textSearchParsers,
  textSearchTemplates,
  textSearchDictionaries,
  textSearchConfigurations,
  statistics,
  publications,
  subscriptions,
  eventTriggers,
  foreignDataWrappers,
  foreignServers,
  userMappings,
  defaultPrivileges,
  database,
];
