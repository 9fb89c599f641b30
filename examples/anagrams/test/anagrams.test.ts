import { readFile } from 'node:fs/promises';
import { meter, reexecute, runMetered } from '@hypermesh/metered-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { dataPath, referenceOf } from '../src/index.ts';

const FUEL = 10n ** 10n;

describe('the anagram program', () => {
  let module: Uint8Array;
  let input: Uint8Array;

  beforeAll(async () => {
    const verdict = meter(await compile());
    if (!verdict.ok) throw new Error(`${verdict.reason}: ${verdict.detail}`);
    module = verdict.module;
    input = await readFile(dataPath());
  });

  it('finds in 3.4 MB of words what an independent computation finds', async () => {
    const result = await runMetered({ module, input, fuel: FUEL, deadlineMs: 30_000 });
    if (!result.ok) throw new Error(`${result.reason}: ${result.detail}`);
    const report = JSON.parse(new TextDecoder().decode(result.output));
    expect(report).toStrictEqual(referenceOf(input));
    expect(report).toMatchObject({ words: 274_937, longest: ['ethylenediaminetetraacetates'] });
    expect(result.fuelUsed).toBeLessThan(FUEL);
    process.stdout.write(`anagrams: ${result.fuelUsed} fuel, ${result.memoryPages} pages\n`);
    expect(await reexecute(result.receipt, { module, input })).toMatchObject({ ok: true });
  });

  it.each([
    ['no array of words', 'null'],
    ['a word with a capital', '["Word"]'],
    ['a word that does not end', '["word'],
    ['a word that is too long', `["${'a'.repeat(65)}"]`],
  ])('gives up on %s', async (_, text) => {
    const bad = new TextEncoder().encode(text);
    expect(await runMetered({ module, input: bad, fuel: FUEL, deadlineMs: 30_000 })).toMatchObject({
      ok: false,
      reason: 'trap',
    });
  });

  it.each<[string, string[]]>([
    ['an empty list', []],
    ['empty words', ['', '']],
    ['one word over and over, which it writes twice as often', Array<string>(20_000).fill('a'.repeat(40))],
  ])('answers %s', async (_, words) => {
    const list = new TextEncoder().encode(JSON.stringify(words));
    const result = await runMetered({ module, input: list, fuel: FUEL, deadlineMs: 30_000 });
    expect(result.ok && JSON.parse(new TextDecoder().decode(result.output))).toStrictEqual(referenceOf(list));
  });
});
