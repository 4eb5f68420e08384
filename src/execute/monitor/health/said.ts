/** What a health source says of itself, in the one shape that is understood. */
import { z } from 'zod';
import type { Health } from '../signal.ts';

const said = z.object({
  errorRate: z.number().min(0).nullish(),
  p99Ms: z.number().min(0).nullish(),
  critical: z.union([z.string(), z.boolean()]).nullish(),
});

/** Null where the text is not of that shape, or says nothing of health. */
export function parseHealth(text: string): Health | null {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return null;
  }
  const parsed = said.safeParse(json);
  if (!parsed.success) return null;
  const { errorRate = null, p99Ms = null, critical = null } = parsed.data;
  if (errorRate === null && p99Ms === null && critical === null) return null;
  return { errorRate: errorRate ?? null, p99Ms: p99Ms ?? null, critical: criticalText(critical ?? null) };
}

function criticalText(critical: string | boolean | null): string | null {
  if (critical === true) return 'the application says so';
  return critical === false || critical === null || critical === '' ? null : critical;
}
