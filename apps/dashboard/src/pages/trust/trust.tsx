import type { Result } from '@hypermesh/client';
import { useAnswer } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { Facts, Figures } from '../../parts/figures.tsx';
import { Id } from '../../parts/id.tsx';
import { Answered, Note } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { When } from '../../parts/when.tsx';
import { Chain, Members } from './certificates.tsx';
import { TransparencyLog } from './log.tsx';
import { Names } from './names.tsx';

type Trust = Result<'trust'>;

/** Who is who: the root, this node's chain, the members, what was revoked, names, and the transparency log. */
export function Page() {
  const trust = useAnswer('trust', {}, { topics: ['trust', 'links'], everyMs: 2_000 });
  return (
    <>
      <PageHead
        title="Certificates"
        lede="One root stands behind all members. Every certificate and every signed package is in a log that can only grow, so nobody signs in secret."
      />
      <Answered answer={trust}>
        {(value) => (
          <>
            <Summary trust={value} />
            <div class="grid">
              <Root trust={value} />
              <Revoked revocations={value.revocations} />
              <Chain chain={value.self.chain} />
              <Members members={value.members} />
              <Names />
              <TransparencyLog />
            </div>
          </>
        )}
      </Answered>
    </>
  );
}

function Summary({ trust: { self, members, revocations, authority } }: { readonly trust: Trust }) {
  const [own] = self.chain;
  return (
    <Figures
      figures={[
        {
          label: "This node's certificate",
          value: own === undefined ? 'none' : <When atMs={own.notAfterMs} />,
          note: 'until then; it is renewed before',
        },
        {
          label: 'Members seen',
          value: formatCount(members.filter(({ certificate }) => certificate !== null).length),
          note: `of ${formatCount(members.length)}`,
        },
        { label: 'Revoked', value: formatCount(revocations.revoked.length) },
        { label: 'Certificates come from', value: authority.founder },
      ]}
    />
  );
}

function Root({ trust: { root, authority } }: { readonly trust: Trust }) {
  return (
    <Panel title="Root and authority">
      <Facts
        facts={[
          ['Root', root.subject],
          [
            'Fingerprint',
            <Id key="fingerprint" value={root.fingerprint} what="fingerprint of the root" isPlain />,
          ],
          ['Root until', <When key="root" atMs={root.notAfterMs} />],
          ['Authority', `${authority.subject}, at ${authority.founder}`],
          ['Authority until', <When key="authority" atMs={authority.notAfterMs} />],
          ['Key of the log', <Id key="log" value={authority.logKey} what="key of the log" />],
        ]}
      />
    </Panel>
  );
}

function Revoked({
  revocations: { lists, revoked, unreadable },
}: {
  readonly revocations: Trust['revocations'];
}) {
  return (
    <Panel title="Revoked">
      {unreadable === 0 ? null : (
        <Note tone="warn">
          <p>
            {formatCount(unreadable)} files in the folder of revocation lists cannot be read. Until they are
            put right, what they revoke is not refused.
          </p>
        </Note>
      )}
      {revoked.length === 0 ? (
        <p class="muted">
          {lists.length === 0 ? 'There is no revocation list here.' : 'No certificate was revoked.'}
        </p>
      ) : (
        <ul class="reasons">
          {revoked.map(({ serial, atMs }) => (
            <li key={serial}>
              <Id value={serial} what="serial number" /> <When atMs={atMs} />
            </li>
          ))}
        </ul>
      )}
      {lists.map(({ issuer, thisUpdateMs, nextUpdateMs, entries }) => (
        <p key={issuer} class="muted">
          {issuer}: {formatCount(entries)} entries of <When atMs={thisUpdateMs} />
          {nextUpdateMs === null ? '' : ', next '}
          {nextUpdateMs === null ? null : <When atMs={nextUpdateMs} />}
        </p>
      ))}
    </Panel>
  );
}
