/**
 * A second thread for a great many files: it assesses the first of them, while the caller's thread takes in what they leave
 * behind and assesses the rest. Only where nothing but texts is looked at: then both come to what one would have come to.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Settings } from '../config/settings.ts';
import { type ErrorCode, type ErrorDetails, FerrataError } from '../errors.ts';
import type { AssessedFiles, FailedFile } from './assess.ts';
import type { OpenBaseline } from './assess-baseline.ts';
import type { AssessSelection, AssessSource } from './assess-sources.ts';
import type { AssessTarget, PinnedStats } from './assess-target.ts';

/** Fewer files are done before a thread has started. */
const WORTH = 200;
/** Of all files; the other thread has to read these too, but not to judge them. */
const FIRST_SHARE = 0.54;

export interface FirstPartRequest {
  readonly settings: Settings;
  readonly selection: AssessSelection;
  readonly target: AssessTarget;
  readonly sources: readonly AssessSource[];
  readonly baseline: OpenBaseline | null;
  readonly brief: boolean;
}

/** What the other thread is given: plain data. */
export interface FirstPartData {
  readonly settings: Settings;
  readonly selection: AssessSelection;
  readonly pinned: PinnedStats | null;
  readonly baseline: OpenBaseline | null;
  readonly brief: boolean;
  /** Of the sources, so that both speak of the same. */
  readonly paths: readonly (string | null)[];
  readonly count: number;
}

/** An error as it goes from thread to thread. */
export interface PlainError extends Omit<FailedFile, 'error'> {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: ErrorDetails;
}

export interface FirstPartAnswer {
  readonly files: AssessedFiles['files'];
  readonly errors: readonly PlainError[];
}

export interface FirstPart {
  /** So many sources from the first on are not the caller's to assess. */
  readonly count: number;
  readonly result: Promise<AssessedFiles>;
}

/** Begins in another thread; null where that is not worth it, or cannot be. */
export function beginFirstPart(request: FirstPartRequest): FirstPart | null {
  const { settings, selection, target, sources, baseline, brief } = request;
  if (sources.length < WORTH || availableParallelism() < 2) return null;
  const program = new URL('./assess-thread.js', import.meta.url);
  // Sources that are run as they stand have no program for another thread.
  if (!import.meta.url.endsWith('.js')) return null;
  const count = Math.floor(sources.length * FIRST_SHARE);
  const data: FirstPartData = {
    settings,
    selection,
    pinned: target.pinned,
    baseline,
    brief,
    paths: sources.map(({ path }) => path),
    count,
  };
  // In a second or two no optimised code pays back what compiling it takes from two busy threads (measured: a quarter).
  setFlagsFromString('--interrupt-budget=2000000');
  const worker = new Worker(fileURLToPath(program), { workerData: data });
  const result = new Promise<AssessedFiles>((resolve, reject) => {
    worker.once('message', ({ files, errors }: FirstPartAnswer) => {
      resolve({
        files,
        errors: errors.map(({ file, path, code, message, details }) => ({
          file,
          path,
          error: new FerrataError(code, message, details),
        })),
      });
    });
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the second thread ended with ${code}`)));
  });
  // It is awaited once the caller's own part is done; until then a failure is not unhandled.
  result.catch(() => {});
  return { count, result };
}
