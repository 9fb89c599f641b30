import type { Result } from '@hypermesh/client';
import type { PageProps } from '../../app/page.ts';
import { useAnswer } from '../../data/node.ts';
import { formatBytes, formatCompact, formatCount } from '../../format/numbers.ts';
import { formatDuration, formatMoment } from '../../format/times.ts';
import { Meter } from '../../parts/badge.tsx';
import { BlockLink } from '../../parts/block-link.tsx';
import { Facts, Figures } from '../../parts/figures.tsx';
import { CopyButton, Id } from '../../parts/id.tsx';
import { Answered, Empty } from '../../parts/notes.tsx';
import { PageHead, Panel } from '../../parts/panel.tsx';
import { Rerun } from './rerun.tsx';
import { RunState } from './run-state.tsx';

type RunRecord = Result<'run-record'>;

const legs = ['space', 'stake', 'work', 'time'] as const;

/** One run: what it gave, what it took and cost, what it wrote, and what confirms it. */
export function Page({ params, query }: PageProps) {
  const role = query.get('role');
  const known = role === 'asked' || role === 'executed' ? ({ role } as const) : {};
  const answer = useAnswer(
    'run-record',
    { lease: params['lease'] ?? '', ...known },
    { topics: ['runs', 'wallet'] },
  );
  const { value } = answer;
  return (
    <>
      <PageHead
        title={value === undefined ? 'Run' : value.package}
        lede={
          value === undefined
            ? undefined
            : `${value.role === 'asked' ? `Executed by ${value.with}` : `Executed here for ${value.with}`}, started ${formatMoment(value.startedMs)}`
        }
      />
      <Answered answer={answer}>{(run) => <Details run={run} />}</Answered>
    </>
  );
}

function Details({ run }: { readonly run: RunRecord }) {
  const { tookMs, fuel, fuelLimit, memoryPages, memoryPagesLimit, charge, settlement } = run;
  return (
    <>
      <Figures
        figures={[
          { label: 'State', value: <RunState run={run} />, note: run.detail },
          {
            label: 'Took',
            value: tookMs === null ? 'running' : formatDuration(tookMs),
            note: `of ${formatDuration(run.deadlineMs)} at most`,
          },
          {
            label: 'Fuel',
            value: fuel === null ? 'none yet' : formatCompact(fuel),
            note: `of ${formatCompact(fuelLimit)}`,
          },
          {
            label: 'Memory',
            value: memoryPages === null ? 'none yet' : formatBytes(memoryPages * 65_536),
            note: `of ${formatBytes(memoryPagesLimit * 65_536)}`,
          },
          {
            label: 'Cost',
            value: charge === null ? 'none yet' : formatCount(charge),
            note:
              settlement.held === undefined
                ? 'base units'
                : `base units, of ${formatCount(settlement.held)} put aside`,
          },
        ]}
      />
      <div class="grid">
        <Output run={run} />
        <Log lines={run.log} />
        <Rerun run={run} />
        <Paying run={run} />
        <Proofs run={run} />
        <Limits run={run} />
        <Receipt run={run} />
      </div>
    </>
  );
}

function Output({ run: { output, status } }: { readonly run: RunRecord }) {
  return (
    <Panel title="Output" aside={output === null ? undefined : formatBytes(output.bytes)}>
      {output === null ? (
        <Empty title={status === 'running' ? 'Nothing yet: it is running' : 'It gave nothing'} />
      ) : (
        <>
          {output.text === undefined && output.hex === undefined ? null : (
            <pre class="output">{output.text ?? output.hex}</pre>
          )}
          {output.isCut ? (
            <p class="muted">The beginning of it; the whole is at the node that asked.</p>
          ) : null}
          <Facts
            facts={[['Digest', <Id key="digest" value={output.digest} what="digest of the output" />]]}
          />
        </>
      )}
    </Panel>
  );
}

function Log({ lines }: { readonly lines: readonly string[] }) {
  return (
    <Panel
      title="Log"
      aside={lines.length === 0 ? undefined : <CopyButton text={lines.join('\n')} what="log" />}
    >
      {lines.length === 0 ? (
        <Empty title="It wrote no log" />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard
        <pre class="output" tabIndex={0}>
          {lines.join('\n')}
        </pre>
      )}
    </Panel>
  );
}

function Paying({ run: { price, charge, settlement } }: { readonly run: RunRecord }) {
  const words: Readonly<Record<string, string>> = {
    held: 'Put aside, not settled yet',
    settled: 'Settled from the receipt',
    expired: 'Given back: nobody settled it in time',
    none: 'Nothing was put aside',
  };
  return (
    <Panel title="Paying">
      <Facts
        facts={[
          ['State', words[settlement.status] ?? settlement.status],
          ['Price of 1,000,000 fuel', `${formatCount(price)} base units`],
          settlement.held === undefined ? undefined : ['Put aside', formatCount(settlement.held)],
          charge === null ? undefined : ['By the receipt', formatCount(charge)],
          settlement.charged === undefined ? undefined : ['Charged', formatCount(settlement.charged)],
          settlement.fee === undefined
            ? undefined
            : ['Of it for the pool of the mesh', formatCount(settlement.fee)],
          settlement.returned === undefined ? undefined : ['Given back', formatCount(settlement.returned)],
        ]}
      />
      {settlement.status === 'held' ? (
        <p class="muted">
          Its lease is settled on the page of the <a href="/wallet">wallet</a>.
        </p>
      ) : null}
    </Panel>
  );
}

function Proofs({ run: { proofs, lease, height, timings } }: { readonly run: RunRecord }) {
  return (
    <Panel title="Proofs before the start">
      <p class="muted">
        {proofs === null
          ? 'The executing node has not told yet.'
          : 'What the executing node found of each leg before it started anything.'}
      </p>
      <Facts
        facts={[
          ...(proofs === null ? [] : legs.map((leg) => [leg, proofs[leg]] as const)),
          [
            'Lease',
            <Id
              key="lease"
              value={lease}
              what="id of the lease"
              href={`/ledger/operation/${encodeURIComponent(lease)}`}
            />,
          ],
          height === null ? undefined : ['Block', <BlockLink key="block" height={height} />],
          timings === null
            ? undefined
            : [
                'Time',
                `${formatDuration(timings.provingMs)} proving, ${formatDuration(timings.finalityMs)} until final, ${formatDuration(timings.executionMs)} executing`,
              ],
        ]}
      />
    </Panel>
  );
}

function Limits({ run: { limits, fuel, fuelLimit } }: { readonly run: RunRecord }) {
  return (
    <Panel title="Limits, and how each held">
      {fuel === null ? null : (
        <Meter
          label="Fuel taken"
          share={Number(fuel) / Number(fuelLimit)}
          text={`${formatCompact(fuel)} of ${formatCompact(fuelLimit)} fuel`}
        />
      )}
      {limits.length === 0 ? (
        <Empty title="Not told yet" />
      ) : (
        <Facts
          facts={limits.map(({ name, enforcement, how }) => [name, `${enforcement}: ${how}`] as const)}
        />
      )}
    </Panel>
  );
}

function Receipt({ run: { receipt } }: { readonly run: RunRecord }) {
  return (
    <Panel title="Receipt" isWide>
      {receipt === null ? (
        <Empty title="No receipt yet">
          <p>
            The executing node signs one when the program ends: module, input, output, fuel and how it ended.
          </p>
        </Empty>
      ) : (
        <Facts
          facts={Object.entries(receipt).map(
            ([name, value]) =>
              [
                name,
                <code key={name} class="wrap">
                  {typeof value === 'string' ? value : JSON.stringify(value)}
                </code>,
              ] as const,
          )}
        />
      )}
    </Panel>
  );
}
