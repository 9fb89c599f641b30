/** A measurement at a time. */
export interface Sample {
  readonly atMs: number;
  readonly bytes: number;
}

/** Slope of the straight line that fits best by least squares, bytes a minute; 0 for fewer than two times. */
export function slopePerMinute(samples: readonly Sample[]): number {
  const meanAt = samples.reduce((sum, { atMs }) => sum + atMs, 0) / samples.length;
  const mean = samples.reduce((sum, { bytes }) => sum + bytes, 0) / samples.length;
  let above = 0;
  let below = 0;
  for (const { atMs, bytes } of samples) {
    above += (atMs - meanAt) * (bytes - mean);
    below += (atMs - meanAt) ** 2;
  }
  return below === 0 ? 0 : (above / below) * 60_000;
}
