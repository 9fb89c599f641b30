import type { Result } from '@hypermesh/client';
import { mayAct } from '../../app/access.ts';
import { useAction } from '../../data/node.ts';
import { Badge } from '../../parts/badge.tsx';
import { confirm } from '../../parts/confirm.tsx';
import { FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { toast } from '../../parts/toasts.tsx';

type Extension = Result<'extension-info'>;

interface Asked {
  readonly capability: string;
  readonly isRequired: boolean;
  readonly isGranted: boolean;
}

/** What an extension asks for and gets. */
export function Grants({ extension }: { readonly extension: Extension }) {
  const granting = useAction('extension-grant');
  const revoking = useAction('extension-revoke');
  const { id, name, asked, granted } = extension;
  const rows = [
    ...asked.required.map((capability) => ({ capability, isRequired: true })),
    ...asked.optional.map((capability) => ({ capability, isRequired: false })),
  ].map((each) => ({ ...each, isGranted: granted.includes(each.capability) }));
  const grant = async ({ capability }: Asked) => {
    const isSure = await confirm(`Grant ${capability} to ${name}?`, {
      act: 'Grant',
      body: <p>It holds from its next call on, until you take it back.</p>,
    });
    if (isSure && (await granting.start({ id, capability })) !== undefined)
      toast('done', `${name} has ${capability}`);
  };
  const revoke = async ({ capability, isRequired }: Asked) => {
    const isSure = await confirm(`Take ${capability} from ${name}?`, {
      act: 'Take it back',
      isDangerous: true,
      body: <p>{isRequired ? 'It cannot do without it, and stops.' : 'What needs it fails from now on.'}</p>,
    });
    if (isSure && (await revoking.start({ id, capability })) !== undefined)
      toast('done', `${name} has ${capability} no more`);
  };
  return (
    <Panel title="What it may do">
      {[granting, revoking].map(({ fault }) =>
        fault === undefined ? null : <FaultNote key={fault.code} fault={fault} />,
      )}
      <Table
        caption="Capabilities"
        columns={columnsWith(grant, revoke, granting.isRunning || revoking.isRunning).filter(
          ({ id: column }) => mayAct.value || column !== 'change',
        )}
        rows={rows}
        keyOf={({ capability }) => capability}
        empty={<p class="muted">It asks for nothing.</p>}
      />
    </Panel>
  );
}

const columnsWith = (
  grant: (asked: Asked) => unknown,
  revoke: (asked: Asked) => unknown,
  isBusy: boolean,
): readonly Column<Asked>[] => [
  {
    id: 'capability',
    title: 'Capability',
    cell: ({ capability }) => <code class="wrap">{capability}</code>,
    sortBy: ({ capability }) => capability,
  },
  {
    id: 'required',
    title: 'Needs it',
    cell: ({ isRequired }) => (isRequired ? 'always' : 'for some'),
    from: 'medium',
  },
  {
    id: 'granted',
    title: 'Granted',
    cell: ({ isGranted }) => <Badge tone={isGranted ? 'good' : 'plain'}>{isGranted ? 'yes' : 'no'}</Badge>,
  },
  {
    id: 'change',
    title: 'Change',
    cell: (asked) => (
      <button
        type="button"
        class="button"
        disabled={isBusy}
        aria-label={`${asked.isGranted ? 'Take back' : 'Grant'} ${asked.capability}`}
        onClick={() => (asked.isGranted ? revoke(asked) : grant(asked))}
      >
        {asked.isGranted ? 'Take back' : 'Grant'}
      </button>
    ),
  },
];
