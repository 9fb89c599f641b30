import { readFileSync, writeFileSync } from 'node:fs';
import { sha256, toHex } from '@hypermesh/core';
import { expect, test } from 'vitest';
import { encodeCertificate } from '../src/engine/certificate.ts';
import { finalityProof } from '../src/engine/finalized-chain.ts';
import { encodeLogRecord, encodeStoredBlock } from '../src/engine/record.ts';
import { voteMessage } from '../src/engine/vote.ts';
import { encodeMessage } from '../src/engine/wire.ts';
import { encodeFinalityProof, type FinalityProof } from '../src/light/proof.ts';
import { encodeBatch, encodeFrame } from '../src/storage/frame.ts';
import { fillCertificate, SAMPLE, sampleBlock } from './support/samples.ts';

const file = new URL('./codec.golden.json', import.meta.url);

test('the bytes of every encoded type are what they were', () => {
  const block = sampleBlock();
  const body = { kind: 'finalize', view: 7, block: block.id } as const;
  const certificate = fillCertificate(body);
  const hash = (bytes: Uint8Array): string => toHex(sha256(bytes));
  const hashes = {
    'block hash': toHex(block.hash),
    block: hash(block.bytes),
    'vote preimage': hash(voteMessage(SAMPLE.chain, body)),
    'vote message': hash(
      encodeMessage({ type: 'vote', vote: { ...body, signer: 1, signature: new Uint8Array(64) } }, 4),
    ),
    certificate: hash(encodeCertificate(certificate, 4)),
    'finalized message': hash(encodeMessage({ type: 'finalized', entries: [{ block, certificate }] }, 4)),
    'status message': hash(encodeMessage({ type: 'status', view: 3, finalizedView: 2, height: 1 }, 4)),
    'log record': hash(encodeLogRecord({ type: 'vote', ...body }, 4)),
    'stored block': hash(encodeStoredBlock({ block, certificate }, 4)),
    frame: hash(encodeFrame(new Uint8Array(16), 1, encodeBatch([Uint8Array.of(1), Uint8Array.of(2)]))),
    'finality proof': hash(encodeFinalityProof(finalityProof([{ block, certificate }], 1) as FinalityProof)),
  };
  if (globalThis.process?.env['HYPERMESH_GOLDEN'] === 'write')
    writeFileSync(file, `${JSON.stringify(hashes, null, 2)}\n`);
  expect(hashes).toEqual(JSON.parse(readFileSync(file, 'utf8')));
});
