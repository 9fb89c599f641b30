import { sha256, utf8 } from '@hypermesh/core';
import { type Block, createBlock, validatorsHashOf } from '../../src/engine/block.ts';
import type { Certificate } from '../../src/engine/certificate.ts';
import { createEd25519Scheme } from '../../src/engine/scheme.ts';
import type { VoteBody } from '../../src/engine/vote.ts';
import { keysOf } from './mesh.ts';

const keys = keysOf(4);
const publicKeys = keys.map(({ publicKey }) => publicKey);
const chain = new Uint8Array(32).fill(0xc0);

export const SAMPLE = {
  chain,
  publicKeys,
  schemes: keys.map(({ secretKey }) => createEd25519Scheme(chain, publicKeys, secretKey)),
};

/** A block of fixed contents. */
export function sampleBlock(): Block {
  const hash = (text: string): Uint8Array => sha256(utf8(text));
  return createBlock(
    {
      chain,
      height: 5,
      view: 7,
      parent: hash('parent'),
      timeMs: 1_700_000_000_123,
      proposer: 3,
      stateHeight: 4,
      stateRoot: hash('state'),
      validatorsHash: validatorsHashOf(publicKeys),
    },
    [utf8('one'), utf8('two')],
  );
}

/** A certificate of the first three of four validators. */
export function fillCertificate(body: VoteBody): Certificate {
  const signers = [0, 1, 2];
  return { ...body, signers, signatures: signers.map((i) => SAMPLE.schemes[i]?.sign?.(body) as Uint8Array) };
}
