export { createManualClock, type ManualClock } from './clock.ts';
export { createSeededRandom, type SeededRandom } from './random.ts';
