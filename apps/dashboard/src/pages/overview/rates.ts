/** Blocks of each step of time, oldest first; the running step is left out, and so is the time before the oldest block that is known. */
export function perStep(
  timesMs: readonly number[],
  { nowMs, stepMs, steps }: { readonly nowMs: number; readonly stepMs: number; readonly steps: number },
): { readonly timesMs: readonly number[]; readonly counts: readonly number[] } {
  const end = Math.floor(nowMs / stepMs) * stepMs;
  const oldest = timesMs.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  const starts = Array.from({ length: steps }, (_, at) => end - (steps - at) * stepMs).filter(
    (start) => start >= oldest,
  );
  const counts = starts.map(
    (start) => timesMs.filter((time) => time >= start && time < start + stepMs).length,
  );
  return { timesMs: starts, counts };
}

/** Blocks a minute over the last minute, or over the time since the oldest block that is known. */
export function perMinute(timesMs: readonly number[], nowMs: number): number | undefined {
  const oldest = timesMs.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY);
  const spanMs = Math.min(60_000, nowMs - oldest);
  if (!(spanMs >= 5_000)) return undefined;
  return (timesMs.filter((time) => time > nowMs - spanMs).length * 60_000) / spanMs;
}
