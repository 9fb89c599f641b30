import { type Cases, interleave, report } from '@hypermesh/bench';
import { type CanonicalValue, cidOf, decodeCanonical, encodeCanonical, toHex } from '@hypermesh/core';
import { createSeededRandom } from '@hypermesh/core/testing';
import * as dagCbor from '@ipld/dag-cbor';

const random = createSeededRandom('canonical bench');

function operation(): { readonly [key: string]: CanonicalValue } {
  return {
    v: 1,
    kind: 'transfer',
    chain: toHex(random.bytes(32)),
    from: cidOf(random.bytes(8), 'dag-cbor'),
    to: cidOf(random.bytes(8), 'dag-cbor'),
    amount: random.uint32(),
    proof: {
      space: random.bytes(300),
      stake: { bond: random.bytes(32), index: 3, path: Array.from({ length: 3 }, () => random.bytes(32)) },
      work: { solution: random.bytes(32), nonce: random.uint32() },
      time: { y: random.bytes(256), proof: random.bytes(256), iterations: 65_536 },
    },
    signature: random.bytes(64),
  };
}

const subjects: Readonly<Record<string, readonly [CanonicalValue, number]>> = {
  vote: [
    { v: 1, view: 123_456, parent: 123_455, digest: random.bytes(32), signature: random.bytes(64) },
    8000,
  ],
  operation: [operation(), 2000],
  block: [
    { v: 1, height: 7, parent: random.bytes(32), operations: Array.from({ length: 20 }, operation) },
    100,
  ],
};

/** Microseconds of one call, over `turns` calls. */
function timed(turns: number, call: () => unknown): () => number {
  return () => {
    const startMs = performance.now();
    for (let turn = 0; turn < turns; turn += 1) call();
    return ((performance.now() - startMs) / turns) * 1000;
  };
}

for (const [name, [value, turns]] of Object.entries(subjects)) {
  const bytes = encodeCanonical(value);
  const cases: Cases<'decode' | 'dagDecode' | 'encode' | 'dagEncode'> = {
    decode: timed(turns, () => decodeCanonical(bytes)),
    dagDecode: timed(turns, () => dagCbor.decode(bytes)),
    encode: timed(turns, () => encodeCanonical(value)),
    dagEncode: timed(turns, () => dagCbor.encode(value)),
  };
  const { decode, dagDecode, encode, dagEncode } = await interleave({ rounds: 15, warmup: 5, cases });
  const baselineName = '@ipld/dag-cbor';
  const size = `value=${name} bytes=${bytes.length}`;
  report({
    name: `core/canonical-decode ${size}`,
    value: decode,
    unit: 'us',
    baseline: dagDecode,
    baselineName,
    aim: '<= 1',
  });
  report({
    name: `core/canonical-encode ${size}`,
    value: encode,
    unit: 'us',
    baseline: dagEncode,
    baselineName,
    aim: '<= 1',
  });
}
