import type { Result } from '@hypermesh/client';
import { useAnswer } from '../../data/node.ts';
import { formatBytes, formatCount, formatFigure } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Amount } from '../../parts/amount.tsx';
import { Badge } from '../../parts/badge.tsx';
import { nowMs } from '../../parts/clock.ts';
import { Facts, Figures } from '../../parts/figures.tsx';
import { Id } from '../../parts/id.tsx';
import { Answered, Note } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { When } from '../../parts/when.tsx';
import { BlockRate } from './block-rate.tsx';
import { Members } from './members.tsx';
import { Holds, Phases } from './phases.tsx';
import { perMinute } from './rates.ts';
import { RunsNow } from './runs-now.tsx';

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
      <Holds status={status} />
      {ledger === undefined ? null : <KeyFigures status={status} />}
      <div class="grid">
        {ledger === undefined ? null : (
          <>
            <RunsNow />
            <BlockRate />
          </>
        )}
        <Members status={status} />
        <Phases status={status} />
        <ThisNode status={status} />
        {ledger === undefined ? null : <Meaning ledger={ledger} />}
      </div>
    </>
  );
}

function KeyFigures({ status: { ledger, members } }: { readonly status: Status }) {
  const blocks = useAnswer('blocks', { limit: 200 }, { topics: ['blocks'], everyMs: 1_000 });
  const wallet = useAnswer('wallet', { limit: 20 }, { topics: ['wallet'] });
  const others = members.filter(({ self }) => !self);
  const linked = others.filter(({ connected }) => connected).length;
  const times = blocks.value?.blocks.map(({ timeMs }) => timeMs) ?? [];
  const rate = perMinute(times, nowMs.value);
  const { own } = wallet.value ?? {};
  return (
    <Figures
      figures={[
        {
          label: 'Block',
          value: <a href="/ledger">{formatCount(ledger?.height ?? 0)}</a>,
          note: rate === undefined ? 'too few to tell the rate' : `${formatFigure(rate)} a minute`,
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
          value:
            own === undefined ? (
              '…'
            ) : (
              <a href="/wallet">
                <Amount value={own.available} />
              </a>
            ),
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
