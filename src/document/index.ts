/** Phase 6: what a run did, for people and for programs (DESIGN §3). */
export { buildReport, type ReportInput } from './build.ts';
export { reportToHtml } from './html.ts';
export { reportToMarkdown } from './markdown.ts';
export type { Report } from './model.ts';
export { type WrittenReport, writeReport } from './write.ts';
