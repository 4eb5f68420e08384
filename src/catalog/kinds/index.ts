/** Every kind, in the order in which they are read: first what the others look up. */
import { columns } from './columns.ts';
import { composites } from './composites.ts';
import { constraints } from './constraints.ts';
import { domains } from './domains.ts';
import { enums } from './enums.ts';
import { extensions } from './extensions.ts';
import {
  accessMethodNames,
  comments,
  extensionMembers,
  inheritance,
  labels,
  markedIndexes,
  notNulls,
  schemaNames,
  tablespaces,
} from './facts.ts';
import { functions } from './functions.ts';
import { indexes } from './indexes.ts';
import type { Kind } from './kind.ts';
import { policies } from './policies.ts';
import { relations } from './relations.ts';
import { rules } from './rules.ts';
import { schemas } from './schemas.ts';
import { sequences } from './sequences.ts';
import { tables } from './tables.ts';
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
  relations,
  sequences,
  columns,
  schemas,
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
];
