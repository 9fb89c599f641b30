export { createManualClock, type ManualClock } from './clock.ts';
export { clockLaws, type Law, logLaws, metricsLaws, randomLaws, startableLaws } from './laws.ts';
export { createSeededRandom, type SeededRandom } from './random.ts';
