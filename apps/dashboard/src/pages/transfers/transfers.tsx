import type { Result } from '@hypermesh/client';
import { useAction, useAnswer } from '../../data/node.ts';
import { formatBytes, formatCount, formatRate } from '../../format/numbers.ts';
import { Acts } from '../../parts/acts.tsx';
import { Badge, Meter } from '../../parts/badge.tsx';
import { countColumn, sizeColumn, timeColumn, wordColumn } from '../../parts/columns.tsx';
import { Facts, Figures } from '../../parts/figures.tsx';
import { Id } from '../../parts/id.tsx';
import { Answered, Empty, FaultNote } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { Progress } from '../../parts/progress.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { Recent } from './recent.tsx';

type Transfers = Result<'transfers'>;
type Transfer = Transfers['active'][number];
type Upload = Transfers['uploads'][number];

/** Content that moves: what comes now and came lately, what is served to others, and looking after what is kept. */
export function Page() {
  const transfers = useAnswer('transfers', {}, { topics: ['transfers'], everyMs: 500 });
  return (
    <>
      <PageHead
        title="Transfers"
        lede="Content comes in chunks from several members at once. Each chunk is checked as it arrives; a bad one is thrown away and asked of somebody else."
      />
      <Answered answer={transfers}>
        {(value) => (
          <>
            <Summary transfers={value} />
            <div class="grid">
              <Active active={value.active} />
              <Recent recent={value.recent} />
              <Served uploads={value.uploads} />
              <Acts>
                <Scrub />
              </Acts>
            </div>
          </>
        )}
      </Answered>
    </>
  );
}

function Summary({ transfers: { active, recent, uploads } }: { readonly transfers: Transfers }) {
  const all = [...active, ...recent];
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return (
    <Figures
      figures={[
        {
          label: 'Moving now',
          value: formatCount(active.length),
          note: formatRate(sum(active.map(({ rateBps }) => rateBps))),
        },
        {
          label: 'Fetched',
          value: formatBytes(sum(all.map(({ bytesMoved }) => bytesMoved))),
          note: `${formatBytes(sum(all.map(({ bytesReused }) => bytesReused)))} were here already`,
        },
        { label: 'Served', value: formatBytes(sum(uploads.map(({ bytes }) => bytes))) },
        {
          label: 'Chunks refused',
          value: formatCount(sum(all.map(({ chunksRefused }) => chunksRefused))),
          note: 'not what their name says',
        },
      ]}
    />
  );
}

function Active({ active }: { readonly active: readonly Transfer[] }) {
  return (
    <Panel title="Moving now" isWide>
      {active.length === 0 ? (
        <Empty title="Nothing moves">
          <p>Publishing, installing and running fetch what is not here yet.</p>
        </Empty>
      ) : (
        <ul class="rows">
          {active.map((transfer) => (
            <li key={transfer.id}>
              <h3>{transfer.name ?? 'content without a name'}</h3>
              <Meter
                label={`How much of ${transfer.name ?? 'it'} is here`}
                share={transfer.bytes === 0 ? 0 : transfer.bytesHere / transfer.bytes}
                text={`${formatBytes(transfer.bytesHere)} of ${formatBytes(transfer.bytes)}, ${formatRate(transfer.rateBps)}`}
              />
              <Facts
                facts={[
                  ['Content root', <Id key="root" value={transfer.root} what="content root" />],
                  [
                    'From',
                    transfer.peers.map(({ name, bytes }) => `${name} ${formatBytes(bytes)}`).join(', ') ||
                      'nobody yet',
                  ],
                  ['Since', <When key="since" atMs={transfer.startedMs} />],
                ]}
              />
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Served({ uploads }: { readonly uploads: readonly Upload[] }) {
  return (
    <Panel title="Served to members">
      <Table
        caption="What this node served since it started"
        columns={uploadColumns}
        rows={uploads}
        keyOf={({ nodeId }) => nodeId}
        empty={
          <Empty title="Nothing was served yet">
            <p>Members fetch from whoever holds what they need.</p>
          </Empty>
        }
      />
    </Panel>
  );
}

const uploadColumns: readonly Column<Upload>[] = [
  wordColumn('Member', ({ name }) => name),
  sizeColumn('Bytes', ({ bytes }) => bytes),
  { id: 'rate', title: 'Now', cell: ({ rateBps }) => formatRate(rateBps), isNumber: true },
  countColumn('Chunks', ({ chunks }) => chunks, 'medium'),
  timeColumn('Last', ({ lastMs }) => lastMs, 'medium'),
];

/** Hashes everything that is kept again, and mends it. */
function Scrub() {
  const scrubbing = useAction('scrub', { goesOn: true });
  const { result, fault } = scrubbing;
  return (
    <Panel title="Look after what is kept">
      <p>
        Disks forget. The node hashes everything that it keeps again and mends what is damaged, from parity or
        members.
      </p>
      {scrubbing.isRunning ? (
        <Progress progress={scrubbing.progress} onCancel={scrubbing.cancel} />
      ) : (
        <button type="button" class="button" onClick={() => scrubbing.start({})}>
          Hash everything again
        </button>
      )}
      <div aria-live="polite">
        {fault === undefined ? null : <FaultNote fault={fault} />}
        {result === undefined ? null : (
          <p>
            <Badge tone={result.lost.length === 0 ? 'good' : 'bad'}>
              {result.lost.length === 0 ? 'all is whole' : `${formatCount(result.lost.length)} are lost`}
            </Badge>{' '}
            {formatCount(result.chunks)} chunks of {formatCount(result.roots)} contents:{' '}
            {formatCount(result.damaged)} damaged, {formatCount(result.missing)} missing,{' '}
            {formatCount(result.repaired)} mended.
          </p>
        )}
      </div>
    </Panel>
  );
}
