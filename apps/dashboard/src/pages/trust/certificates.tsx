import type { Result } from '@hypermesh/client';
import { Badge } from '../../parts/badge.tsx';
import { timeColumn, wordColumn } from '../../parts/columns.tsx';
import { Facts } from '../../parts/figures.tsx';
import { Id } from '../../parts/id.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { When } from '../../parts/when.tsx';

type Trust = Result<'trust'>;
type Certificate = Trust['self']['chain'][number];
type Member = Trust['members'][number];

/** The chain that this node shows, leaf first. */
export function Chain({ chain }: { readonly chain: readonly Certificate[] }) {
  return (
    <Panel title="What this node shows" isWide>
      <ol class="rows">
        {chain.map((certificate) => (
          <li key={certificate.fingerprint}>
            <h3 class="wrap">{certificate.subject}</h3>
            <Facts
              facts={[
                ['Until', <When key="until" atMs={certificate.notAfterMs} />],
                ['Key', keysOf(certificate)],
                ['Signed by', signaturesOf(certificate)],
                ['Serial number', <Id key="serial" value={certificate.serial} what="serial number" />],
                ['Fingerprint', <Id key="fingerprint" value={certificate.fingerprint} what="fingerprint" />],
              ]}
            />
          </li>
        ))}
      </ol>
    </Panel>
  );
}

const keysOf = ({ key, alternativeKey }: Certificate): string =>
  alternativeKey === null ? key : `${key} and ${alternativeKey}`;

const signaturesOf = ({ signature, alternativeSignature }: Certificate): string =>
  alternativeSignature === null ? signature : `${signature} and ${alternativeSignature}`;

/** Certificates of members as their sessions showed them. */
export function Members({ members }: { readonly members: readonly Member[] }) {
  return (
    <Panel title="Members" isWide>
      <Table
        caption="Certificates of members"
        columns={columns}
        rows={members}
        keyOf={({ nodeId }) => nodeId}
        textOf={({ name, nodeId }) => `${name} ${nodeId}`}
        empty={<p class="muted">There is no other member yet.</p>}
      />
    </Panel>
  );
}

const columns: readonly Column<Member>[] = [
  wordColumn('Member', ({ name }) => name),
  {
    id: 'seen',
    title: 'Certificate',
    cell: ({ certificate, connected }) =>
      certificate === null ? (
        <Badge>not seen since the start</Badge>
      ) : (
        <Badge tone={connected ? 'good' : 'plain'}>{connected ? 'shown now' : 'shown before'}</Badge>
      ),
  },
  timeColumn('Until', ({ certificate }) => certificate?.notAfterMs),
  {
    id: 'keys',
    title: 'Keys',
    cell: ({ certificate }) => (certificate === null ? '' : keysOf(certificate)),
    from: 'wide',
  },
  {
    id: 'fingerprint',
    title: 'Fingerprint',
    cell: ({ certificate }) =>
      certificate === null ? '' : <Id value={certificate.fingerprint} what="fingerprint" />,
    from: 'wide',
  },
];
