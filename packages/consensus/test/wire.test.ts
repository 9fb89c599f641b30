import { toHex } from '@hypermesh/core';
import { createSeededRandom } from '@hypermesh/core/testing';
import { expect, test } from 'vitest';
import { createBlock } from '../src/engine/block.ts';
import { type Certificate, checkCertificate } from '../src/engine/certificate.ts';
import {
  decodeLogRecord,
  decodeStoredBlock,
  encodeLogRecord,
  encodeStoredBlock,
} from '../src/engine/record.ts';
import { createEd25519Scheme } from '../src/engine/scheme.ts';
import type { VoteBody } from '../src/engine/vote.ts';
import { createMessageDecoder, encodeMessage, type WireMessage } from '../src/engine/wire.ts';
import { fillCertificate, SAMPLE, sampleBlock } from './support/samples.ts';

const N = 4;
const decode = createMessageDecoder({
  validators: N,
  quorum: 3,
  maxBlockBytes: 4_096,
  maxBlockTxs: 8,
  maxTxBytes: 256,
  maxBatchBytes: 16_384,
});
const block = sampleBlock();
const body: VoteBody = { kind: 'notarize', view: 7, block: block.id };
const certificate = fillCertificate({ ...body, kind: 'finalize' });
const vote = { ...body, signer: 2, signature: SAMPLE.schemes[2]?.sign?.(body) as Uint8Array };

const MESSAGES: readonly WireMessage[] = [
  { type: 'vote', vote },
  {
    type: 'vote',
    vote: { kind: 'nullify', view: 9, block: '', signer: 0, signature: new Uint8Array(64).fill(1) },
  },
  { type: 'certificate', certificate },
  { type: 'block', block },
  { type: 'get-block', id: block.id },
  { type: 'get-certificates', from: 3, to: 9 },
  { type: 'status', view: 9, finalizedView: 2 ** 40, height: 5 },
  { type: 'get-finalized', height: 12 },
  {
    type: 'finalized',
    entries: [
      { block, certificate: undefined },
      { block, certificate },
    ],
  },
  { type: 'txs', txs: [Uint8Array.of(1, 2), new Uint8Array(0)] },
];

test.each(MESSAGES)('a $type message decodes to what was encoded', (message) => {
  const bytes = encodeMessage(message, N);
  expect(decode(bytes)).toEqual({ ok: true, message });
});

const encoded = (message: WireMessage): Uint8Array => encodeMessage(message, N);
const changed = (message: WireMessage, at: number, value: number): Uint8Array => {
  const bytes = encoded(message);
  bytes[at < 0 ? bytes.length + at : at] = value;
  return bytes;
};
const [VOTE, NULLIFY, CERTIFICATE, BLOCK, , RANGE, STATUS, , FINALIZED, TXS] = MESSAGES as WireMessage[] as [
  WireMessage,
  WireMessage,
  WireMessage,
  WireMessage,
  WireMessage,
  WireMessage,
  WireMessage,
  WireMessage,
  WireMessage,
  WireMessage,
];
const huge = (bytes: Uint8Array, at: number): Uint8Array => {
  new DataView(bytes.buffer).setUint32(at, 0xffff_ffff);
  return bytes;
};

test.each<[string, Uint8Array, string]>([
  ['nothing', new Uint8Array(0), 'empty'],
  ['type 0', Uint8Array.of(0), 'unknown-type'],
  ['type 10', Uint8Array.of(10, 1, 2), 'unknown-type'],
  ['more than any message holds', new Uint8Array(1 << 20), 'too-large'],
  ['half a vote', encoded(VOTE).subarray(0, 60), 'truncated'],
  ['a vote and a byte', Uint8Array.of(...encoded(VOTE), 0), 'trailing-bytes'],
  ['a vote of an unknown kind', changed(VOTE, 1, 9), 'vote'],
  ['a vote for view 0', Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0, 0, 0, ...encoded(VOTE).subarray(10)), 'vote'],
  ['a vote of a signer who does not exist', changed(VOTE, 43, 4), 'vote'],
  ['a nullify vote that names a block', changed(NULLIFY, 20, 1), 'vote'],
  ['a view beyond 2^53', changed(VOTE, 2, 0xff), 'truncated'],
  ['half a certificate', encoded(CERTIFICATE).subarray(0, 100), 'certificate:truncated'],
  ['a certificate of an unknown kind', changed(CERTIFICATE, 1, 0), 'certificate:vote-head'],
  [
    'a certificate of a signer who does not exist',
    changed(CERTIFICATE, 42, 0b1_0011),
    'certificate:signer-bitmap',
  ],
  ['a certificate of too few', changed(CERTIFICATE, 42, 0b11), 'certificate:signer-count'],
  ['a certificate of too many', changed(CERTIFICATE, 42, 0b1111), 'certificate:signer-count'],
  ['a block that is no record', changed(BLOCK, 1, 0x80), 'block:trailing-bytes'],
  ['half a block', encoded(BLOCK).subarray(0, 200), 'block:truncated'],
  [
    'a block with another transaction',
    changed(BLOCK, Buffer.from(encoded(BLOCK)).indexOf('two'), 0x55),
    'block:tx-root',
  ],
  [
    'a block that is too large',
    encoded({
      type: 'block',
      block: createBlock(
        block.header,
        Array.from({ length: 8 }, (_, i) => new Uint8Array(600).fill(i)),
      ),
    }),
    'block:too-large',
  ],
  [
    'a block of too many transactions',
    encoded({
      type: 'block',
      block: createBlock(
        block.header,
        Array.from({ length: 9 }, (_, i) => Uint8Array.of(i)),
      ),
    }),
    'block:wrong-length',
  ],
  [
    'a block of a transaction that is too large',
    encoded({ type: 'block', block: createBlock(block.header, [new Uint8Array(257)]) }),
    'block:wrong-length',
  ],
  [
    'a block that holds a transaction twice',
    encoded({ type: 'block', block: createBlock(block.header, [Uint8Array.of(1), Uint8Array.of(1)]) }),
    'block:duplicate-tx',
  ],
  ['views the wrong way round', encoded({ type: 'get-certificates', from: 9, to: 3 }), 'view-range'],
  ['too many views', encoded({ type: 'get-certificates', from: 1, to: 65 }), 'view-range'],
  ['half a range', encoded(RANGE).subarray(0, 9), 'truncated'],
  ['a status and a byte', Uint8Array.of(...encoded(STATUS), 1), 'trailing-bytes'],
  ['finalized blocks that are announced and not there', Uint8Array.of(8, 0, 3), 'truncated'],
  ['a finalized block of 4 GiB', huge(encoded(FINALIZED), 3), 'truncated'],
  ['more finalized blocks than a message holds', changed(FINALIZED, 1, 0xff), 'too-many'],
  ['more transactions than a message holds', changed(TXS, 1, 0xff), 'too-many'],
  ['a transaction of 4 GiB', huge(encoded(TXS), 3), 'too-large'],
  ['half a transaction', encoded(TXS).subarray(0, 8), 'truncated'],
])('%s is refused', (_, bytes, reason) => {
  expect(decode(bytes)).toEqual({ ok: false, reason });
});

test('no bytes make the decoders throw', () => {
  const random = createSeededRandom('wire');
  for (let round = 0; round < 3_000; round += 1) {
    const bytes = encoded(MESSAGES[random.below(MESSAGES.length)] as WireMessage).slice();
    for (let flips = random.below(4); flips >= 0; flips -= 1)
      bytes[random.below(bytes.length)] = random.below(256);
    const cut = random.below(3) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes;
    expect(typeof decode(cut).ok).toBe('boolean');
    decodeLogRecord(cut, N, 3);
    decodeStoredBlock(cut, N, 3);
  }
});

test('log records and stored blocks decode to what was encoded', () => {
  for (const record of [
    { type: 'vote', ...body },
    { type: 'block', block },
    { type: 'certificate', certificate },
  ] as const) {
    expect(decodeLogRecord(encodeLogRecord(record, N), N, 3)).toEqual(record);
  }
  for (const entry of [
    { block, certificate },
    { block, certificate: undefined },
  ]) {
    expect(decodeStoredBlock(encodeStoredBlock(entry, N), N, 3)).toEqual(entry);
  }
});

test.each<[string, Partial<Certificate>]>([
  ['another view', { view: 8 }],
  ['another kind', { kind: 'notarize' }],
  ['another block', { block: 'ab'.repeat(32) }],
  ['one signer three times', { signers: [0, 0, 0] }],
  ['signers out of order', { signers: [1, 0, 2] }],
  ['a signer who did not sign', { signers: [0, 1, 3] }],
  ['a signer who does not exist', { signers: [0, 1, 9] }],
  ['a signature too few', { signatures: certificate.signatures.slice(1) }],
])('a certificate with %s proves nothing', (_, change) => {
  const scheme = createEd25519Scheme(SAMPLE.chain, SAMPLE.publicKeys);
  expect(checkCertificate(certificate, scheme, { quorum: 3 })).toBe(true);
  expect(checkCertificate({ ...certificate, ...change }, scheme, { quorum: 3 })).toBe(false);
});

test('votes of another chain do not count', () => {
  const other = createEd25519Scheme(new Uint8Array(32).fill(1), SAMPLE.publicKeys);
  expect(other.verify(body, 2, vote.signature)).toBe(false);
  expect(toHex(vote.signature)).toHaveLength(128);
});
