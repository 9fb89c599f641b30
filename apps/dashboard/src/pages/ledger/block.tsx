import type { Result } from '@hypermesh/client';
import type { PageProps } from '../../app/page.ts';
import { useAnswer } from '../../data/node.ts';
import { formatBytes, formatCount } from '../../format/numbers.ts';
import { formatMoment } from '../../format/times.ts';
import { Facts } from '../../parts/figures.tsx';
import { Id } from '../../parts/id.tsx';
import { Answered, Empty, FaultNote } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';
import { operationColumns } from './rows.tsx';

/** One block: who proposed and signed it, what it is bound to, and the operations in it. */
export function Page({ params }: PageProps) {
  const height = Number(params['height']);
  if (!Number.isSafeInteger(height) || height < 1)
    return (
      <>
        <PageHead title="No such block" />
        <FaultNote
          fault={{
            code: 'pages/bad-height',
            message: 'A height is a whole number from 1',
            next: 'go to the ledger',
          }}
        />
      </>
    );
  return <BlockAt height={height} />;
}

function BlockAt({ height }: { readonly height: number }) {
  // What is final stays: nothing to listen for.
  const answer = useAnswer('block', { height }, { topics: [] });
  return (
    <>
      <PageHead
        title={`Block ${formatCount(height)}`}
        actions={
          <>
            {height > 1 ? (
              <a class="button" href={`/ledger/block/${height - 1}`}>
                Before it
              </a>
            ) : null}
            <a class="button" href={`/ledger/block/${height + 1}`}>
              After it
            </a>
          </>
        }
      />
      <Answered answer={answer}>{(block) => <Details block={block} />}</Answered>
    </>
  );
}

function Details({ block }: { readonly block: Result<'block'> }) {
  const { hash, parent, timeMs, view, proposer, signers, operations, bytes, entries, certifiedBy } = block;
  return (
    <div class="grid">
      <Panel title="The block">
        <Facts
          facts={[
            ['Hash', <Id key="hash" value={hash} what="hash of the block" />],
            [
              'Parent',
              <Id
                key="parent"
                value={parent}
                what="hash of the parent"
                href={`/ledger/block/${block.height - 1}`}
              />,
            ],
            [
              'Time',
              <span key="time">
                {formatMoment(timeMs)}, <When atMs={timeMs} />
              </span>,
            ],
            ['Proposed by', `${proposer}, in view ${formatCount(view)}`],
            ['Size', `${formatBytes(bytes)}, ${formatCount(operations)} operations`],
          ]}
        />
      </Panel>
      <Panel title="What makes it final">
        <Facts
          facts={[
            ['Signed by', signers.join(', ')],
            [
              'Certificate in',
              `block ${formatCount(certifiedBy.height)}, view ${formatCount(certifiedBy.view)}`,
            ],
            ['State root', <Id key="state" value={block.stateRoot} what="state root" />],
            [
              'Root of its operations',
              <Id key="operations" value={block.txRoot} what="root of the operations" />,
            ],
            ['State of height', formatCount(block.stateHeight)],
          ]}
        />
      </Panel>
      <Panel title="Operations" isWide>
        <Table
          caption="Operations of the block"
          columns={operationColumns}
          rows={entries}
          keyOf={({ id }) => id}
          empty={
            <Empty title="It carries no operation">
              <p>
                A heartbeat: it shows that the validators live, and gives later proofs a time to stand on.
              </p>
            </Empty>
          }
        />
      </Panel>
    </div>
  );
}
