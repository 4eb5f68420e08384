import type { Replays } from './replay.ts';
export const blockReplays: Replays = {};
