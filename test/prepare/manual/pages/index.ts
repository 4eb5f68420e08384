import type { Page } from '../model.ts';
import { alterTable } from './alter-table.ts';
import { createTable } from './create-table.ts';
import { foreignDataPages } from './foreign-data.ts';
import { operatorPages } from './operators.ts';
import { relationPages } from './relations.ts';
import { rightsPages } from './rights.ts';
import { routinePages } from './routines.ts';
import { serverPages } from './server.ts';
import { typePages } from './types.ts';

export const PAGES: readonly Page[] = [
  alterTable,
  createTable,
  ...relationPages,
  ...typePages,
  ...routinePages,
  ...operatorPages,
  ...foreignDataPages,
  ...rightsPages,
  ...serverPages,
];
