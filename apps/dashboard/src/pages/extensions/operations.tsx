import type { Result } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import { useAction } from '../../data/node.ts';
import { Acts } from '../../parts/acts.tsx';
import { Badge } from '../../parts/badge.tsx';
import { ChoiceField, TextField } from '../../parts/fields.tsx';
import { FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { Progress } from '../../parts/progress.tsx';
import { type Column, Table } from '../../parts/table.tsx';

type Extension = Result<'extension-info'>;
type Operation = Extension['operations'][number];

/** The operations of an extension, and calling one with JSON. */
export function Operations({ extension }: { readonly extension: Extension }) {
  return (
    <Panel title="Operations" isWide>
      <Table
        caption="Operations"
        columns={columns}
        rows={extension.operations}
        keyOf={({ name }) => name}
        textOf={({ name, summary }) => `${name} ${summary ?? ''}`}
        empty={<p class="muted">It offers no operation.</p>}
      />
      {extension.operations.length === 0 ? null : (
        <Acts>
          <Call extension={extension} />
        </Acts>
      )}
    </Panel>
  );
}

const columns: readonly Column<Operation>[] = [
  {
    id: 'name',
    title: 'Operation',
    cell: ({ name }) => <code class="wrap">{name}</code>,
    sortBy: ({ name }) => name,
  },
  { id: 'summary', title: 'What it does', cell: ({ summary }) => summary ?? '', from: 'medium' },
  {
    id: 'needs',
    title: 'Uses',
    cell: ({ needs }) => <span class="wrap">{needs.join(', ') || 'nothing'}</span>,
    from: 'wide',
  },
  {
    id: 'proof',
    title: 'Proof',
    cell: ({ proof }) => (proof ? <Badge>all four</Badge> : null),
    from: 'medium',
  },
];

function Call({ extension: { id, operations } }: { readonly extension: Extension }) {
  const calling = useAction('extension-call');
  const method = useSignal(operations[0]?.name ?? '');
  const input = useSignal('{}');
  const error = useSignal<string | undefined>(undefined);
  const call = (event: Event) => {
    event.preventDefault();
    const read = readJson(input.value);
    error.value = read.ok ? undefined : 'This is not JSON';
    if (read.ok) void calling.start({ id, method: method.value, input: read.value });
  };
  const { result, fault } = calling;
  return (
    <>
      <form class="form" onSubmit={call} noValidate>
        <ChoiceField
          label="Operation to call"
          name="method"
          value={method.value}
          choices={operations.map(({ name }) => [name, name] as const)}
          onInput={(value) => {
            method.value = value;
          }}
        />
        <TextField
          label="Input, as JSON"
          name="input"
          value={input.value}
          {...(error.value === undefined ? {} : { error: error.value })}
          onInput={(value) => {
            input.value = value;
          }}
        />
        {calling.isRunning ? <Progress progress={calling.progress} onCancel={calling.cancel} /> : null}
        <div class="form-foot">
          <button type="submit" class="button" disabled={calling.isRunning}>
            Call
          </button>
        </div>
      </form>
      <div aria-live="polite">
        {fault === undefined ? null : <FaultNote fault={fault} />}
        {result === undefined ? null : (
          <pre class="output wrap">{JSON.stringify(result.result, null, 2)}</pre>
        )}
      </div>
    </>
  );
}

function readJson(text: string): { readonly ok: true; readonly value: unknown } | { readonly ok: false } {
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return { ok: false };
  }
}
