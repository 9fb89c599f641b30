import type { Result } from '@hypermesh/client';
import { shortId } from '../../format/ids.ts';
import { formatBytes, formatCount } from '../../format/numbers.ts';
import { Badge } from '../../parts/badge.tsx';
import type { Column } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';

/** A block as a row. */
export type BlockRow = Result<'blocks'>['blocks'][number];
/** An operation as a row. */
export type OperationRow = Result<'operations'>['operations'][number];

/** A block's height as a link to it. */
export function BlockLink({ height }: { readonly height: number }) {
  return <a href={`/ledger/block/${height}`}>{formatCount(height)}</a>;
}

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
  {
    id: 'proposer',
    title: 'Proposed by',
    cell: ({ proposer }) => proposer,
    sortBy: ({ proposer }) => proposer,
  },
  {
    id: 'signers',
    title: 'Signed by',
    cell: ({ signers }) => signers.join(', '),
    from: 'wide',
  },
  {
    id: 'operations',
    title: 'Operations',
    cell: ({ operations }) => formatCount(operations),
    sortBy: ({ operations }) => operations,
    isNumber: true,
  },
  {
    id: 'bytes',
    title: 'Size',
    cell: ({ bytes }) => formatBytes(bytes),
    sortBy: ({ bytes }) => bytes,
    isNumber: true,
    from: 'medium',
  },
  {
    id: 'time',
    title: 'When',
    cell: ({ timeMs }) => <When atMs={timeMs} />,
    sortBy: ({ timeMs }) => timeMs,
    isNumber: true,
  },
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
  { id: 'by', title: 'By', cell: ({ by }) => by, sortBy: ({ by }) => by },
  {
    id: 'code',
    title: 'Effect',
    cell: ({ code }) => (code === 'ok' ? <Badge>took effect</Badge> : <Badge tone="warn">{code}</Badge>),
    sortBy: ({ code }) => code,
    from: 'medium',
  },
  {
    id: 'height',
    title: 'Block',
    cell: ({ height }) => <BlockLink height={height} />,
    sortBy: ({ height }) => height,
    isNumber: true,
  },
  {
    id: 'bytes',
    title: 'Size',
    cell: ({ bytes }) => formatBytes(bytes),
    sortBy: ({ bytes }) => bytes,
    isNumber: true,
    from: 'wide',
  },
  {
    id: 'time',
    title: 'When',
    cell: ({ timeMs }) => <When atMs={timeMs} />,
    sortBy: ({ timeMs }) => timeMs,
    isNumber: true,
    from: 'medium',
  },
];
