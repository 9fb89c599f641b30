import type { Result } from '@hypermesh/client';
import { shortId } from '../../format/ids.ts';
import { Badge } from '../../parts/badge.tsx';
import { BlockLink } from '../../parts/block-link.tsx';
import { blockColumn, countColumn, sizeColumn, timeColumn, wordColumn } from '../../parts/columns.tsx';
import type { Column } from '../../parts/table.tsx';

/** A block as a row. */
export type BlockRow = Result<'blocks'>['blocks'][number];
/** An operation as a row. */
export type OperationRow = Result<'operations'>['operations'][number];

/** Columns of blocks. */
export const blockColumns: readonly Column<BlockRow>[] = [
  {
    id: 'height',
    title: 'Height',
    cell: ({ height }) => <BlockLink height={height} />,
    sortBy: ({ height }) => height,
  },
  {
    id: 'hash',
    title: 'Hash',
    cell: ({ hash }) => (
      <code class="id" title={hash}>
        {shortId(hash)}
      </code>
    ),
    from: 'wide',
  },
  wordColumn('Proposed by', ({ proposer }) => proposer),
  {
    id: 'signers',
    title: 'Signed by',
    cell: ({ signers }) => signers.join(', '),
    from: 'wide',
  },
  countColumn('Operations', ({ operations }) => operations),
  sizeColumn('Size', ({ bytes }) => bytes, 'medium'),
  timeColumn('When', ({ timeMs }) => timeMs),
];

/** Columns of operations. */
export const operationColumns: readonly Column<OperationRow>[] = [
  {
    id: 'kind',
    title: 'Operation',
    cell: ({ id, kind }) => (
      <a href={`/ledger/operation/${encodeURIComponent(id)}`} title={id}>
        {kind}
      </a>
    ),
    sortBy: ({ kind }) => kind,
  },
  wordColumn('By', ({ by }) => by),
  {
    id: 'code',
    title: 'Effect',
    cell: ({ code }) => (code === 'ok' ? <Badge>took effect</Badge> : <Badge tone="warn">{code}</Badge>),
    sortBy: ({ code }) => code,
    from: 'medium',
  },
  blockColumn(({ height }) => height),
  sizeColumn('Size', ({ bytes }) => bytes, 'wide'),
  timeColumn('When', ({ timeMs }) => timeMs, 'medium'),
];
