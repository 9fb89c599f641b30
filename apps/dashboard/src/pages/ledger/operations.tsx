import { useSignal } from '@preact/signals';
import { useAction, useAnswer } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { Answered, Empty, FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Table } from '../../parts/table.tsx';
import { type OperationRow, operationColumns } from './rows.tsx';

/** Operations that are final, newest first and live, by kind where one is chosen. */
export function Operations() {
  const kind = useSignal('');
  const chosen = kind.value === '' ? {} : { kind: kind.value };
  const newest = useAnswer('operations', { ...chosen, limit: 100 }, { topics: ['blocks'], everyMs: 500 });
  const loading = useAction('operations');
  const older = useSignal<readonly OperationRow[]>([]);
  const next = useSignal<string | null | undefined>(undefined);
  const loadOlder = async (before: string) => {
    const page = await loading.start({ ...chosen, before, limit: 200 });
    if (page === undefined) return;
    older.value = [...older.value, ...page.operations];
    next.value = page.next;
  };
  return (
    <Panel title="Operations">
      <Answered answer={newest}>
        {({ operations, kinds, next: first }) => {
          const known = new Set(operations.map(({ id }) => id));
          const rows = [...operations, ...older.value.filter(({ id }) => !known.has(id))];
          const before = next.value === undefined ? first : next.value;
          return (
            <>
              <Table
                caption="Operations"
                columns={operationColumns}
                rows={rows}
                keyOf={({ id }) => id}
                textOf={({ id, kind: of, by, code }) => `${of} ${by} ${code} ${id}`}
                tools={
                  <select
                    class="input chooser"
                    aria-label="Kind of operation"
                    value={kind.value}
                    onChange={(event) => {
                      kind.value = event.currentTarget.value;
                      older.value = [];
                      next.value = undefined;
                    }}
                  >
                    <option value="">All kinds</option>
                    {kinds.map(({ kind: name, count }) => (
                      <option key={name} value={name}>
                        {name} ({formatCount(count)})
                      </option>
                    ))}
                  </select>
                }
                empty={
                  <Empty title="No operation is final yet">
                    <p>Registering an asset, installing a package and starting a run each order one.</p>
                  </Empty>
                }
              />
              {loading.fault === undefined ? null : <FaultNote fault={loading.fault} />}
              {before === null ? null : (
                <p class="table-more">
                  <button
                    type="button"
                    class="button"
                    disabled={loading.isRunning}
                    onClick={() => loadOlder(before)}
                  >
                    Older operations
                  </button>
                </p>
              )}
            </>
          );
        }}
      </Answered>
    </Panel>
  );
}
