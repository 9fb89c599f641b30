import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { checkMetered, meter, meterInWorker } from '../src/index.ts';
import { adoptMemory } from '../src/quickjs/adopt.ts';
import {
  ENGINE_FILE,
  ENGINE_IMPORTS,
  MAX_MEMORY_PAGES,
  MIN_MEMORY_PAGES,
  STACK_UNITS,
} from '../src/quickjs/foreign.ts';
import {
  decodeScriptReceipt,
  encodeScriptReceipt,
  openQuickJs,
  reexecuteScript,
  type ScriptReceipt,
} from '../src/quickjs/index.ts';
import { filesOf, runScript } from './modules/scripts.ts';

const quickjs = openQuickJs({ workers: 1 });
afterAll(() => quickjs[Symbol.asyncDispose]());

const PROGRAM = {
  'index.js': `import { mix } from './mix.js';
    export default (text) => {
      let state = 1;
      for (const character of text) state = mix(state, character.codePointAt(0));
      const words = text.split(/\\s+/).map((word) => word.toUpperCase()).sort();
      return JSON.stringify({ state, words, root: Math.sqrt(state), third: state / 3, when: Date.now(), luck: Math.random() });
    };`,
  'mix.js': 'export const mix = (state, value) => (Math.imul(state, 31) + value) >>> 0;',
};
const INPUT = 'the quick brown fox jumps over the lazy dog';
const GRANTS = { clockMs: 1_700_000_000_000, randomSeed: Uint8Array.from({ length: 32 }, (_, at) => at) };

async function receiptOf(): Promise<ScriptReceipt> {
  const result = await runScript(quickjs, PROGRAM, { input: INPUT, ...GRANTS });
  if (!result.ok || result.receipt === undefined) throw new Error('no receipt');
  return result.receipt;
}

describe('the metered engine', () => {
  const original = readFileSync(new URL(import.meta.resolve(ENGINE_FILE)));
  const adopted = adoptMemory(original, { min: MIN_MEMORY_PAGES, max: MAX_MEMORY_PAGES });
  const options = { memoryMaxPages: MAX_MEMORY_PAGES, allowImports: ENGINE_IMPORTS, stackUnits: STACK_UNITS };

  it('passes the independent check, grows its memory through the host alone, and is the same off this thread', async () => {
    const metered = meter(adopted, options);
    if (!metered.ok) throw new Error(metered.detail);
    expect(checkMetered(metered.module, options)).toMatchObject({
      ok: true,
      memoryMaxPages: MAX_MEMORY_PAGES,
    });
    expect(await meterInWorker(adopted, options)).toEqual(metered);
    // A module that grows its memory itself has the routine for it, with the page's price in it.
    const price = Buffer.from([0x42, 0x80, 0xc0, 0x00, 0x7e]);
    expect(Buffer.from(metered.module).includes(price)).toBe(false);
  });

  it('that was metered with another stack, or altered, does not pass', () => {
    const metered = meter(adopted, { ...options, stackUnits: 2 ** 18 });
    if (!metered.ok) throw new Error(metered.detail);
    expect(checkMetered(metered.module, options)).toMatchObject({ ok: false, reason: 'counter-altered' });
    expect(checkMetered(original, options)).toMatchObject({ ok: false });
  });

  it('is kept in a cache, and what a cache altered is made anew', async () => {
    const script = `
      import { openQuickJs } from '@hypermesh/metered-wasm/quickjs';
      const kept = new Map();
      const asked = [];
      const cache = {
        get: async (key) => { asked.push('get'); return kept.get(key) ?? new Uint8Array(600_000); },
        put: async (key, bytes) => { asked.push('put'); kept.set(key, bytes.slice()); },
      };
      await using quickjs = openQuickJs({ cache });
      console.log(await quickjs.engine(), asked.join(), [...kept.values()][0].length > 500000);`;
    const { spawnSync } = await import('node:child_process');
    const flags = ['--conditions=@hypermesh/source', '--input-type=module'];
    const { stdout } = spawnSync(process.execPath, flags, {
      input: script,
      encoding: 'utf8',
      cwd: import.meta.dirname,
    });
    expect(stdout.trim()).toBe(`${await quickjs.engine()} get,put true`);
  });
});

describe('a receipt of a script', () => {
  it('names the same engine, output and fuel on every machine and version', async () => {
    const receipt = await receiptOf();
    expect(receipt).toEqual(await receiptOf());
    expect({ ...receipt, randomSeed: undefined }).toMatchInlineSnapshot(`
      {
        "call": "default",
        "clockMs": 1700000000000,
        "code": "bafyreieqrjk36juf765zobgqexhuskcniudsngbhh5cwkqnothnuerr66q",
        "engine": "bafkreiefv4i4vgn2355jyi3tplv3yycsiw5qtqjx2oawvv4ep7klptbkiq",
        "entry": "index.js",
        "fuel": 12733843n,
        "input": "bafkreiafy3qi6hm73l5agfd7zohyf4jey5ws64hd3ge5zcvnwxt5oril5q",
        "inputKind": "text",
        "memoryLimitPages": 512,
        "memoryPages": 96,
        "output": "bafkreid6uinozcm3xwevwxvkkkn2ogmhfgxra2rzf65surue76fnimdotu",
        "outputKind": "text",
        "prelude": "bafkreighbq3f56apk6cggowfy4qq5nwj6dqsd4y3mrgciepxtlah4tfd7m",
        "profile": "hm-det-1",
        "randomSeed": undefined,
        "v": 1,
      }
    `);
  });

  it('survives its encoding and re-executes to the same', async () => {
    const receipt = await receiptOf();
    const decoded = decodeScriptReceipt(encodeScriptReceipt(receipt));
    expect(decoded).toEqual({ ok: true, value: receipt });
    const verdict = await reexecuteScript(receipt, { quickjs, files: filesOf(PROGRAM), input: INPUT });
    expect(verdict).toMatchObject({ ok: true });
  });

  it('that was altered in any field does not hold, and the field is named', async () => {
    const receipt = await receiptOf();
    const other = 'bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy';
    const alterations: readonly (readonly [Partial<Record<keyof ScriptReceipt, unknown>>, string])[] = [
      [{ engine: other }, 'engine'],
      [{ prelude: other }, 'prelude'],
      [{ code: receipt.code.replace(/.{4}$/, 'aaaa') }, 'receipt|code'],
      [{ input: other }, 'input'],
      [{ inputKind: 'bytes' }, 'input'],
      [{ output: other }, 'output'],
      [{ outputKind: 'bytes' }, 'output'],
      [{ fuel: receipt.fuel - 1n }, 'fuel'],
      [{ fuel: receipt.fuel + 1n }, 'fuel'],
      [{ memoryPages: receipt.memoryPages + 1 }, 'memoryPages'],
      [{ clockMs: 5 }, 'output|fuel'],
      [{ randomSeed: new Uint8Array(32) }, 'output|fuel'],
      [{ randomSeed: undefined }, 'run|receipt'],
      [{ entry: 'mix.js' }, 'run'],
      [{ call: 'other' }, 'run'],
      [{ profile: 'hm-det-0' }, 'profile'],
      [{ v: 2 }, 'receipt'],
    ];
    for (const [change, reason] of alterations) {
      const altered = { ...receipt, ...change } as ScriptReceipt;
      const verdict = await reexecuteScript(altered, { quickjs, files: filesOf(PROGRAM), input: INPUT });
      expect(verdict.ok, JSON.stringify(Object.keys(change))).toBe(false);
      expect((verdict as { reason: string }).reason).toMatch(new RegExp(`^(?:${reason})$`));
    }
    const files = filesOf({ ...PROGRAM, 'mix.js': `${PROGRAM['mix.js']} ` });
    expect(await reexecuteScript(receipt, { quickjs, files, input: INPUT })).toMatchObject({
      reason: 'code',
    });
    expect(await reexecuteScript(receipt, { quickjs, files: filesOf(PROGRAM), input: 'x' })).toMatchObject({
      reason: 'input',
    });
  });
});
