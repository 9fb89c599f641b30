import { interleave, report } from '@hypermesh/bench';
import {
  encodeOperation,
  encodeProof,
  prove,
  vdf,
  verifyOperation,
  verifyPuzzle,
  verifyVrf,
} from '@hypermesh/consensus';
import { createProofFixture } from '@hypermesh/consensus/testing';
import { sha256 } from '@hypermesh/core';
import { generateKey, sign, verify } from '@hypermesh/core/ed25519';

const fixture = await createProofFixture({ seed: 'bench' });
const { operation, proof, context } = fixture;
const bytes = { operation: encodeOperation(operation), proof: encodeProof(proof) };

const { secretKey, publicKey } = generateKey();
const message = sha256(bytes.proof);
const signature = sign(message, secretKey);

const TURNS = 10;
/** Milliseconds of one turn. */
const each =
  (turn: () => unknown, turns = TURNS) =>
  async (): Promise<number> => {
    const startMs = performance.now();
    for (let i = 0; i < turns; i++) await turn();
    return (performance.now() - startMs) / turns;
  };

const challenge = sha256(message);
const puzzle = {
  input: challenge,
  actor: publicKey,
  nonce: new Uint8Array(8),
  memoryKib: 4096,
  difficulty: 0,
};
const vrfProof = fixture.vrf.prove(message).proof;
const delay = vdf('rsa-2048');
const delayed = { input: message, iterations: 2 ** 16, ...(await delay.prove(message, 2 ** 16)) };

const measured = await interleave({
  rounds: 9,
  warmup: 3,
  cases: {
    whole: each(async () => {
      if (!(await verifyOperation(bytes.operation, bytes.proof, context)).ok) throw new Error('not ok');
    }),
    ed25519: each(() => verify(signature, message, publicKey), 100),
    work: each(() => verifyPuzzle(puzzle)),
    stake: each(() => verifyVrf({ publicKey: fixture.vrf.publicKey, alpha: message, proof: vrfProof })),
    time: each(() => delay.verify(delayed)),
    proving: each(() => prove(operation, context), 1),
  },
});

const baseline = measured.ed25519;
const baselineName = 'native Ed25519 verify';
report({
  name: 'consensus/verify-operation profile=localhost',
  value: measured.whole,
  unit: 'ms',
  baseline,
  baselineName,
  aim: '<= 15 ms',
});
for (const leg of ['work', 'stake', 'time'] as const) {
  report({
    name: `consensus/verify-leg leg=${leg}`,
    value: measured[leg],
    unit: 'ms',
    baseline,
    baselineName,
  });
}
report({
  name: 'consensus/prove-operation profile=localhost k=18',
  value: measured.proving,
  unit: 'ms',
  baseline,
  baselineName,
  aim: '<= 500 ms',
});
