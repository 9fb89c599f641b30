import type { Result } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import { useAction, useAnswer } from '../../data/node.ts';
import { Badge } from '../../parts/badge.tsx';
import { blockColumn, timeColumn } from '../../parts/columns.tsx';
import { TextField } from '../../parts/fields.tsx';
import { Answered, FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';

type Name = Result<'names'>['names'][number];

/** Names of the mesh, each a signed record on the ledger, and asking for one. */
export function Names() {
  const names = useAnswer('names', {}, { topics: ['trust'], everyMs: 2_000 });
  const resolving = useAction('resolve');
  const name = useSignal('http3://caesar');
  const resolve = (event: Event) => {
    event.preventDefault();
    if (name.value.trim() !== '') void resolving.start({ name: name.value.trim() });
  };
  const { result, fault } = resolving;
  return (
    <Panel title="Names" isWide>
      <p class="muted">
        A name is a record that its owner signed and the ledger ordered: a forged, expired or older one
        resolves to nothing.
      </p>
      <Answered answer={names}>
        {(value) => (
          <Table
            caption="Names of this mesh"
            columns={columns}
            rows={value.names}
            keyOf={(each) => each.name}
            empty={<p class="muted">No name is registered yet.</p>}
          />
        )}
      </Answered>
      <form class="form" onSubmit={resolve} noValidate>
        <TextField
          label="Name to resolve"
          name="name"
          value={name.value}
          onInput={(value) => {
            name.value = value;
          }}
        />
        <div class="form-foot">
          <button type="submit" class="button" disabled={resolving.isRunning}>
            Resolve
          </button>
        </div>
      </form>
      <div aria-live="polite">
        {fault === undefined ? null : <FaultNote fault={fault} />}
        {result === undefined ? null : (
          <p>
            <Badge tone={result.state === 'valid' ? 'good' : 'warn'}>{result.state}</Badge> {result.url}
            {result.path} is at {result.nodes.map((node) => node.name).join(', ') || 'no node'}.
          </p>
        )}
      </div>
    </Panel>
  );
}

const columns: readonly Column<Name>[] = [
  { id: 'name', title: 'Name', cell: ({ url }) => url, sortBy: ({ name }) => name },
  {
    id: 'state',
    title: 'State',
    cell: ({ state }) => <Badge tone={state === 'valid' ? 'good' : 'warn'}>{state}</Badge>,
  },
  { id: 'nodes', title: 'At', cell: ({ nodes }) => nodes.map(({ name }) => name).join(', ') },
  timeColumn('Until', ({ notAfterMs }) => notAfterMs, 'medium'),
  { id: 'owner', title: 'Signed by', cell: ({ ownerIs }) => `the ${ownerIs}`, from: 'wide' },
  blockColumn(({ height }) => height, 'wide'),
];
