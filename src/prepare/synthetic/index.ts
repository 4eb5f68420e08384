export { fillSynthetic, type SyntheticOptions, type SyntheticResult, type SyntheticVariant } from './fill.ts';
