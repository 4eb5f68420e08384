/** Prometheus' instant queries (its HTTP API, /api/v1/query): each must give one number. */
import { z } from 'zod';
import type { HealthReader } from '../signal.ts';

const TIMEOUT_MS = 5_000;

const answer = z.object({
  status: z.literal('success'),
  data: z.union([
    z.object({
      resultType: z.literal('vector'),
      result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })),
    }),
    z.object({ resultType: z.literal('scalar'), result: z.tuple([z.number(), z.string()]) }),
  ]),
});

export interface PrometheusSource {
  readonly prometheus: string;
  readonly errorRate?: string;
  readonly p99Ms?: string;
}

export function prometheusHealth(source: PrometheusSource): HealthReader {
  return {
    async read() {
      const [errorRate, p99Ms] = await Promise.all([
        ask(source.prometheus, source.errorRate),
        ask(source.prometheus, source.p99Ms),
      ]);
      return { errorRate, p99Ms, critical: null };
    },
  };
}

/** Null where nothing was asked, or there is no sample yet; rejects where there is no answer. */
async function ask(server: string, query: string | undefined): Promise<number | null> {
  if (query === undefined) return null;
  const url = new URL('api/v1/query', server.endsWith('/') ? server : `${server}/`);
  url.searchParams.set('query', query);
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`Prometheus answered ${response.status}`);
  const parsed = answer.safeParse(await response.json());
  if (!parsed.success) throw new Error('Prometheus gave no single number');
  const { data } = parsed.data;
  const [, text] = data.resultType === 'scalar' ? data.result : (data.result[0]?.value ?? [0, 'NaN']);
  if (data.resultType === 'vector' && data.result.length > 1)
    throw new Error('The query gives several series');
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
