import { join } from 'node:path';
import type { Clock, Log } from '@hypermesh/core';
import type { MetricsRegistry } from '../metrics/registry.ts';
import { Ring, together } from './ring.ts';
import type { SegmentRecord } from './segment.ts';
import { openSegments, type SegmentBounds, type SegmentFolder } from './segment-folder.ts';
import { Differences, type HistorySeries, isSelected, parseSelector } from './series.ts';

/** What one series was over a span of time. */
export interface SeriesHistory {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of counts the values are rates per second; of levels averages; of peaks the highest. */
  readonly kind: HistorySeries['kind'];
  /** One for each time of the answer; null where nothing is known. */
  readonly values: readonly (number | null)[];
}

/** The answer to a question about the past. */
export interface HistoryAnswer {
  readonly stepMs: number;
  /** Ends of the steps, Unix milliseconds, rising evenly. */
  readonly times: readonly number[];
  readonly series: readonly SeriesHistory[];
  /** Whether there was more than an answer may hold. */
  readonly cut: boolean;
}

/** What a node keeps of its own metrics: an hour in steps of 10 seconds and 24 hours in steps of a minute. */
export interface History extends Disposable {
  /** Takes what the metrics have become. To be called every 10 seconds; more or less often is no harm. */
  sample(): void;
  /**
   * What series were between two times. Selectors are a name, or a name with labels (`name{label="value"}`); steps are
   * made whole multiples of 10 seconds within the last hour, of a minute otherwise. Series come in the order of the
   * selectors; names that nothing has give nothing.
   */
  query(asked: {
    readonly series: readonly string[];
    readonly fromMs: number;
    readonly toMs: number;
    readonly stepMs?: number;
  }): HistoryAnswer;
  /** What counts that a selector means have added over the last `overMs`, or of levels and peaks the newest within them. */
  recent(
    selector: string,
    overMs: number,
  ): readonly { readonly labels: HistorySeries['labels']; readonly value: number }[];
  readonly names: readonly HistorySeries[];
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

export const fineStepMs = 10_000;
const coarseStepMs = 60_000;
const [fineSteps, coarseSteps] = [360, 1440];
/** Series that are kept: 7.2 kB of memory each. */
const maxSeries = 640;
/** Most numbers in one answer, and points of one series. */
const mostNumbers = 50_000;
const mostPoints = 1_500;
const fineBounds = { samples: 60, segments: 8, segmentBytes: 256 * 1024 };
const coarseBounds = { samples: 120, segments: 14, segmentBytes: 448 * 1024 };
/** The longest record: the names of all series, with labels that are as long as they may be. */
export const maxRecordBytes: number = 320 * 1024;
/** Most that the history takes on disk, in bytes: every segment full and one record beyond, the open one beside the rest. */
export const maxHistoryBytes: number = [fineBounds, coarseBounds].reduce(
  (sum, { segments, segmentBytes }) => sum + (segments + 1) * (segmentBytes + maxRecordBytes),
  0,
);

/**
 * Opens the history in a folder and reads what is there of before; without a folder it lives in memory. Each sample is
 * handed to the system before `sample` returns: a process that is killed loses what came after its last one. A disk that
 * takes nothing is told once and tried again with the next sample.
 */
export function openHistory(parts: {
  readonly metrics: MetricsRegistry;
  readonly clock: Clock;
  readonly log: Log;
  readonly folder?: string;
  /** How much of each resolution stays on disk, for tests. */
  readonly bounds?: SegmentBounds;
}): History {
  const { metrics, clock, log, folder, bounds } = parts;
  const fine = new Ring(fineStepMs, fineSteps);
  const coarse = new Ring(coarseStepMs, coarseSteps);
  const series: HistorySeries[] = [];
  const numbers = new Map<string, number>();
  const differences = new Differences();
  let lastMs = clock.monotonicMs();
  let isFailing = false;

  function numberOf(one: HistorySeries): number | undefined {
    const found = numbers.get(one.key);
    if (found !== undefined || series.length >= maxSeries) return found;
    numbers.set(one.key, series.length);
    return series.push(one) - 1;
  }

  function replay(ring: Ring): (records: readonly SegmentRecord[]) => void {
    return (records) => {
      const here: (number | undefined)[] = [];
      for (const record of records) {
        if (record.type === 'names') {
          here.push(...record.series.map(numberOf));
          continue;
        }
        ring.replace(record.slot, record.coveredMs);
        for (const [place, value] of record.values.entries()) {
          const number = here[place];
          if (number !== undefined) ring.put(number, (series[number] as HistorySeries).kind, value);
        }
      }
    };
  }

  let files: readonly [SegmentFolder, SegmentFolder] | undefined;
  try {
    files =
      folder === undefined
        ? undefined
        : [
            openSegments(folder, 'fine', bounds ?? fineBounds, replay(fine)),
            openSegments(folder, 'coarse', bounds ?? coarseBounds, replay(coarse)),
          ];
  } catch (error) {
    log.error('history.unreadable', { folder: join(folder ?? ''), message: String(error) });
  }
  // Minutes that were over when the process ended, and not written any more.
  if (fine.last > 0) {
    const known = Math.max(coarse.last, minuteOf(fine.last) - 60);
    for (let minute = known + 1; minute < minuteOf(fine.last); minute += 1) closeMinute(minute);
  }

  /** The minute whose end a step of 10 seconds is in. */
  function minuteOf(slot: number): number {
    return Math.ceil((slot * fineStepMs) / coarseStepMs);
  }

  function closeMinute(minute: number): void {
    const to = (minute * coarseStepMs) / fineStepMs;
    const from = to - coarseStepMs / fineStepMs + 1;
    let coveredMs = 0;
    for (let slot = from; slot <= to; slot += 1) coveredMs += fine.coveredMs(slot);
    if (coveredMs === 0) return;
    coarse.replace(minute, coveredMs);
    for (const [number, { kind }] of series.entries())
      coarse.put(number, kind, together(fine, number, kind, { from, to }).value);
    store(1, coarse, minute);
  }

  function store(which: 0 | 1, ring: Ring, slot: number): void {
    if (files === undefined) return;
    const values = Float32Array.from(series, (_, number) => ring.get(number, slot));
    try {
      files[which].append(series, { slot, coveredMs: ring.coveredMs(slot), values });
      isFailing = false;
    } catch (error) {
      if (!isFailing) log.warn('history.not-written', { message: String(error) });
      isFailing = true;
    }
  }

  const stepsBetween = (ring: Ring, span: { from: number; to: number; each: number }) => {
    const ends: number[] = [];
    for (let end = Math.ceil(span.from / span.each) * span.each; end <= span.to; end += span.each)
      ends.push(end);
    return ends.slice(-Math.min(mostPoints, ring.places));
  };

  return {
    names: series,
    get memoryBytes() {
      return fine.memoryBytes + coarse.memoryBytes;
    },
    get diskBytes() {
      return (files?.[0].bytes ?? 0) + (files?.[1].bytes ?? 0);
    },
    sample() {
      const nowMs = clock.nowMs();
      const coveredMs = Math.max(1, clock.monotonicMs() - lastMs);
      lastMs = clock.monotonicMs();
      const slot = Math.round(nowMs / fineStepMs);
      const before = fine.last;
      fine.open(slot, coveredMs);
      metrics.read();
      differences.since(metrics, (one, value) => {
        const number = numberOf(one);
        if (number !== undefined) fine.put(number, one.kind, value);
      });
      store(0, fine, slot);
      // A clock that was set back makes what it said of the time ahead worthless.
      if (slot < before) coarse.forgetAfter(minuteOf(slot));
      // A minute is over with the step that ends it, or with the first step after it.
      if (before > 0 && minuteOf(before) < minuteOf(slot) && !coarse.has(minuteOf(before)))
        closeMinute(minuteOf(before));
      if ((slot * fineStepMs) % coarseStepMs === 0) closeMinute(minuteOf(slot));
    },
    query({ series: selectors, fromMs, toMs, stepMs = 0 }) {
      // Whoever asks for the last hour asks a moment after having looked at the clock.
      const isRecent =
        fromMs >= clock.nowMs() - fineStepMs * fineSteps - coarseStepMs && stepMs < coarseStepMs;
      const ring = isRecent ? fine : coarse;
      const span = Math.max(0, Math.min(toMs, clock.nowMs() + ring.stepMs) - fromMs) / ring.stepMs;
      const each = Math.max(1, Math.ceil(stepMs / ring.stepMs), Math.ceil(span / mostPoints));
      const from = Math.ceil(fromMs / ring.stepMs);
      const to = Math.floor(Math.min(toMs, clock.nowMs() + ring.stepMs) / ring.stepMs);
      const ends = stepsBetween(ring, { from: Math.max(from, ring.last - ring.places), to, each });
      const found = new Map<number, HistorySeries>();
      for (const selector of selectors.flatMap((text) => parseSelector(text) ?? []))
        for (const [number, one] of series.entries()) if (isSelected(selector, one)) found.set(number, one);
      const most = Math.max(1, Math.floor(mostNumbers / Math.max(1, ends.length)));
      return {
        stepMs: each * ring.stepMs,
        times: ends.map((end) => end * ring.stepMs),
        series: [...found].slice(0, most).map(([number, { name, labels, kind }]) => ({
          name,
          labels,
          kind,
          values: ends.map((end) => {
            const { value, coveredMs } = together(ring, number, kind, { from: end - each + 1, to: end });
            const read = kind === 'count' ? value / (coveredMs / 1000) : value;
            return Number.isFinite(read) ? read : null;
          }),
        })),
        cut: found.size > most,
      };
    },
    recent(text, overMs) {
      const selector = parseSelector(text);
      if (selector === undefined) return [];
      const to = Math.round(clock.nowMs() / fineStepMs);
      const from = to - Math.max(1, Math.round(overMs / fineStepMs)) + 1;
      return [...series.entries()].flatMap(([number, one]) => {
        if (!isSelected(selector, one)) return [];
        const value =
          one.kind === 'count'
            ? together(fine, number, 'count', { from, to }).value
            : newest(number, from, to);
        return Number.isNaN(value) ? [] : [{ labels: one.labels, value }];
      });
    },
    [Symbol.dispose]() {
      for (const file of files ?? []) file[Symbol.dispose]();
    },
  };

  function newest(number: number, from: number, to: number): number {
    for (let slot = to; slot >= from; slot -= 1) {
      const value = fine.get(number, slot);
      if (!Number.isNaN(value)) return value;
    }
    return Number.NaN;
  }
}
