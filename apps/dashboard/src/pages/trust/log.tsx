import type { Result } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import { useAction, useAnswer } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { Badge } from '../../parts/badge.tsx';
import { sizeColumn, timeColumn, wordColumn } from '../../parts/columns.tsx';
import { Facts } from '../../parts/figures.tsx';
import { Id } from '../../parts/id.tsx';
import { Answered, FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';

type Log = Result<'trust-log'>;
type Entry = Log['entries'][number];

/** The transparency log, newest first, page by page; a row proves itself. */
export function TransparencyLog() {
  const before = useSignal<number | undefined>(undefined);
  const params = before.value === undefined ? { limit: 50 } : { limit: 50, before: before.value };
  const log = useAnswer('trust-log', params, { topics: ['trust'], everyMs: 2_000 });
  const proving = useAction('trust-proof');
  return (
    <Panel title="Transparency log" isWide>
      <Answered answer={log}>
        {(value) => (
          <>
            <Facts
              facts={[
                ['Log', value.origin],
                ['Entries', formatCount(value.size)],
                ['Root', <Id key="root" value={value.root} what="root of the log" />],
                [
                  'Checkpoint',
                  <Badge key="verified" tone={value.verified ? 'good' : 'bad'}>
                    {value.verified ? 'signature holds' : 'signature does not hold'}
                  </Badge>,
                ],
              ]}
            />
            <Table
              caption="Entries of the log"
              columns={columnsWith((index) => void proving.start({ index }), proving.isRunning)}
              rows={value.entries}
              keyOf={({ index }) => String(index)}
              textOf={({ subject, kind }) => `${subject ?? ''} ${kind}`}
              empty={<p class="muted">The log is empty.</p>}
              tools={
                <>
                  {before.value === undefined ? null : (
                    <button
                      type="button"
                      class="button"
                      onClick={() => {
                        before.value = undefined;
                      }}
                    >
                      Newest
                    </button>
                  )}
                  {value.next === null ? null : (
                    <button
                      type="button"
                      class="button"
                      onClick={() => {
                        before.value = value.next ?? undefined;
                      }}
                    >
                      Older
                    </button>
                  )}
                </>
              }
            />
          </>
        )}
      </Answered>
      <div aria-live="polite">
        {proving.fault === undefined ? null : <FaultNote fault={proving.fault} />}
        {proving.result === undefined ? null : <Proof proof={proving.result} />}
      </div>
    </Panel>
  );
}

function Proof({ proof }: { readonly proof: Result<'trust-proof'> }) {
  return (
    <p>
      <Badge tone="good">{proof.inclusion}</Badge> Entry {formatCount(proof.index)} is in the log of{' '}
      {formatCount(proof.size)} entries: {formatCount(proof.hashes.length)} hashes lead from it to the signed
      root <Id value={proof.root} what="root" />.
    </p>
  );
}

const columnsWith = (prove: (index: number) => void, isBusy: boolean): readonly Column<Entry>[] => [
  { id: 'index', title: 'Entry', cell: ({ index }) => formatCount(index), sortBy: ({ index }) => index },
  wordColumn('What', ({ kind }) => kind),
  {
    id: 'subject',
    title: 'Of',
    cell: ({ subject }) => <span class="wrap">{subject ?? ''}</span>,
    from: 'medium',
  },
  timeColumn('When', ({ timeMs }) => timeMs, 'medium'),
  sizeColumn('Size', ({ bytes }) => bytes, 'wide'),
  {
    id: 'prove',
    title: 'Proof',
    cell: ({ index }) => (
      <button
        type="button"
        class="button"
        disabled={isBusy}
        aria-label={`Prove entry ${index}`}
        onClick={() => prove(index)}
      >
        Prove
      </button>
    ),
  },
];
