import type { CatalogCoverage } from './column.ts';
import { OTHERS } from './others.ts';
import { RELATIONS } from './relations.ts';
import { ROUTINES } from './routines.ts';
import { TYPES } from './types.ts';

export { IGNORED_CATALOGS } from './others.ts';
export const COVERAGE: readonly CatalogCoverage[] = [...RELATIONS, ...TYPES, ...ROUTINES, ...OTHERS];
