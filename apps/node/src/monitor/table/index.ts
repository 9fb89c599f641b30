import type { MetricDescription } from '../metrics/description.ts';
import { contentRows } from './content.ts';
import { ledgerRows } from './ledger.ts';
import { processRows } from './process.ts';
import { transportRows } from './transport.ts';
import { workRows } from './work.ts';

/** Every metric of a node: what /metrics says of each, and what docs/metrics.md lists. */
export const metricTable: readonly MetricDescription[] = [
  ...transportRows,
  ...contentRows,
  ...ledgerRows,
  ...workRows,
  ...processRows,
];
