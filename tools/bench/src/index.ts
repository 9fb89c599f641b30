export { type Cases, type InterleaveOptions, interleave, type Sampled, summarize } from './interleave.ts';
export { openRedis, type Redis } from './redis.ts';
export { type Line, type Measurement, report } from './report.ts';
