/** For `ferrata.config.ts`: types and nothing else. */
import type { FerrataConfig } from './schema.ts';

export type { FerrataConfig } from './schema.ts';

/** Gives back what it takes; editors then know the keys. */
export function defineConfig(config: FerrataConfig): FerrataConfig {
  return config;
}
