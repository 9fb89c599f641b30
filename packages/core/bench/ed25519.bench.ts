import { interleave, report } from '@hypermesh/bench';
import { createSigner, generateKey, sign, verify, verifyPortable } from '@hypermesh/core/ed25519';

const message = new Uint8Array(150).fill(7);
const { secretKey, publicKey } = generateKey();
const signer = createSigner(secretKey);
const signature = sign(message, secretKey);
const wrong = signature.slice();
// In the scalar, so that nothing is refused before the equation is worked out.
wrong[40] = (wrong[40] as number) ^ 1;

/** Microseconds of one call, over `turns` calls. */
function timed(turns: number, call: () => unknown): () => number {
  return () => {
    const startMs = performance.now();
    for (let turn = 0; turn < turns; turn += 1) call();
    return ((performance.now() - startMs) / turns) * 1000;
  };
}

const { valid, invalid, portable, signing } = await interleave({
  rounds: 9,
  warmup: 2,
  cases: {
    valid: timed(400, () => verify(signature, message, publicKey)),
    invalid: timed(50, () => verify(wrong, message, publicKey)),
    portable: timed(50, () => verifyPortable(signature, message, publicKey)),
    signing: timed(400, () => signer.sign(message)),
  },
});
const baselineName = '@noble/curves, ZIP-215';
report({
  name: 'core/ed25519-verify verdict=true',
  value: valid,
  unit: 'us',
  baseline: portable,
  baselineName,
  aim: '<= 0.125',
});
report({
  name: 'core/ed25519-verify verdict=false',
  value: invalid,
  unit: 'us',
  baseline: portable,
  baselineName,
});
report({
  name: 'core/ed25519-sign key=imported',
  value: signing,
  unit: 'us',
  baseline: valid,
  baselineName: 'verify',
});
