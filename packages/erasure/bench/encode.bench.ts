import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { interleave, report } from '@hypermesh/bench';
import { availableBackends, createCodec } from '@hypermesh/erasure';
import { ReedSolomonErasure } from '@subspace/reed-solomon-erasure.wasm';
import { loadRonomon } from './ronomon.ts';

/* Megabytes of data a second whose parity is computed, one core, beside the best codecs on npm. */

const ronomon = loadRonomon();
if (ronomon === undefined)
  console.error(
    '@ronomon/reed-solomon cannot be built here: the baseline is the best that installs without a build',
  );
const file = join(
  dirname(createRequire(import.meta.url).resolve('@subspace/reed-solomon-erasure.wasm')),
  'reed_solomon_erasure_bg.wasm',
);
const subspace = ReedSolomonErasure.fromBytes(readFileSync(file));

interface Code {
  readonly k: number;
  readonly m: number;
  readonly bytes: number;
  readonly aim?: string;
}
const codes: readonly Code[] = [
  { k: 10, m: 4, bytes: 65_536, aim: '>= 1.4' },
  { k: 4, m: 2, bytes: 1_024, aim: '>= 5' },
  { k: 10, m: 4, bytes: 1_048_576 },
];

for (const { k, m, bytes, aim } of codes) {
  const all = Buffer.alloc((k + m) * bytes);
  for (let at = 0; at < k * bytes; at += 65_536)
    crypto.getRandomValues(all.subarray(at, Math.min(at + 65_536, k * bytes)));
  const shards = Array.from(
    { length: k + m },
    (_, at) => new Uint8Array(all.buffer, all.byteOffset + at * bytes, bytes),
  );
  const times = Math.max(4, Math.round(1.2e8 / (k * bytes)));
  const rate = (startMs: number, count = times) => (count * k * bytes) / (performance.now() - startMs) / 1e3;
  const own = (backend: 'relaxed-simd' | 'simd' | 'scalar', count: number) => {
    const codec = createCodec({ dataShards: k, parityShards: m, backend });
    return () => {
      const startMs = performance.now();
      for (let turn = 0; turn < count; turn++) codec.encodeInto(shards.slice(0, k), shards.slice(k));
      return rate(startMs, count);
    };
  };
  const context = ronomon?.create(k, m);
  const native = async () => {
    if (ronomon === undefined || context === undefined) return 0;
    const parity = all.subarray(k * bytes);
    const [sources, targets] = [2 ** k - 1, 2 ** (k + m) - 2 ** k];
    const startMs = performance.now();
    for (let turn = 0; turn < times; turn++) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const done = (error?: Error) => (error ? reject(error) : resolve());
      ronomon.encode(context, sources, targets, all, 0, k * bytes, parity, 0, m * bytes, done);
      await promise;
    }
    return rate(startMs);
  };
  const few = Math.max(1, times >> 3);
  const backends = availableBackends();
  const sampled = await interleave({
    rounds: 9,
    warmup: 2,
    cases: {
      native,
      subspace: () => {
        const startMs = performance.now();
        for (let turn = 0; turn < few; turn++) subspace.encode(all, k, m);
        return rate(startMs, few);
      },
      'relaxed-simd': own(backends.includes('relaxed-simd') ? 'relaxed-simd' : 'scalar', times),
      simd: own(backends.includes('simd') ? 'simd' : 'scalar', times),
      scalar: own('scalar', few),
    },
  });
  const [baseline, baselineName] =
    ronomon === undefined
      ? ([sampled.subspace, '@subspace/reed-solomon-erasure.wasm'] as const)
      : ([sampled.native, '@ronomon/reed-solomon (native)'] as const);
  const name = (backend: string) => `erasure/encode code=${k}+${m} shard=${bytes} backend=${backend}`;
  for (const backend of backends)
    report({
      name: name(backend),
      value: sampled[backend],
      unit: 'MB/s',
      baseline,
      baselineName,
      ...(backend === backends[0] && aim !== undefined ? { aim } : {}),
    });
  if (ronomon !== undefined)
    report({
      name: name('scalar'),
      value: sampled.scalar,
      unit: 'MB/s',
      baseline: sampled.subspace,
      baselineName: '@subspace/reed-solomon-erasure.wasm',
    });
}
