/** A program that prints the application's health as JSON. */
import { exec } from 'node:child_process';
import { promisify } from 'node:util';
import type { HealthReader } from '../signal.ts';
import { parseHealth } from './said.ts';

const TIMEOUT_MS = 10_000;

export function commandHealth(command: string): HealthReader {
  return {
    async read() {
      const { stdout } = await promisify(exec)(command, { timeout: TIMEOUT_MS, maxBuffer: 1 << 20 });
      const said = parseHealth(stdout);
      if (said === null)
        throw new Error('The health command printed no JSON with errorRate, p99Ms or critical');
      return said;
    },
  };
}
