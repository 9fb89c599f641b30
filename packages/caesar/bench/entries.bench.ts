import { interleave, report } from '@hypermesh/bench';
import { createMemoryState, createValueLedger, type Entry, replayEntries } from '@hypermesh/caesar';
import { encodeCanonical, sha256 } from '@hypermesh/core';

/* Entries a second: transfers between 1,000 accounts, audits, and replays; beside hashing what an entry says, the floor. */

const count = 20_000;
const rate = (work: () => void) => () => {
  const startMs = performance.now();
  work();
  return (count / (performance.now() - startMs)) * 1_000;
};
function filled() {
  const ledger = createValueLedger(createMemoryState());
  for (let at = 0; at < 1_000; at++) ledger.mint({ id: `m${at}`, to: `a${at}`, amount: 1_000_000n, atMs: 0 });
  return ledger;
}
function transfer(ledger: ReturnType<typeof createValueLedger>) {
  for (let at = 0; at < count; at++) {
    const [from, to] = [`a${at % 1_000}`, `a${(at * 7 + 1) % 1_000}`];
    ledger.transfer({ id: `t${at}`, from, to, amount: 5n, atMs: at });
  }
}
const done = filled();
transfer(done);
const entries = Array.from({ length: done.head().length }, (_, index) => done.entry(index) as Entry);

const sampled = await interleave({
  rounds: 9,
  warmup: 2,
  cases: {
    floor: rate(() => {
      for (const { body } of entries.slice(-count)) sha256(encodeCanonical(body));
    }),
    transfer: () => {
      const ledger = filled();
      return rate(() => transfer(ledger))();
    },
    audit: rate(() => void done.audit()),
    replay: rate(() => void replayEntries(createMemoryState(), entries)),
  },
});
for (const name of ['transfer', 'audit', 'replay'] as const)
  report({
    name: `caesar/${name} accounts=1000`,
    value: sampled[name],
    unit: 'entries/s',
    baseline: sampled.floor,
    baselineName: 'encoding and hashing the entries alone',
  });
