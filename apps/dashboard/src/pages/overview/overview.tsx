import type { Result } from '@hypermesh/client';
import { useAnswer } from '../../data/node.ts';
import { formatBytes, formatCount } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Badge } from '../../parts/badge.tsx';
import { Facts, Figures } from '../../parts/figures.tsx';
import { Id } from '../../parts/id.tsx';
import { Answered, Note } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { When } from '../../parts/when.tsx';
import { Members } from './members.tsx';

type Status = Result<'status'>;

/** What this node is, how far it has come, and what it does now. */
export function Page() {
  const status = useAnswer(
    'status',
    {},
    { topics: ['status', 'blocks', 'links', 'extensions'], everyMs: 1_000 },
  );
  const { value } = status;
  return (
    <>
      <PageHead
        title={value === undefined ? 'Overview' : value.name}
        lede={value === undefined ? undefined : value.phaseMeaning}
      />
      <Answered answer={status}>{(known) => <Overview status={known} />}</Answered>
    </>
  );
}

function Overview({ status }: { readonly status: Status }) {
  const { ledger, problem, secondVotesSeen } = status;
  return (
    <>
      {problem === undefined ? null : (
        <Note tone="warn">
          <p>
            <strong>There is no ledger:</strong> {problem}
          </p>
        </Note>
      )}
      {secondVotesSeen === 0 ? null : (
        <Note tone="warn">
          <p>
            <strong>A validator voted twice</strong> ({formatCount(secondVotesSeen)} times seen since the
            start). It is broken or hostile: look at the <a href="/ledger">validators</a>.
          </p>
        </Note>
      )}
      {ledger === undefined ? null : <KeyFigures status={status} />}
      <div class="grid">
        <Members status={status} />
        <ThisNode status={status} />
        {ledger === undefined ? null : <Meaning ledger={ledger} />}
      </div>
    </>
  );
}

function KeyFigures({ status: { ledger, members } }: { readonly status: Status }) {
  const wallet = useAnswer('wallet', { limit: 20 }, { topics: ['wallet'] });
  const others = members.filter(({ self }) => !self);
  const linked = others.filter(({ connected }) => connected).length;
  const { own } = wallet.value ?? {};
  return (
    <Figures
      figures={[
        {
          label: 'Block',
          value: <a href="/ledger">{formatCount(ledger?.height ?? 0)}</a>,
        },
        {
          label: 'Last one final after',
          value:
            ledger?.lastFinalityMs === undefined ? 'not seen yet' : formatDuration(ledger.lastFinalityMs),
          note: `${ledger?.quorum} of ${ledger?.validators} validators sign`,
        },
        {
          label: 'Linked members',
          value: <a href="/topology">{`${linked} of ${others.length}`}</a>,
          note: linked < others.length ? 'some cannot be reached now' : 'all that there are',
        },
        {
          label: 'Value',
          value: own === undefined ? '…' : <a href="/wallet">{formatCount(own.available)}</a>,
          note: own === undefined ? undefined : `base units, and ${formatCount(own.held)} put aside`,
        },
      ]}
    />
  );
}

function ThisNode({ status }: { readonly status: Status }) {
  const {
    nodeId,
    address,
    certificateUntil,
    uptimeMs,
    residentBytes,
    peakResidentBytes,
    content,
    extensions,
  } = status;
  const idle = extensions.filter(({ state }) => state !== 'active');
  return (
    <Panel title="This node">
      <Facts
        facts={[
          ['Id', <Id key="id" value={nodeId} what="id of this node" />],
          [
            'Listens at',
            <code key="address" class="wrap">
              {address}
            </code>,
          ],
          ['Runs for', formatDuration(uptimeMs)],
          ['Memory', `${formatBytes(residentBytes)}, at most ${formatBytes(peakResidentBytes)}`],
          ['Certificate ends', <When key="until" atMs={Date.parse(certificateUntil)} />],
          content === undefined
            ? undefined
            : [
                'Keeps',
                `${formatBytes(content.bytes)} in ${formatCount(content.roots)} roots; ${content.discovery.state === 'on' ? 'others can find it' : `others cannot find it: ${content.discovery.reason}`}`,
              ],
          [
            'Extensions',
            <a key="extensions" href="/extensions">
              {extensions.length - idle.length} active
              {idle.length === 0 ? '' : `, ${idle.map(({ id, state }) => `${id} ${state}`).join(', ')}`}
            </a>,
          ],
        ]}
      />
    </Panel>
  );
}

function Meaning({ ledger }: { readonly ledger: NonNullable<Status['ledger']> }) {
  const { profile, profileMeaning, faultsTolerated, validators } = ledger;
  return (
    <Panel
      title="What its proofs show here"
      aside={<Badge tone={profile === 'localhost' ? 'warn' : 'plain'}>{profile}</Badge>}
    >
      <p>The profile is {profileMeaning}.</p>
      <p>
        {faultsTolerated === 0
          ? `With ${validators} ${validators === 1 ? 'validator' : 'validators'} no fault is borne: one that stops, stops the ledger.`
          : `Of ${validators} validators ${faultsTolerated} may fail or lie. That protects you from other owners only: while one owner runs them all, it means nothing.`}
      </p>
      <p>
        Per leg, what is shown and what forging it would cost here: <code>hypermesh explain proof</code>
      </p>
    </Panel>
  );
}
