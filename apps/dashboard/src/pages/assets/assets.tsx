import { useAnswer } from '../../data/node.ts';
import { formatCount, formatShare } from '../../format/numbers.ts';
import { Badge, Meter } from '../../parts/badge.tsx';
import { Answered, Empty } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { LedgerAssets } from './ledger-assets.tsx';
import { type Asset, levels, shortWords } from './levels.ts';
import { describeAsset, formatQuantity } from './quantities.ts';

/** What machines of the mesh have, and what they lend of it. */
export function Page() {
  const assets = useAnswer('assets', {}, { topics: ['assets', 'runs', 'memory'], everyMs: 1_000 });
  return (
    <>
      <PageHead
        title="Assets"
        lede="Everything that can be lent or used has an id that anyone can check, and stands on the ledger. The policies of this machine are yours to set."
      />
      <Answered answer={assets}>
        {({ own, ledger }) => (
          <div class="stack">
            <Panel title="This machine">
              <Table
                caption="Assets of this machine"
                columns={ownColumns}
                rows={own}
                keyOf={({ id }) => id}
                empty={
                  <Empty title="Nothing of this machine was measured yet">
                    <p>
                      A node measures its processor, memory and storage at its first start, which takes a
                      moment.
                    </p>
                  </Empty>
                }
              />
            </Panel>
            <LedgerAssets assets={ledger} />
          </div>
        )}
      </Answered>
    </>
  );
}

const ownColumns: readonly Column<Asset>[] = [
  {
    id: 'kind',
    title: 'Asset',
    cell: ({ id, kind }) => <a href={`/assets/${id}`}>{kind}</a>,
    sortBy: ({ kind }) => kind,
  },
  {
    id: 'what',
    title: 'What it is',
    cell: ({ kind, attributes }) => describeAsset(kind, attributes),
    from: 'wide',
  },
  {
    id: 'state',
    title: 'State',
    cell: ({ state = 'unknown' }) => <Badge tone={state === 'failed' ? 'bad' : 'plain'}>{state}</Badge>,
    from: 'medium',
  },
  {
    id: 'leased',
    title: 'Leased, of what is lent',
    cell: ({ kind, capacity = 0, leased = 0, policy }) => {
      const lent = Math.floor((capacity * (policy?.shareBp ?? 0)) / 10_000);
      return (
        <Meter
          label="Leased"
          share={lent === 0 ? 0 : leased / lent}
          text={`${formatQuantity(kind, leased)} of ${formatQuantity(kind, lent)}`}
        />
      );
    },
  },
  {
    id: 'share',
    title: 'Share',
    cell: ({ policy }) => (policy === undefined ? 'none' : formatShare(policy.shareBp)),
    isNumber: true,
    from: 'medium',
  },
  {
    id: 'busy',
    title: 'Busy',
    cell: ({ usedBp }) => (usedBp === undefined ? 'unknown' : formatShare(usedBp)),
    isNumber: true,
    from: 'medium',
  },
  {
    id: 'level',
    title: 'Open to',
    cell: ({ policy }) => (policy === undefined ? 'nobody' : shortWords(levels, policy.level)),
    from: 'medium',
  },
  {
    id: 'height',
    title: 'On the ledger',
    cell: ({ height }) =>
      height === undefined ? 'not yet' : <a href={`/ledger/block/${height}`}>block {formatCount(height)}</a>,
    from: 'wide',
  },
];
