import type { Result } from '@hypermesh/client';
import { useAnswer } from '../../data/node.ts';
import { formatCount, formatShare } from '../../format/numbers.ts';
import { countColumn, wordColumn } from '../../parts/columns.tsx';
import { Answered } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';

type Resource = Result<'usage'>['resources'][number];

/** What was used on the whole mesh, as settled leases show it. */
export function Usage() {
  const usage = useAnswer('usage', {}, { topics: ['wallet'], everyMs: 5_000 });
  return (
    <Panel title="What was used" isWide>
      <p class="muted">
        From leases that were settled: what was paid for, never what somebody said of themselves.
      </p>
      <Answered answer={usage}>
        {({ resources, settlements, amount }) => (
          <>
            <p>
              {formatCount(settlements)} leases settled for {formatCount(amount)}.
            </p>
            <Table
              caption="Resources used"
              columns={columns}
              rows={resources}
              keyOf={({ resource }) => resource}
              empty={<p class="muted">No lease was settled yet.</p>}
            />
          </>
        )}
      </Answered>
    </Panel>
  );
}

const columns: readonly Column<Resource>[] = [
  wordColumn('Resource', ({ resource }) => resource),
  countColumn('Leases', ({ settlements }) => settlements),
  countColumn('Paid', ({ amount }) => BigInt(amount)),
  countColumn('Members that gave', ({ providers }) => providers, 'medium'),
  {
    id: 'concentration',
    title: 'At the largest',
    cell: ({ providerConcentrationBp }) => formatShare(providerConcentrationBp),
    isNumber: true,
    from: 'wide',
  },
];
