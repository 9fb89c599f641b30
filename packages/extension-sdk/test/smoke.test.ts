import { expect, it } from 'vitest';
import { createTestHost, signedPackage } from '../src/testing/index.ts';

const echo = `
import { defineExtension, op } from '@hypermesh/extension-sdk';
export const extension = defineExtension({ id: 'acme.words', ops: {
  'words.echo': op({ run: (p) => p }),
  'words.count': op({ needs: ['asset:read'], async run({ id }, ctx) { const b = await ctx.caps['asset:read'].get(id); return { words: new TextDecoder().decode(b).split(' ').length }; } }),
  'words.steal': op({ async run(_, ctx) { return await ctx.caps['asset:read'].get('x'); } }),
}});`;

it('works', async () => {
  await using t = createTestHost({ capabilities: { 'asset:read': { get: async (id: string) => new TextEncoder().encode(`a b ${id}`) } } });
  const files = await signedPackage({ id: 'acme.words', entry: echo, required: ['asset:read'] }, t.signer);
  const t0 = performance.now();
  const out = await t.host.load([{ files }]);
  console.log(JSON.stringify(out), performance.now() - t0);
  for (const m of ['words.echo', 'words.count', 'words.steal', 'words.none']) {
    const t1 = performance.now();
    console.log(m, JSON.stringify(await t.host.handle({ client: 'me', method: m, params: { id: 'c d' } })), performance.now() - t1);
  }
  const own = echo.replace(/^import.*$/m, 'const defineExtension = (x) => x, op = (x) => x;');
  const tr = await signedPackage({ id: 'bcme.words', entry: own.replaceAll('acme', 'bcme'), required: ['asset:read'], tier: 'trusted' }, t.signer);
  console.log(JSON.stringify(await t.host.unload('acme.words')));
  const t2 = performance.now();
  console.log(JSON.stringify(await t.host.load([{ files: tr }])), performance.now() - t2);
  for (const m of ['words.echo', 'words.count', 'words.steal', 'words.none']) {
    const t1 = performance.now();
    console.log(m, JSON.stringify(await t.host.handle({ client: 'me', method: m, params: { id: 'c d' } })), performance.now() - t1);
  }
  expect(1).toBe(1);
});
