import { useSignal } from '@preact/signals';
import { shortId } from '../../format/ids.ts';
import { formatCount } from '../../format/numbers.ts';
import { blockColumn, wordColumn } from '../../parts/columns.tsx';
import { Empty } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { type Asset, levels, shortWords } from './levels.ts';
import { describeAsset, formatQuantity } from './quantities.ts';

const capacityNames: Readonly<Record<string, string>> = {
  cpu: 'microsPerSecond',
  memory: 'bytes',
  storage: 'bytes',
  gpu: 'bytes',
};

function capacityOf({ kind, attributes }: Asset): number | undefined {
  const value = attributes[capacityNames[kind] ?? ''];
  return typeof value === 'number' ? value : undefined;
}

/** What the ledger names beside the hardware of this node: of the other members, and what was installed and published. */
export function LedgerAssets({ assets }: { readonly assets: readonly Asset[] }) {
  const kind = useSignal('');
  const kinds = [...Map.groupBy(assets, (each) => each.kind)].map(([name, { length }]) => ({ name, length }));
  const shown = kind.value === '' ? assets : assets.filter((asset) => asset.kind === kind.value);
  return (
    <Panel title="On the ledger">
      <Table
        caption="Assets on the ledger"
        columns={columns}
        rows={shown}
        keyOf={({ id }) => id}
        textOf={textOf}
        tools={
          kinds.length < 2 ? undefined : (
            <select
              class="input chooser"
              aria-label="Kind of asset"
              value={kind.value}
              onChange={(event) => {
                kind.value = event.currentTarget.value;
              }}
            >
              <option value="">All kinds ({formatCount(assets.length)})</option>
              {kinds.map(({ name, length }) => (
                <option key={name} value={name}>
                  {name} ({formatCount(length)})
                </option>
              ))}
            </select>
          )
        }
        empty={
          <Empty title="No other asset stands on the ledger yet">
            <p>
              Members register what they have when they join; packages become assets when they are installed:{' '}
              <a href="/packages">find one</a>.
            </p>
          </Empty>
        }
      />
    </Panel>
  );
}

function textOf({ id, kind, owner, attributes }: Asset): string {
  return `${kind} ${owner} ${describeAsset(kind, attributes)} ${id}`;
}

const columns: readonly Column<Asset>[] = [
  {
    id: 'id',
    title: 'Asset',
    cell: ({ id }) => (
      <a href={`/assets/${id}`} title={id}>
        <code class="id">{shortId(id)}</code>
      </a>
    ),
  },
  wordColumn('Kind', ({ kind }) => kind),
  wordColumn('Owner', ({ owner }) => owner),
  {
    id: 'what',
    title: 'What it is',
    cell: ({ kind, attributes }) => describeAsset(kind, attributes),
    sortBy: ({ kind, attributes }) => describeAsset(kind, attributes),
    from: 'medium',
  },
  {
    id: 'capacity',
    title: 'Capacity',
    cell: (asset) => {
      const capacity = capacityOf(asset);
      return capacity === undefined ? '' : formatQuantity(asset.kind, capacity);
    },
    sortBy: capacityOf,
    isNumber: true,
    from: 'wide',
  },
  {
    id: 'level',
    title: 'Open to',
    cell: ({ policy }) => (policy === undefined ? '' : shortWords(levels, policy.level)),
    sortBy: ({ policy }) => policy?.level,
    from: 'wide',
  },
  blockColumn(({ height }) => height, 'medium'),
];
