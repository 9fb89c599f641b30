export { MeteredWasmError, type MeteredWasmFailure } from './errors.ts';
export { type MeterVerdict, meter } from './meter/meter.ts';
export type { MeterOptions } from './options.ts';
export { PROFILE } from './profile.ts';
export type { CheckReason, MeterReason } from './reasons.ts';
