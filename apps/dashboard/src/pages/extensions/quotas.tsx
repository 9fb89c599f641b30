import type { Result } from '@hypermesh/client';
import { formatBytes, formatCount, formatFigure } from '../../format/numbers.ts';
import { Badge } from '../../parts/badge.tsx';
import { wordColumn } from '../../parts/columns.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';

type Quota = Result<'extension-info'>['quotas'][number];

/** How much an extension may use, and how each quota is enforced. */
export function Quotas({ quotas }: { readonly quotas: readonly Quota[] }) {
  return (
    <Panel title="Quotas" isWide>
      <p class="muted">
        Hard ones cannot be passed, reactive ones are answered after the fact, advisory ones nobody holds.
      </p>
      <Table
        caption="Quotas"
        columns={columns}
        rows={quotas}
        keyOf={({ quota }) => quota}
        empty={<p class="muted">It has no quota.</p>}
      />
    </Panel>
  );
}

const amountOf = (amount: number, unit: string): string =>
  unit === 'bytes'
    ? formatBytes(amount)
    : `${Number.isInteger(amount) ? formatCount(amount) : formatFigure(amount)} ${unit}`;

const tones = { hard: 'good', reactive: 'plain', advisory: 'warn' } as const;

const columns: readonly Column<Quota>[] = [
  wordColumn('Quota', ({ quota }) => quota),
  { id: 'limit', title: 'Limit', cell: ({ limit, unit }) => amountOf(limit, unit), isNumber: true },
  {
    id: 'used',
    title: 'Used',
    cell: ({ used, unit }) => (used === undefined ? '' : amountOf(used, unit)),
    isNumber: true,
    from: 'medium',
  },
  {
    id: 'enforcement',
    title: 'Enforced',
    cell: ({ enforcement }) => <Badge tone={tones[enforcement]}>{enforcement}</Badge>,
    sortBy: ({ enforcement }) => enforcement,
  },
  { id: 'by', title: 'By', cell: ({ by }) => <span class="wrap">{by}</span>, from: 'medium' },
];
