import type { PageProps } from '../../app/page.ts';
import { useAnswer } from '../../data/node.ts';
import { formatCount, formatShare } from '../../format/numbers.ts';
import { Badge } from '../../parts/badge.tsx';
import { BlockLink } from '../../parts/block-link.tsx';
import { timeColumn } from '../../parts/columns.tsx';
import { Facts } from '../../parts/figures.tsx';
import { Id } from '../../parts/id.tsx';
import { Answered, Empty } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Claim } from './claim.tsx';
import type { Asset } from './levels.ts';
import { PolicyPanel } from './policy.tsx';
import { describeAsset, formatQuantity, readAttributes } from './quantities.ts';

/** One asset: what it is, on what terms it is lent, and what became of it. */
export function Page({ params }: PageProps) {
  const answer = useAnswer(
    'asset',
    { asset: params['asset'] ?? '' },
    { topics: ['assets', 'runs'], everyMs: 1_000 },
  );
  const { value } = answer;
  return (
    <>
      <PageHead
        title={value === undefined ? 'Asset' : describeAsset(value.kind, value.attributes)}
        lede={value === undefined ? undefined : `${value.kind} of ${value.owner}`}
      />
      <Answered answer={answer}>{(asset) => <Details asset={asset} />}</Answered>
    </>
  );
}

function Details({ asset }: { readonly asset: Asset }) {
  const { id, kind, owner, attributes, policy, state, capacity, leased, leases, usedBp, operation, height } =
    asset;
  const isOwn = state !== undefined;
  return (
    <div class="grid">
      <Panel title="What it is">
        <Facts
          facts={[
            ['Id', <Id key="id" value={id} what="id of the asset" />],
            ['Owner', owner],
            state === undefined ? undefined : ['State', <Badge key="state">{state}</Badge>],
            capacity === undefined ? undefined : ['Capacity', formatQuantity(kind, capacity)],
            leased === undefined || leases === undefined
              ? undefined
              : [
                  'Leased now',
                  `${formatQuantity(kind, leased)} in ${leases} ${leases === 1 ? 'lease' : 'leases'}`,
                ],
            usedBp === undefined ? undefined : ['Busy, whoever uses it', formatShare(usedBp)],
            operation === undefined
              ? ['On the ledger', 'not yet']
              : [
                  'Registered by',
                  <Id
                    key="operation"
                    value={operation}
                    what="id of the operation"
                    href={`/ledger/operation/${operation}`}
                  />,
                ],
            height === undefined ? undefined : ['Block', <BlockLink key="block" height={height} />],
          ]}
        />
      </Panel>
      <Panel title="Measured and declared">
        <Facts facts={readAttributes(attributes)} />
      </Panel>
      {policy === undefined ? null : <PolicyPanel asset={asset} policy={policy} isOwn={isOwn} />}
      {isOwn && (kind === 'cpu' || kind === 'memory' || kind === 'storage') ? <Claim kind={kind} /> : null}
      {asset.history === undefined || !isOwn ? null : <History asset={asset} />}
    </div>
  );
}

type Change = NonNullable<Asset['history']>[number];

function History({ asset: { history = [] } }: { readonly asset: Asset }) {
  return (
    <Panel title="What became of it" isWide>
      <Table
        caption="Changes of state"
        columns={historyColumns}
        rows={history.toReversed()}
        keyOf={({ sequence }) => String(sequence)}
        empty={<Empty title="It has not changed its state since it was registered" />}
      />
    </Panel>
  );
}

const historyColumns: readonly Column<Change>[] = [
  { id: 'sequence', title: 'No.', cell: ({ sequence }) => formatCount(sequence) },
  { id: 'transition', title: 'Change', cell: ({ transition }) => transition },
  { id: 'to', title: 'To', cell: ({ to }) => <Badge>{to}</Badge> },
  { id: 'by', title: 'By', cell: ({ by }) => by, from: 'medium' },
  timeColumn('When', ({ atMs }) => atMs),
];
