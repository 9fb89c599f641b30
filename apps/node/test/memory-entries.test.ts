import {
  type CanonicalValue,
  type ChainId,
  domainMessage,
  encodeCanonical,
  type NodeId,
  nodeIdOf,
} from '@hypermesh/core';
import { createSigner, generateKey } from '@hypermesh/core/ed25519';
import { pageBytes, signMapping } from '@hypermesh/proxy-nat';
import { expect, it } from 'vitest';
import type { LedgerService } from '../src/ledger/service.ts';
import { networkOf } from '../src/memory/addressing.ts';
import { memoryEntries } from '../src/memory/entries.ts';

const chainId = 'ab'.repeat(32) as ChainId;
const signerOf = (seed: number) => createSigner(generateKey(new Uint8Array(32).fill(seed)).secretKey);
const eve = signerOf(1);
const birch = signerOf(2);
const members = new Map<NodeId, unknown>([
  [nodeIdOf(eve.publicKey), {}],
  [nodeIdOf(birch.publicKey), {}],
]);
const addressesOf = (signer: typeof eve) => {
  const network = networkOf(chainId, members, nodeIdOf(signer.publicKey));
  if (network === undefined) throw new TypeError('a member has addresses');
  return network.address;
};
const inBytes = (value: bigint) => Buffer.from(value.toString(16).padStart(32, '0'), 'hex');
const id = '22'.repeat(16);
const expiresMs = 2_000_000;

/** A grant as a lender may word it, with the home's own code out of the way. */
function grantOf(address: bigint, sizeBytes: number): Uint8Array {
  const body = encodeCanonical({
    v: 1,
    id: Uint8Array.from(Buffer.from(id, 'hex')),
    address: Uint8Array.from(inBytes(address)),
    sizeBytes,
    holder: eve.publicKey,
    grantee: 'amber',
    rights: 7,
    generation: 1,
    expiresMs,
    maxBytes: 1_000_000,
    maxOperations: 1_000_000,
  });
  const signature = eve.sign(domainMessage('hypermesh/proxy-nat/grant/v1', body));
  return encodeCanonical({ v: 1, body, signature });
}

/** The entries of a ledger on which eve exported a prefix and granted a region of it. */
function entriesWith(prefix: { address: bigint; length: number }, region: [bigint, number]) {
  const times = { home: 'eve', epoch: 1, fromMs: 0, untilMs: expiresMs };
  const state = new Map<string, object>([
    ['export/own', { owner: eve.publicKey, value: signMapping({ prefix, ...times }, eve) }],
    [
      `grant/${id}`,
      { owner: eve.publicKey, value: { export: 'own', revoked: false, grant: grantOf(...region) } },
    ],
  ]);
  const ledger = {
    get: (key: string) => state.get(key) as CanonicalValue | undefined,
    *entries(start: string) {
      for (const [key, value] of state) if (key.startsWith(start)) yield [key, value] as const;
    },
  };
  return memoryEntries({ ledger } as unknown as LedgerService, { chainId, members });
}

const own = addressesOf(eve);
const lastPage = own + 2n ** 64n - BigInt(pageBytes);

it("a grant within its export and its lender's addresses is one", () => {
  const entries = entriesWith({ address: lastPage, length: 116 }, [lastPage, pageBytes]);
  expect(entries.grant(id)).toMatchObject({ isRevoked: false, grant: { address: lastPage } });
  expect([...entries.grants()]).toHaveLength(1);
});

it.each([
  ['that reaches from the last page of its lender into the addresses of the next member', 64, 2 ** 53 - 1],
  ['of more than was exported', 116, 2 * pageBytes],
  ['of nothing', 116, 0],
])('a grant %s is none, whoever signed it', (_, length, sizeBytes) => {
  expect(addressesOf(birch)).toBe(own + 2n ** 64n);
  const address = length === 64 ? own : lastPage;
  const entries = entriesWith({ address, length }, [lastPage, sizeBytes]);
  expect(entries.grant(id)).toBeUndefined();
  expect([...entries.grants()]).toEqual([]);
});

it('an export of everything does not help a lender to the addresses of others', () => {
  const entries = entriesWith({ address: 0n, length: 0 }, [lastPage, 2 ** 53 - 1]);
  expect(entries.grant(id)).toBeUndefined();
});
