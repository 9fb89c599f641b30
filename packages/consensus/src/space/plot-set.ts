import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type ChainId, toHex } from '@hypermesh/core';
import { ConsensusError } from '../errors.ts';
import { chainBytes } from '../operation.ts';
import type { PlotSource } from '../proof-context.ts';
import { type PlotGroup, plotIdOf } from './commitment.ts';
import { createPlot, hasFile, openPlot, type Plot } from './plot.ts';
import { provePlot } from './prove.ts';

/** Open plots as the source that `prove` asks. Disposing of it disposes of the plots. */
export type PlotSet = PlotSource & AsyncDisposable & { readonly plots: readonly Plot[] };

/** Makes a source of some plots, which it owns from then on. */
export function createPlotSet(plots: readonly Plot[]): PlotSet {
  const byId = new Map(plots.map((plot) => [toHex(plot.plotId), plot]));
  return {
    plots,
    async proofs({ plotId, k }, challenge) {
      const plot = byId.get(toHex(plotId));
      return plot === undefined || plot.k !== k ? [] : provePlot(plot, challenge);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(plots.map((plot) => plot[Symbol.asyncDispose]()));
    },
  };
}

/**
 * Opens all plots of a member, making those that are not there: in `directory` as `GROUP-INDEX-kK-PLOTID.plot`, or
 * in memory without one. Resumes where it was stopped, since a plot appears only when it is whole; a damaged one
 * throws `consensus/plot-damaged`. One plot at a time. `onProgress` hears how many of how many are ready.
 */
export async function createMemberPlots(options: {
  readonly chainId: ChainId;
  readonly owner: Uint8Array;
  readonly space: readonly PlotGroup[];
  readonly directory?: string;
  readonly maxMemoryBytes?: number;
  readonly onProgress?: (ready: number, of: number) => void;
  readonly signal?: AbortSignal;
}): Promise<PlotSet> {
  const { chainId, owner, space, directory, maxMemoryBytes, onProgress, signal } = options;
  const chain = chainBytes(chainId);
  const total = space.reduce((sum, group) => sum + group.count, 0);
  const bounds = { ...(maxMemoryBytes && { maxMemoryBytes }), ...(signal && { signal }) };
  const plots: Plot[] = [];
  if (directory !== undefined) await mkdir(directory, { recursive: true });
  try {
    for (const { id: group, k, count } of space) {
      for (let index = 0; index < count; index++) {
        signal?.throwIfAborted();
        const plotId = plotIdOf({ chain, owner, group, index });
        const name = `${group}-${index}-k${k}-${toHex(plotId)}.plot`;
        const path = directory && join(directory, name);
        const isThere = path !== undefined && (await hasFile(path));
        const plot = isThere
          ? await openPlot(path)
          : await createPlot({ plotId, k, ...(path && { path }), ...bounds });
        plots.push(plot);
        if (plot.k !== k || toHex(plot.plotId) !== toHex(plotId)) {
          throw new ConsensusError(
            { code: 'consensus/plot-damaged', path: path ?? name, reason: 'another-plot' },
            `${path} holds another plot: delete it and plot again`,
          );
        }
        onProgress?.(plots.length, total);
      }
    }
  } catch (error) {
    await Promise.all(plots.map((plot) => plot[Symbol.asyncDispose]()));
    throw error;
  }
  return createPlotSet(plots);
}
