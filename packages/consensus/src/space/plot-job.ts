import { nodeFiles } from '../native.ts';
import { HEADER_BYTES } from './plot-file.ts';
import { buildPlot, type PlotSink } from './plotter.ts';

/** Asks a worker for a plot: into the new file `path`, or back as one image where there is no path. */
export interface PlotJob {
  readonly plotId: Uint8Array;
  readonly k: number;
  readonly path?: string;
}

export interface PlotJobResult {
  readonly image?: Uint8Array;
}

function memorySink(): PlotSink & { image: Uint8Array | undefined } {
  const sections: Uint8Array[] = [];
  return {
    image: undefined,
    append(section) {
      sections.push(section);
    },
    finish(header) {
      const size = sections.reduce((sum, section) => sum + section.length, header.length);
      const image = new Uint8Array(size);
      image.set(header);
      let at = header.length;
      for (const section of sections) {
        image.set(section, at);
        at += section.length;
      }
      this.image = image;
    },
  };
}

function fileSink(file: number, { fsyncSync, writeSync }: NonNullable<typeof nodeFiles>): PlotSink {
  const write = (bytes: Uint8Array, from: number): void => {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(file, bytes, done, Math.min(bytes.length - done, 2 ** 26), from + done);
    }
  };
  let at = HEADER_BYTES;
  return {
    append(section) {
      write(section, at);
      at += section.length;
    },
    finish(header) {
      write(header, 0);
      fsyncSync(file);
    },
  };
}

/** Runs a plot job in this thread, from start to end; `onTable` hears 1 … 7. A file is complete and synced on return. */
export function runPlotJob(job: PlotJob, onTable: (table: number) => void): PlotJobResult {
  if (job.path === undefined) {
    const sink = memorySink();
    buildPlot(job.plotId, job.k, { sink, onTable });
    return { image: sink.image as Uint8Array };
  }
  if (nodeFiles === undefined) throw new Error('no files here: ask for a plot in memory');
  const file = nodeFiles.openSync(job.path, 'wx', 0o600);
  try {
    buildPlot(job.plotId, job.k, { sink: fileSink(file, nodeFiles), onTable });
  } finally {
    nodeFiles.closeSync(file);
  }
  return {};
}
