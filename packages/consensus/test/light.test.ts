import { type ChainId, utf8 } from '@hypermesh/core';
import { expect, test } from 'vitest';
import { createBlock, validatorsHashOf } from '../src/engine/block.ts';
import { finalityProof } from '../src/engine/finalized-chain.ts';
import { proveEntry, rootOf, withEntry } from '../src/ledger/state-tree.ts';
import {
  decodeFinalityProof,
  encodeFinalityProof,
  type FinalityProof,
  verifyFinality,
  verifyState,
} from '../src/light/index.ts';
import { keysOf } from './support/mesh.ts';
import { fillCertificate, SAMPLE, sampleBlock } from './support/samples.ts';

const chain = 'c0'.repeat(32) as ChainId;
const trust = { chain, validators: SAMPLE.publicKeys.map((publicKey) => ({ publicKey })) };
const block = sampleBlock();
const certificate = fillCertificate({ kind: 'finalize', view: 7, block: block.id });
const proof = finalityProof([{ block, certificate }], 1) as FinalityProof;

const child = createBlock({ ...block.header, height: 6, view: 9, parent: block.hash }, []);
const childCertificate = fillCertificate({ kind: 'finalize', view: 9, block: child.id });
const indirect = finalityProof(
  [
    { block, certificate: undefined },
    { block: child, certificate: childCertificate },
  ],
  1,
) as FinalityProof;

test('a proof shows its transaction final without a node, also after a round trip through bytes', () => {
  expect(verifyFinality(proof, trust, { tx: utf8('two') })).toMatchObject({
    ok: true,
    header: block.header,
    hash: block.hash,
  });
  expect(verifyFinality(encodeFinalityProof(proof), trust, { tx: utf8('two') }).ok).toBe(true);
  expect(decodeFinalityProof(encodeFinalityProof(proof))).toEqual({ ok: true, proof });
});

test('a block that a later certified one extends is final too', () => {
  expect(verifyFinality(indirect, trust, { tx: utf8('two') })).toMatchObject({ ok: true, hash: block.hash });
});

const other = new Uint8Array(32).fill(5);
const flipped = proof.certificate.signatures.map((signature, i) =>
  i === 1 ? signature.toReversed() : signature,
);

test.each<[string, unknown, string]>([
  ['nothing', undefined, 'malformed'],
  ['a number', 5, 'malformed'],
  ['bytes that are no record', Uint8Array.of(1, 2, 3), 'malformed'],
  ['an empty object', {}, 'malformed'],
  ['an unknown field', { ...proof, more: 1 }, 'malformed'],
  ['another height', { ...proof, header: { ...proof.header, height: 6 } }, 'signature'],
  ['another state root', { ...proof, header: { ...proof.header, stateRoot: other } }, 'signature'],
  ['another root of transactions', { ...proof, header: { ...proof.header, txRoot: other } }, 'inclusion'],
  ['another chain', { ...proof, header: { ...proof.header, chain: other } }, 'chain'],
  ['other validators', { ...proof, header: { ...proof.header, validatorsHash: other } }, 'validators'],
  ['a certificate of another view', { ...proof, certificate: { ...proof.certificate, view: 8 } }, 'view'],
  [
    'a signer who did not sign',
    { ...proof, certificate: { ...proof.certificate, signers: [0, 1, 3] } },
    'signature',
  ],
  [
    'one signer three times',
    { ...proof, certificate: { ...proof.certificate, signers: [1, 1, 1] } },
    'signature',
  ],
  ['too few signers', { ...proof, certificate: { ...proof.certificate, signers: [0, 1] } }, 'signer-count'],
  [
    'a changed signature',
    { ...proof, certificate: { ...proof.certificate, signatures: flipped } },
    'signature',
  ],
  [
    'a notarization in its place',
    {
      ...proof,
      certificate: {
        ...proof.certificate,
        signatures: fillCertificate({ kind: 'notarize', view: 7, block: block.id }).signatures,
      },
    },
    'signature',
  ],
  ['descendants that do not lead on', { ...indirect, descendants: [block.header] }, 'descendants'],
  [
    'a descendant of another height',
    { ...indirect, descendants: [{ ...child.header, height: 7 }] },
    'descendants',
  ],
  ['no descendant where one is needed', { ...indirect, descendants: [] }, 'view'],
  ['another index', { ...proof, inclusion: { ...proof.inclusion, txIndex: 0 } }, 'inclusion'],
  ['another leaf', { ...proof, inclusion: { ...proof.inclusion, leafHash: other } }, 'other-tx'],
])('a proof with %s is refused', (_, bad, reason) => {
  expect(verifyFinality(bad as FinalityProof, trust, { tx: utf8('two') })).toEqual({ ok: false, reason });
});

test('a proof of another transaction, and one without inclusion, do not show the transaction', () => {
  const { inclusion: _, ...bare } = proof;
  expect(verifyFinality(proof, trust, { tx: utf8('one') })).toEqual({ ok: false, reason: 'other-tx' });
  expect(verifyFinality(bare, trust, { tx: utf8('two') })).toEqual({ ok: false, reason: 'no-inclusion' });
  expect(verifyFinality(bare, trust).ok).toBe(true);
});

test("validators of one's own do not make a block final", () => {
  const forgers = keysOf(8)
    .slice(4)
    .map(({ publicKey }) => ({ publicKey }));
  expect(verifyFinality(proof, { chain, validators: forgers })).toEqual({ ok: false, reason: 'validators' });
});

test('a key and its value are shown against the state that a final header names', () => {
  const state = withEntry(withEntry(undefined, 'bond/one', utf8('5')), 'bond/two', utf8('7'));
  const header = {
    ...block.header,
    stateRoot: rootOf(state),
    validatorsHash: validatorsHashOf(SAMPLE.publicKeys),
  };
  const named = createBlock(header, []);
  const final = finalityProof([
    { block: named, certificate: fillCertificate({ kind: 'finalize', view: 7, block: named.id }) },
  ]) as FinalityProof;
  const entry = proveEntry(state, 'bond/two');
  if (entry === undefined) throw new Error('the key is there');
  expect(verifyState(final, entry, trust)).toMatchObject({
    ok: true,
    stateHeight: 4,
    key: 'bond/two',
    value: utf8('7'),
  });
  expect(verifyState(final, { ...entry, value: utf8('8') }, trust)).toEqual({
    ok: false,
    reason: 'state-root',
  });
  expect(verifyState(final, { ...entry, path: 3 as never }, trust)).toEqual({
    ok: false,
    reason: 'malformed-state-proof',
  });
  expect(verifyState(proof, entry, trust)).toEqual({ ok: false, reason: 'state-root' });
});
