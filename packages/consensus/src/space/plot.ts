import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bytesOf } from '../bytes.ts';
import { ConsensusError } from '../errors.ts';
import { hasWorkers, runJob } from '../worker-pool.ts';
import { decodeHeader, HEADER_BYTES, type PlotLayout, type PlotShape } from './plot-file.ts';
import { runPlotJob } from './plot-job.ts';
import { MIN_K } from './plot-v1.ts';
import { MAX_PLOTTER_K } from './plotter.ts';

/** A plot that can be asked for proofs. A plot in a file holds it open: dispose of it. */
export interface Plot extends AsyncDisposable {
  readonly plotId: Uint8Array;
  readonly k: number;
  readonly sizeBytes: number;
  readonly path?: string;
  readonly shape: PlotShape;
  readonly layout: PlotLayout;
  /** `length` bytes from position `at`. */
  read(at: number, length: number): Promise<Uint8Array>;
}

/**
 * `maxMemoryBytes` (default 1 GiB) bounds the plotter's tables and, without `path`, the plot with them. `onProgress`
 * hears 1 … 7 as tables are finished; the job fails with what it throws.
 */
export interface CreatePlotOptions {
  readonly plotId: Uint8Array | string;
  readonly k: number;
  readonly path?: string;
  readonly maxMemoryBytes?: number;
  readonly onProgress?: (table: number) => void;
  readonly signal?: AbortSignal;
}

/** What the plotter's tables take while it works, as measured at k = 22. */
function plotterMemoryBytes(k: number): number {
  return 112 * 2 ** k;
}

/** Upper estimate of the size of a plot of our format. */
function plotFileBytes(k: number): number {
  return 45 * 2 ** k;
}

function plotOfImage(image: Uint8Array): Plot {
  const header = decodeHeader(image, image.length);
  if (!header.ok) throw new Error(`plot image: ${header.reason}`);
  return {
    plotId: header.shape.plotId,
    k: header.shape.k,
    sizeBytes: image.length,
    shape: header.shape,
    layout: header.layout,
    read: async (at, length) => image.subarray(at, at + length),
    [Symbol.asyncDispose]: async () => {},
  };
}

async function readFully(file: FileHandle, at: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/** Plots up to this size are read into memory when they are opened: a proof takes over a hundred small reads. */
const CACHED_BYTES = 2 ** 25;

/**
 * Opens a plot that `createPlot` wrote. Throws `consensus/plot-damaged` where header or length are wrong; damage
 * further inside shows as missing proofs, never as wrong ones.
 */
export async function openPlot(path: string): Promise<Plot> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const header = decodeHeader(await readFully(file, 0, HEADER_BYTES), size);
    if (!header.ok) {
      throw new ConsensusError(
        { code: 'consensus/plot-damaged', path, reason: header.reason },
        `${path} is not a whole plot (${header.reason}): delete it and plot again`,
      );
    }
    if (size <= CACHED_BYTES) {
      const plot = plotOfImage(await readFully(file, 0, size));
      await file.close();
      return { ...plot, path };
    }
    return {
      plotId: header.shape.plotId,
      k: header.shape.k,
      sizeBytes: size,
      path,
      shape: header.shape,
      layout: header.layout,
      read: (at, length) => readFully(file, at, length),
      [Symbol.asyncDispose]: () => file.close(),
    };
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}

function checkRoom(resource: 'memory' | 'disk', needBytes: number, allowedBytes: number): void {
  if (needBytes <= allowedBytes) return;
  throw new ConsensusError(
    { code: 'consensus/plot-too-large', resource, needBytes, allowedBytes },
    `the plot needs ${needBytes} bytes of ${resource}, ${allowedBytes} are allowed or free`,
  );
}

/**
 * Makes a plot of chiapos v1 (k = 18 … 26) in a worker thread: 0.7 s of one core for k = 18, twice that for each
 * step. With `path` the plot appears there only when it is whole and synced, and an existing file is not touched
 * before; without, it stays in memory. A browser plots on the calling thread and into memory alone. `signal` stops the work at once and leaves nothing behind.
 */
export async function createPlot(options: CreatePlotOptions): Promise<Plot> {
  const { k, path, signal, onProgress, maxMemoryBytes = 2 ** 30 } = options;
  const plotId = bytesOf(options.plotId, 32);
  if (plotId === undefined || !Number.isInteger(k) || k < MIN_K || k > MAX_PLOTTER_K) {
    const argument = plotId === undefined ? 'plotId' : 'k';
    const expected = plotId === undefined ? '32 bytes' : `${MIN_K} to ${MAX_PLOTTER_K}`;
    throw new ConsensusError(
      { code: 'consensus/bad-argument', argument, expected },
      `${argument} must be ${expected}`,
    );
  }
  const imageBytes = path === undefined ? plotFileBytes(k) : 0;
  checkRoom('memory', plotterMemoryBytes(k) + imageBytes, maxMemoryBytes);
  if (path === undefined) {
    const { image } = hasWorkers
      ? await runJob('plot', { plotId, k }, { signal, onProgress })
      : runPlotJob({ plotId, k }, onProgress ?? (() => {}));
    return plotOfImage(image as Uint8Array);
  }
  const room = await statfs(dirname(path));
  checkRoom('disk', plotFileBytes(k), room.bavail * room.bsize);
  const partial = `${path}.${randomBytes(6).toString('hex')}.partial`;
  try {
    await runJob('plot', { plotId, k, path: partial }, { signal, onProgress });
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  return openPlot(path);
}

/** Whether a file is there. */
export async function hasFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
