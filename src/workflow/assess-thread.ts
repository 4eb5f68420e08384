/** The program of the second thread: assesses the first part of the files, and answers once (`assess-threads.ts`). */
import { parentPort, workerData } from 'node:worker_threads';
import { assessPart, reviewRulesOf, ruleSettings } from './assess.ts';
import { chooseSources } from './assess-sources.ts';
import { offlineTarget } from './assess-target.ts';
import type { FirstPartAnswer, FirstPartData } from './assess-threads.ts';

const { settings, selection, pinned, baseline, brief, paths, count } = workerData as FirstPartData;
const rules = ruleSettings(settings);
const sources = await chooseSources(settings, selection, new Set());
if (sources.length !== paths.length || sources.some(({ path }, index) => path !== paths[index])) {
  throw new Error('The files have changed meanwhile.');
}
const target = offlineTarget(pinned);
const means = { settings, target, rules, tracer: null, reporter: () => {}, brief };
const { files, errors } = await assessPart(sources, means, reviewRulesOf(rules, baseline), 0, count);
const answer: FirstPartAnswer = {
  files,
  errors: errors.map(({ file, path, error: { code, message, details } }) => {
    const { cause: _, ...plain } = details;
    return { file, path, code, message, details: plain };
  }),
};
parentPort?.postMessage(answer);
