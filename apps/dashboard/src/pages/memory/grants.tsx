import type { Result } from '@hypermesh/client';
import { mayAct } from '../../app/access.ts';
import { useAction } from '../../data/node.ts';
import { Badge } from '../../parts/badge.tsx';
import { sizeColumn, timeColumn, wordColumn } from '../../parts/columns.tsx';
import { confirm } from '../../parts/confirm.tsx';
import { Id } from '../../parts/id.tsx';
import { Empty, FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { toast } from '../../parts/toasts.tsx';
import { wordsOfRights } from './rights.ts';

type Grant = Result<'memory-list'>['grants'][number];

/** Who may use what this node lends. */
export function Grants({ grants }: { readonly grants: readonly Grant[] }) {
  const revoking = useAction('memory-revoke', { goesOn: true });
  const revoke = async ({ grant, to }: Grant) => {
    const isSure = await confirm(`Revoke the grant of ${to}?`, {
      act: 'Revoke',
      isDangerous: true,
      body: <p>Every later access of {to} fails. The bytes stay here until the region ends.</p>,
    });
    if (isSure && (await revoking.start({ grant })) !== undefined)
      toast('done', `${to} has no access any more`);
  };
  return (
    <Panel title="Granted to others" isWide>
      {revoking.fault === undefined ? null : <FaultNote fault={revoking.fault} />}
      <Table
        caption="Grants of this node"
        columns={columnsWith(revoke, revoking.isRunning)}
        rows={grants}
        keyOf={({ grant }) => grant}
        empty={
          <Empty title="Nothing is granted">
            <p>Only who holds a grant reaches a region. Grant one from the table above.</p>
          </Empty>
        }
      />
    </Panel>
  );
}

const columnsWith = (revoke: (grant: Grant) => Promise<void>, isBusy: boolean): readonly Column<Grant>[] => [
  wordColumn('To', ({ to }) => to),
  { id: 'rights', title: 'May', cell: ({ rights }) => wordsOfRights(rights) },
  {
    id: 'address',
    title: 'Region',
    cell: ({ address }) => <Id value={address} what="address of the region" isPlain />,
    from: 'wide',
  },
  sizeColumn('Size', ({ sizeBytes }) => sizeBytes, 'medium'),
  timeColumn('Until', ({ expiresMs }) => expiresMs),
  {
    id: 'revoke',
    title: 'State',
    cell: (grant) =>
      grant.isRevoked || !mayAct.value ? (
        <Badge>{grant.isRevoked ? 'revoked' : 'granted'}</Badge>
      ) : (
        <button
          type="button"
          class="button"
          disabled={isBusy}
          aria-label={`Revoke the grant of ${grant.to}`}
          onClick={() => revoke(grant)}
        >
          Revoke
        </button>
      ),
  },
];
