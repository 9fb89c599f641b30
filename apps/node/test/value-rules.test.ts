import { createMemoryState, createValueLedger, MOST_AMOUNT } from '@hypermesh/caesar';
import { type Operation, profileOf, type StateView } from '@hypermesh/consensus';
import {
  type CanonicalValue,
  type ChainId,
  cidOf,
  decodeCanonical,
  encodeCanonical,
  nodeIdOf,
  type OperationId,
  toHex,
} from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { defaultTerms, encodeLeaseTerms, type LeaseTerms } from '../src/run/lease.ts';
import { valueRules } from '../src/wallet/rules.ts';
import { signUsage } from '../src/wallet/usage-receipt.ts';

const keys = [1, 2, 3].map((seed) => generateKey(new Uint8Array(32).fill(seed)));
const accounts = keys.map(({ publicKey }) => nodeIdOf(publicKey));
const chain = new Uint8Array(32).fill(5);
const chainId = toHex(chain) as ChainId;
const otherChain = '06'.repeat(32) as ChainId;
const document = cidOf(chain, 'dag-cbor', 'blake3-256') as LeaseTerms['document'];
const most = 2n ** 64n - 1n;

const party = fc.nat(2);
const amount = fc.oneof(fc.bigInt({ min: 0n, max: most }), fc.constantFrom(0n, 1n, most, -1n, -(2n ** 63n)));
const word = fc.oneof(
  fc.constantFrom('', 'issuer', 'pool', 'hold:0', '__proto__', 'x'.repeat(201), ...accounts),
  fc.string({ unit: 'grapheme', maxLength: 130 }),
);
const anything = fc.oneof(amount, word, fc.boolean(), fc.constant(null), fc.uint8Array(), fc.constant([]));
const step = fc.oneof(
  fc.record({ do: fc.constant('transfer' as const), by: party, to: word, amount }),
  fc.record({
    do: fc.constant('commit' as const),
    by: party,
    executor: party,
    fuel: fc.bigInt({ min: 0n, max: most }),
    price: fc.constantFrom(0n, 1n, 1_000n, most),
    deadlineMs: fc.constantFrom(0, 1_000, 86_400_000),
  }),
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      by: party,
      lease: fc.nat(),
      fuel: fc.oneof(fc.bigInt({ min: 0n, max: most }), fc.constant(1n), fc.constant(2n)),
      /** Signed by the lease's executor or by somebody else, for this chain or for another one. */
      isExecutor: fc.boolean(),
      isOurs: fc.boolean(),
    }),
  },
  fc.record({ do: fc.constant('expire' as const), by: party, lease: fc.nat() }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.oneof(fc.nat(1_000), fc.nat(90_000_000)) }),
  fc.record({
    do: fc.constant('anything' as const),
    by: party,
    kind: fc.constantFrom(...Object.keys(valueRules)),
    body: fc.oneof(
      anything,
      fc.dictionary(fc.constantFrom('key', 'value', 'to', 'amount', 'note', '__proto__'), anything),
    ),
  }),
);
type Step = Exclude<typeof step extends fc.Arbitrary<infer One> ? One : never, { readonly do: 'pass' }>;

/** A value as it comes out of a block or of the state: small integers are numbers. */
function reread(value: unknown): CanonicalValue {
  const decoded = decodeCanonical(encodeCanonical(value));
  if (!decoded.ok) throw new TypeError(decoded.reason);
  return decoded.value;
}

it('no body makes a rule of value throw, and whatever is asked nothing is made, lost or settled by the wrong word', () => {
  let settled = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
      const state = createMemoryState();
      const books = createValueLedger(state);
      for (const to of accounts) books.mint({ id: `genesis:${to}`, to, amount: MOST_AMOUNT / 3n, atMs: 1 });
      const leases: { readonly id: OperationId; readonly executor: number }[] = [];
      let timeMs = 1_000_000;
      let height = 0;

      const pick = (at: number) => leases[at % leases.length] ?? { id: 'none' as OperationId, executor: 0 };
      const operationOf = (one: Step): { kind: string; body: unknown } => {
        switch (one.do) {
          case 'transfer':
            return { kind: 'value.transfer', body: { to: one.to, amount: one.amount, note: '' } };
          case 'commit': {
            const { fuel, price, deadlineMs } = one;
            const executor = accounts[one.executor] as LeaseTerms['executor'];
            const rest = {
              executor,
              package: 'echo@1.0.0',
              document,
              memoryPages: 1,
              fuel,
              price,
              deadlineMs,
            };
            return {
              kind: 'lease.commit',
              body: { key: `run-${height}`, value: encodeLeaseTerms({ ...defaultTerms, ...rest }) },
            };
          }
          case 'settle': {
            const lease = pick(one.lease);
            const signer = (lease.executor + (one.isExecutor ? 0 : 1)) % 3;
            const { secretKey } = keys[signer] as (typeof keys)[number];
            const executor = accounts[signer] as LeaseTerms['executor'];
            const about = { wallMs: 1, exit: 'ok', memoryPages: 1, output: new Uint8Array(32) };
            const usage = { lease: lease.id, executor, fuel: one.fuel, ...about };
            const value = signUsage(usage, one.isOurs ? chainId : otherChain, secretKey);
            return { kind: 'lease.settle', body: { key: lease.id, value } };
          }
          case 'expire':
            return { kind: 'lease.expire', body: { key: pick(one.lease).id, value: null } };
          case 'anything':
            return one;
          default:
            return one satisfies never;
        }
      };

      for (const one of steps) {
        if (one.do === 'pass') {
          timeMs += one.ms;
          continue;
        }
        height += 1;
        const { kind, body } = operationOf(one);
        const id = cidOf(encodeCanonical(height), 'dag-cbor') as OperationId;
        const actor = (keys[one.by] as (typeof keys)[number]).publicKey;
        const operation: Operation = {
          v: 1,
          chain,
          kind,
          actor,
          sequence: height,
          needs: { spaceBytes: 0n, power: 0n, workBits: 0 },
          body: reread(body),
        };
        const profile = profileOf('localhost');
        const writes = new Map<string, CanonicalValue | undefined>();
        const view: StateView = {
          get: (key) => (writes.has(key) ? writes.get(key) : state.get(key)),
          set: (key, value) => writes.set(key, value === undefined ? value : reread(value)),
        };
        const context = { operation, id, height, timeMs, anchorHeight: height - 1, profile };
        const code = valueRules[kind]?.(view, context);
        if (code !== 'ok') continue;
        for (const [key, value] of writes) if (value !== undefined) state.set(key, value);
        if (one.do === 'commit') leases.push({ id, executor: one.executor });
        if (one.do !== 'settle') continue;
        expect([one.isOurs, one.isExecutor]).toEqual([true, true]);
        settled += 1;
      }
      expect(books.audit()).toMatchObject({ ok: true, total: (MOST_AMOUNT / 3n) * 3n });
    }),
    { numRuns: 500 },
  );
  expect(settled).toBeGreaterThan(5);
});
