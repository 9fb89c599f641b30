import { useSignal } from '@preact/signals';
import { mayAct } from '../../app/access.ts';
import { formatCount, formatShare } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Facts } from '../../parts/figures.tsx';
import { Panel } from '../../parts/panel.tsx';
import { type Asset, allocations, levels, type Policy } from './levels.ts';
import { hourlyPrice, lendable, proofsText } from './policy-effect.ts';
import { hoursText } from './policy-fields.ts';
import { PolicyForm } from './policy-form.tsx';
import { formatQuantity, unitOf } from './quantities.ts';

/** On what terms an asset is lent; its owner can change them here. */
export function PolicyPanel({
  asset,
  policy,
  isOwn,
}: {
  readonly asset: Asset;
  readonly policy: Policy;
  readonly isOwn: boolean;
}) {
  const isOpen = useSignal(false);
  const close = () => {
    isOpen.value = false;
  };
  return (
    <Panel
      title="Policy"
      isWide={isOpen.value}
      aside={
        isOwn && !isOpen.value && mayAct.value ? (
          <button
            type="button"
            class="button"
            onClick={() => {
              isOpen.value = true;
            }}
          >
            Change the policy
          </button>
        ) : undefined
      }
    >
      {isOpen.value ? (
        <PolicyForm asset={asset} policy={policy} onClose={close} />
      ) : (
        <Terms asset={asset} policy={policy} />
      )}
    </Panel>
  );
}

function Terms({ asset: { kind, capacity }, policy }: { readonly asset: Asset; readonly policy: Policy }) {
  const { shareBp } = policy;
  const list = (names: readonly string[]) => (names.length === 0 ? undefined : names.join(', '));
  return (
    <Facts
      facts={[
        ['Open to', wordsOf(levels, policy.level)],
        ['Terms', wordsOf(allocations, policy.allocation)],
        list(policy.groups) === undefined ? undefined : ['Groups', list(policy.groups)],
        list(policy.networks) === undefined ? undefined : ['Networks', list(policy.networks)],
        [
          'Share that is lent',
          capacity === undefined
            ? formatShare(shareBp)
            : `${formatShare(shareBp)}, ${formatQuantity(kind, lendable(capacity, shareBp))}`,
        ],
        [
          'Leases at once',
          `${formatCount(policy.maxLeases)}, of one member ${formatCount(policy.maxLeasesEach)}`,
        ],
        ['Longest lease', formatDuration(policy.maxDurationMs)],
        ['Hours (UTC)', hoursText(policy.hours)],
        [`Price of one ${unitOf(kind).name} for an hour`, hourlyPrice(kind, policy)],
        ['Proofs at least', proofsText(policy)],
      ]}
    />
  );
}

function wordsOf(choices: readonly (readonly [value: string, words: string])[], value: string): string {
  return choices.find(([each]) => each === value)?.[1] ?? value;
}
