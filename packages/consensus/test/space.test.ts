import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createMemberPlots,
  createPlot,
  createPlotSet,
  openPlot,
  type Plot,
  provePlot,
  verifyPlotProof,
} from '@hypermesh/consensus';
import { type ChainId, domainHash, sha256, toHex, utf8 } from '@hypermesh/core';
import { blake3 } from '@hypermesh/core/blake3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BitBlock, digestBits, readBits, writeBits } from '../src/space/bits.ts';
import { blake3Block } from '../src/space/blake3-block.ts';
import { committedBytes, plotBytes, subChallenge } from '../src/space/commitment.ts';
import { decodeHeader } from '../src/space/plot-file.ts';

const plotId = sha256(utf8('a plot of the tests'));
const challengeOf = (i: number): Uint8Array => sha256(utf8(`challenge ${i}`));

describe('bits and hashes under the plot', () => {
  test('numbers come back from the bits they were written to', () => {
    fc.assert(
      fc.property(
        fc.nat(40),
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (at, bits, part) => {
          const value = Math.min(Math.floor(part * 2 ** bits), 2 ** bits - 1);
          const bytes = new Uint8Array(16);
          writeBits(bytes, at, value, bits);
          expect(readBits(bytes, at, bits)).toBe(value);
        },
      ),
    );
  });

  test('a bit block hashes like BLAKE3 of its bytes', () => {
    const field = fc
      .integer({ min: 1, max: 50 })
      .chain((bits) => fc.tuple(fc.constant(bits), fc.nat(2 ** 31 - 1)));
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 10 }), (fields) => {
        const bytes = new Uint8Array(64);
        const block = new BitBlock();
        let at = 0;
        for (const [bits, seed] of fields) {
          const value = seed % 2 ** Math.min(bits, 31);
          writeBits(bytes, at, value, bits);
          block.appendWide(value, bits);
          at += bits;
        }
        block.finish();
        const length = Math.ceil(at / 8);
        const out = new Uint32Array(8);
        blake3Block(block.words, length, out);
        const expected = blake3(bytes.subarray(0, length));
        expect(new Uint8Array(out.buffer)).toEqual(expected);
        for (const [offset, bits] of [
          [0, 24],
          [13, 32],
          [30, 18],
          [200, 31],
        ] as const) {
          expect(digestBits(out, offset, bits)).toBe(readBits(expected, offset, bits));
        }
      }),
    );
  });
});

describe('a plot of k = 18', () => {
  let folder: string;
  let memory: Plot;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hypermesh-plot-'));
    memory = await createPlot({ plotId, k: 18 });
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('answers about one proof to a challenge, each of which verifies', async () => {
    let proofs = 0;
    for (let i = 0; i < 200; i++) {
      const challenge = challengeOf(i);
      for (const proof of await provePlot(memory, challenge)) {
        proofs++;
        expect(verifyPlotProof({ plotId, k: 18, challenge, proof }).ok).toBe(true);
        expect(verifyPlotProof({ plotId: sha256(plotId), k: 18, challenge, proof }).ok).toBe(false);
      }
    }
    // Poisson with mean 200·0.966: five standard deviations either way.
    expect(proofs).toBeGreaterThan(120);
    expect(proofs).toBeLessThan(270);
  });

  test('takes a challenge as hex as well, and nothing that is none', async () => {
    const challenge = challengeOf(0);
    expect(await provePlot(memory, toHex(challenge))).toEqual(await provePlot(memory, challenge));
    for (const none of [new Uint8Array(31), 'zz', undefined]) {
      await expect(provePlot(memory, none as never)).rejects.toMatchObject({
        code: 'consensus/bad-argument',
      });
    }
  });

  test('in a file is the same plot, and is found again', async () => {
    const path = join(folder, 'same.plot');
    const tables: number[] = [];
    const written = await createPlot({ plotId, k: 18, path, onProgress: (table) => tables.push(table) });
    expect(tables).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect((await stat(path)).size).toBe(memory.sizeBytes);
    await using opened = await openPlot(path);
    for (let i = 0; i < 20; i++) {
      const proofs = await provePlot(memory, challengeOf(i));
      expect(await provePlot(written, challengeOf(i))).toEqual(proofs);
      expect(await provePlot(opened, challengeOf(i))).toEqual(proofs);
    }
    await written[Symbol.asyncDispose]();
  });

  test('of another id where the member should have its own is named, not used', async () => {
    const directory = join(folder, 'member');
    const chainId = toHex(sha256(utf8('a ledger'))) as ChainId;
    const own = { chainId, owner: plotId, space: [{ id: 0, k: 18, count: 1 }], directory };
    const plots = await createMemberPlots(own);
    await plots[Symbol.asyncDispose]();
    const [name = ''] = await readdir(directory);
    await writeFile(join(directory, name), await memory.read(0, memory.sizeBytes));
    await expect(createMemberPlots(own)).rejects.toMatchObject({
      code: 'consensus/plot-damaged',
      failure: { reason: 'another-plot' },
    });
  });

  test('that was stopped leaves nothing behind', async () => {
    const path = join(folder, 'stopped.plot');
    const stop = new AbortController();
    const plotting = createPlot({
      plotId,
      k: 18,
      path,
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(plotting).rejects.toThrow('enough');
    expect((await readdir(folder)).filter((name) => name.startsWith('stopped'))).toEqual([]);
  });

  test('over the memory bound is refused before any work', async () => {
    await expect(createPlot({ plotId, k: 20, maxMemoryBytes: 2 ** 24 })).rejects.toMatchObject({
      code: 'consensus/plot-too-large',
      failure: { resource: 'memory', allowedBytes: 2 ** 24 },
    });
    // A plot that stays in memory counts with the tables.
    await expect(createPlot({ plotId, k: 18, maxMemoryBytes: 112 * 2 ** 18 })).rejects.toMatchObject({
      code: 'consensus/plot-too-large',
    });
  });

  test('is asked for by its own id only', async () => {
    const set = createPlotSet([memory]);
    const challenge = challengeOf(1);
    expect(await set.proofs({ plotId: sha256(plotId), k: 18 }, challenge)).toEqual([]);
    expect(await set.proofs({ plotId, k: 19 }, challenge)).toEqual([]);
  });

  test('with damage inside answers less, never falsely', async () => {
    const path = join(folder, 'damaged.plot');
    const image = (await memory.read(0, memory.sizeBytes)).slice();
    const at = memory.layout.tables[3] as number;
    image.fill(0xff, at, at + 600_000);
    await writeFile(path, image);
    await using damaged = await openPlot(path);
    let whole = 0;
    let left = 0;
    for (let i = 0; i < 60; i++) {
      const challenge = challengeOf(i);
      whole += (await provePlot(memory, challenge)).length;
      for (const proof of await provePlot(damaged, challenge)) {
        left++;
        expect(verifyPlotProof({ plotId, k: 18, challenge, proof }).ok).toBe(true);
      }
    }
    expect(left).toBeLessThan(whole);
  });

  test.each([0, 255])('whose last table was lost to bytes of %i soon answers nothing', async (filler) => {
    const path = join(folder, `filled-${filler}.plot`);
    const image = (await memory.read(0, memory.sizeBytes)).slice();
    image.fill(filler, memory.layout.heads);
    await writeFile(path, image);
    const opened = await openPlot(path);
    let reads = 0;
    const counted: Plot = {
      ...opened,
      read(at, length) {
        reads++;
        return opened.read(at, length);
      },
    };
    for (const byte of [0, 128, 255]) await provePlot(counted, new Uint8Array(32).fill(byte));
    // 127 reads follow the pointers below an entry, and 32 entries are followed at most.
    expect(reads).toBeLessThan(3 * 33 * 127);
    await opened[Symbol.asyncDispose]();
  });

  test.each([
    ['nothing', 'truncated', async (path: string) => writeFile(path, new Uint8Array(0))],
    ['half a header', 'truncated', async (path: string) => truncate(path, 50)],
    ['another magic', 'wrong-magic', async (path: string) => patch(path, 0, 0)],
    ['another table size', 'checksum', async (path: string) => patch(path, 50, 1)],
    ['a cut tail', 'wrong-length', async (path: string) => truncate(path, 1_000_000)],
  ])('with %s is refused as damaged: %s', async (name, reason, damage) => {
    const path = join(folder, `${name}.plot`);
    await writeFile(path, await memory.read(0, memory.sizeBytes));
    await damage(path);
    await expect(openPlot(path)).rejects.toMatchObject({
      code: 'consensus/plot-damaged',
      failure: { reason },
    });
  });

  async function patch(path: string, at: number, value: number): Promise<void> {
    const bytes = await readFile(path);
    bytes[at] = value;
    await writeFile(path, bytes);
  }
});

test.each([
  ['a short plot id', { plotId: new Uint8Array(31), k: 18 }, 'plotId'],
  ['k below 18', { plotId, k: 17 }, 'k'],
  ['k above 26', { plotId, k: 27 }, 'k'],
  ['a fraction', { plotId, k: 18.5 }, 'k'],
])('a plot of %s is refused', async (_, options, argument) => {
  await expect(createPlot(options)).rejects.toMatchObject({
    code: 'consensus/bad-argument',
    failure: { argument },
  });
});

test.each([
  ['no object', null, 'malformed'],
  [
    'a plot id that is no hex',
    { plotId: 'zz', k: 18, challenge: plotId, proof: new Uint8Array(144) },
    'malformed',
  ],
  [
    'a short challenge',
    { plotId, k: 18, challenge: new Uint8Array(31), proof: new Uint8Array(144) },
    'malformed',
  ],
  ['k = 17', { plotId, k: 17, challenge: plotId, proof: new Uint8Array(136) }, 'bad-size'],
  ['k = 51', { plotId, k: 51, challenge: plotId, proof: new Uint8Array(408) }, 'bad-size'],
  ['k = NaN', { plotId, k: Number.NaN, challenge: plotId, proof: new Uint8Array(144) }, 'bad-size'],
  ['a byte too much', { plotId, k: 18, challenge: plotId, proof: new Uint8Array(145) }, 'wrong-length'],
  ['zeros', { plotId, k: 18, challenge: plotId, proof: new Uint8Array(144) }, 'no-match'],
  ['zeros at k = 50', { plotId, k: 50, challenge: plotId, proof: new Uint8Array(400) }, 'no-match'],
])('a plot proof of %s is refused as such', (_, claim, reason) => {
  expect(verifyPlotProof(claim as never)).toEqual({ ok: false, reason });
});

test('a plot header never throws, whatever its bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(decodeHeader(bytes, 1000).ok).toBe(false);
    }),
  );
});

test('sub-challenges fall on plots in proportion to their bytes', () => {
  const groups = [
    { id: 0, k: 18, count: 6 },
    { id: 3, k: 20, count: 2 },
  ];
  const small = 6n * plotBytes(18);
  const share = Number((1000n * small) / committedBytes(groups)) / 1000;
  let onSmall = 0;
  const draws = 4000;
  for (let i = 0; i < draws; i++) {
    const hash = domainHash('hypermesh/consensus/test-anchor/v1', Uint8Array.of(i & 255, i >> 8));
    const seed = { chain: plotId, actor: plotId, sequence: 1, anchor: { height: i, hash } };
    if (subChallenge(seed, groups, i % 16).k === 18) onSmall++;
  }
  expect(Math.abs(onSmall / draws - share)).toBeLessThan(0.04);
});
