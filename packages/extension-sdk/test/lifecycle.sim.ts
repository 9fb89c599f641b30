import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { createTestHost, signedPackage } from '../src/testing/index.ts';
import { compileGuest } from './guest.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

async function heapAfter(rounds: number, once: () => Promise<void>): Promise<number> {
  for (let at = 0; at < rounds; at++) await once();
  for (let at = 0; at < 3; at++) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  return process.memoryUsage().heapUsed;
}

describe('an extension that is loaded and unloaded', () => {
  it('a thousand times leaves no memory, no worker and no timer behind [ext-07]', async () => {
    await using test = createTestHost({
      capabilities: { 'asset:read': { get: () => Promise.resolve('x') } },
    });
    const entry = `const big = 'x'.repeat(100_000);
      export const extension = { id: 'acme.words', state: { version: 1, initial: () => [] }, ops: {
        'words.add': { needs: ['asset:read'], run: async (p, ctx) => { ctx.state = [...ctx.state, big + await ctx.caps['asset:read'].get('x')]; return ctx.state.length; } },
      } };`;
    const required = ['asset:read'];
    const packages = [
      await signedPackage({ id: 'acme.words', entry, tier: 'trusted', required }, test.signer),
      await signedPackage(
        { id: 'acme.guest', type: 'wasm', entry: await compileGuest(), required },
        test.signer,
      ),
    ].map((files) => ({ files }));
    const once = async () => {
      expect(await test.host.load(packages)).toMatchObject([{ ok: true }, { ok: true }]);
      const call = (method: string) => test.host.handle({ client: 'me', method });
      expect(await call('words.add')).toEqual({ status: 'success', result: 1 });
      expect(await call('guest.count')).toEqual({ status: 'success', result: 1 });
      await test.host.unload('acme.words');
      await test.host.unload('acme.guest');
    };
    const before = await heapAfter(100, once);
    const resources = process.getActiveResourcesInfo().length;
    const after = await heapAfter(1_000, once);
    // A thousand states alone would be 100 MB; the records of the audit log are what stays.
    expect(after - before).toBeLessThan(16 * 2 ** 20);
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(resources + 2);
    expect(test.host.list()).toEqual([]);
  });
});
