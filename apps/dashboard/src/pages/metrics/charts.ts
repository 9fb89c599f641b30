import { formatBytes, formatCompact, formatFigure, formatRate } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';

/** One plot: at most four series of the node's history. */
export interface Chart {
  readonly title: string;
  /** A name without labels is drawn as the sum over all its labels. */
  readonly series: readonly { readonly name: string; readonly label: string }[];
  readonly format: (value: number) => string;
}

const seconds = (value: number): string => formatDuration(value * 1000);

/** What people look at first, in the order of the page. */
export const charts: readonly Chart[] = [
  {
    title: 'Bytes between members',
    series: [
      { name: 'hypermesh_stoq_bytes_total{class="member",direction="sent"}', label: 'sent' },
      { name: 'hypermesh_stoq_bytes_total{class="member",direction="received"}', label: 'received' },
    ],
    format: formatRate,
  },
  {
    title: 'Time to finality',
    series: [
      { name: 'hypermesh_consensus_finality_seconds_p50', label: 'half within' },
      { name: 'hypermesh_consensus_finality_seconds_p95', label: '95 of 100 within' },
    ],
    format: seconds,
  },
  {
    title: 'Blocks and operations a second',
    series: [
      { name: 'hypermesh_consensus_blocks_total', label: 'blocks' },
      { name: 'hypermesh_ledger_operations_total', label: 'operations' },
    ],
    format: formatFigure,
  },
  {
    title: 'Legs of proofs checked a second',
    series: [{ name: 'hypermesh_consensus_proofs_checked_total', label: 'legs' }],
    format: formatFigure,
  },
  {
    title: 'Fuel burnt a second',
    series: [{ name: 'hypermesh_runs_fuel_total', label: 'fuel' }],
    format: formatCompact,
  },
  {
    title: 'Memory of this process',
    series: [{ name: 'hypermesh_process_resident_bytes', label: 'resident' }],
    format: formatBytes,
  },
  {
    title: 'Delay of the event loop',
    series: [{ name: 'hypermesh_event_loop_delay_seconds{quantile="0.99"}', label: '99 of 100 within' }],
    format: seconds,
  },
  {
    title: 'Content over the wire',
    series: [{ name: 'hypermesh_content_wire_bytes_total', label: 'bytes' }],
    format: formatRate,
  },
];
