/** Colours, or none: `--no-color`, `NO_COLOR` and a stream that is no terminal turn them off. */
import picocolors from 'picocolors';

export type Palette = Pick<
  ReturnType<typeof picocolors.createColors>,
  'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan' | 'magenta' | 'underline'
>;

export function createPalette(enabled: boolean): Palette {
  return picocolors.createColors(enabled);
}
