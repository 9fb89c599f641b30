import { useSignal } from '@preact/signals';
import { useAction, useAnswer } from '../../data/node.ts';
import { Answered, Empty, FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { type BlockRow, blockColumns } from './rows.tsx';

const pageSize = 100;

/** Blocks, newest first and live; older ones by a button. */
export function Blocks() {
  const newest = useAnswer('blocks', { limit: pageSize }, { topics: ['blocks'], everyMs: 500 });
  const loading = useAction('blocks');
  const older = useSignal<readonly BlockRow[]>([]);
  const loadOlder = async (before: number) => {
    const page = await loading.start({ before, limit: 200 });
    if (page !== undefined) older.value = [...older.value, ...page.blocks];
  };
  return (
    <Panel title="Blocks">
      <Answered answer={newest}>
        {({ blocks }) => {
          const rows = joined(blocks, older.value);
          const last = rows.at(-1)?.height ?? 0;
          return (
            <>
              <Table
                caption="Blocks"
                columns={blockColumns}
                rows={rows}
                keyOf={({ height }) => String(height)}
                empty={
                  <Empty title="There is only the genesis yet">
                    <p>The first block comes with the first operation, or with the first heartbeat.</p>
                  </Empty>
                }
              />
              {loading.fault === undefined ? null : <FaultNote fault={loading.fault} />}
              {last > 1 ? (
                <p class="table-more">
                  <button
                    type="button"
                    class="button"
                    disabled={loading.isRunning}
                    onClick={() => loadOlder(last)}
                  >
                    Older blocks
                  </button>
                </p>
              ) : null}
            </>
          );
        }}
      </Answered>
    </Panel>
  );
}

/** Newest blocks and older ones without those that are in both. Where some in between are missing, the older ones wait. */
export function joined(newest: readonly BlockRow[], older: readonly BlockRow[]): readonly BlockRow[] {
  const known = new Map([...older, ...newest].map((block) => [block.height, block]));
  const rows = [...known.values()].sort((a, b) => b.height - a.height);
  const gap = rows.findIndex(({ height }, at) => at > 0 && height !== (rows[at - 1]?.height ?? 0) - 1);
  return gap === -1 ? rows : rows.slice(0, gap);
}
