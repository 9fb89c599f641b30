import { interleave, report } from '@hypermesh/bench';
import { sha256 } from '@hypermesh/core';
import { blake3Backend } from '@hypermesh/core/blake3';

/** MB/s of one hash over the input, `turns` times. */
function throughput(input: Uint8Array, turns: number, hash: (bytes: Uint8Array) => unknown): () => number {
  return () => {
    const startMs = performance.now();
    for (let turn = 0; turn < turns; turn += 1) hash(input);
    return (input.length * turns) / 1000 / (performance.now() - startMs);
  };
}

const portable = blake3Backend('portable');
if (portable === undefined) throw new Error('the portable backend always works');

for (const [sizeKiB, turns] of [
  [1, 2000],
  [16, 400],
  [1024, 6],
] as const) {
  const input = new Uint8Array(sizeKiB * 1024).map((_, index) => index % 251);
  for (const name of ['native', 'jit'] as const) {
    const backend = blake3Backend(name);
    if (backend === undefined) continue;
    const measured = await interleave({
      rounds: 7,
      warmup: 2,
      cases: {
        backend: throughput(input, turns * 8, backend.hash),
        sha256: throughput(input, turns * 8, sha256),
        portable: throughput(input, turns, portable.hash),
      },
    });
    const title = `backend=${name} sizeKiB=${sizeKiB}`;
    const { backend: value, portable: baseline, sha256: native } = measured;
    report({
      name: `core/blake3 ${title}`,
      value,
      unit: 'MB/s',
      baseline,
      baselineName: '@noble/hashes',
      aim: '>= 2',
    });
    report({
      name: `core/blake3-to-sha256 ${title}`,
      value,
      unit: 'MB/s',
      baseline: native,
      baselineName: 'node:crypto sha256',
    });
  }
}
