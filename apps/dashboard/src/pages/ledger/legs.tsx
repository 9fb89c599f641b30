import type { Result } from '@hypermesh/client';
import type { ComponentChildren } from 'preact';
import { formatBytes, formatCount } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Badge } from '../../parts/badge.tsx';
import { BlockLink } from '../../parts/block-link.tsx';
import { Facts } from '../../parts/figures.tsx';

type ProofLegs = NonNullable<Result<'operation'>['proof']['legs']>;
type Fact = readonly [string, ComponentChildren];

/** What each leg shows, with its numbers: where, who, what, when. */
export function Legs({ legs: { space, stake, work, time } }: { readonly legs: ProofLegs }) {
  return (
    <div class="legs">
      <Leg
        title="Space: where"
        leg={space}
        facts={[
          [
            'Committed',
            `${formatBytes(space.committedBytes)}, of ${formatBytes(space.minimumBytes)} at least`,
          ],
          [
            'Challenges answered',
            `${formatCount(space.answers.length)} of ${formatCount(space.challenges)}; ${formatCount(space.needed)} needed`,
          ],
          ['Scheme', space.scheme],
          ['Against the state of', <BlockLink key="state" height={space.stateHeight} />],
        ]}
      />
      <Leg
        title="Stake: who"
        leg={stake}
        facts={[
          ['Bonded', `${formatCount(stake.power)}, of ${formatCount(stake.minimumPower)} at least`],
          ['State', stake.status],
          ['Renewed', `${formatDuration(stake.ageMs)} before, of ${formatDuration(stake.maxAgeMs)} at most`],
          ['Against the state of', <BlockLink key="state" height={stake.stateHeight} />],
        ]}
      />
      <Leg
        title="Work: what and how"
        leg={work}
        facts={[
          ['Zero bits', `${work.zeros}, of ${work.difficulty} at least`],
          ['Puzzle', `${work.puzzle}, ${formatBytes(work.memoryKib * 1024)} memory`],
          ['Binds', 'this operation and its delay'],
          ...(work.receipt === undefined
            ? []
            : [['Receipt', 'of an execution, to be repeated by anybody'] as const]),
        ]}
      />
      <Leg
        title="Time: when"
        leg={time}
        facts={[
          [
            'Squarings one after the other',
            `${formatCount(time.iterations)}, of ${formatCount(time.minimumIterations)} at least`,
          ],
          [
            'After',
            <span key="anchor">
              block <BlockLink height={time.anchor.height} />
            </span>,
          ],
          [
            'Age of that block',
            `${formatDuration(time.anchorAgeMs)}, of ${formatDuration(time.maxAgeMs)} at most`,
          ],
          ['Group', time.group],
        ]}
      />
    </div>
  );
}

function Leg({
  title,
  leg,
  facts,
}: {
  readonly title: string;
  readonly leg: {
    readonly ok: boolean;
    readonly reason?: string;
    readonly costMs: number;
    readonly bytes: number;
  };
  readonly facts: readonly Fact[];
}) {
  return (
    <section class="leg" aria-label={title}>
      <h3>
        {title} <Badge tone={leg.ok ? 'good' : 'bad'}>{leg.ok ? 'holds' : 'fails'}</Badge>
      </h3>
      {leg.reason === undefined ? null : <p class="field-error">{leg.reason}</p>}
      <Facts
        facts={[...facts, ['Proof', `${formatBytes(leg.bytes)}, verified in ${formatDuration(leg.costMs)}`]]}
      />
    </section>
  );
}
