import { describe, expect, it } from 'vitest';
import type { TrustReason } from '../src/sign/index.ts';
import { createTestHost, signedPackage } from '../src/testing/index.ts';

const source = `export const extension = { id: 'acme.words', ops: { 'words.echo': { run: (p) => p } } };`;

async function open() {
  const test = createTestHost();
  const files = await signedPackage({ id: 'acme.words', entry: source, tier: 'trusted' }, test.signer);
  const call = () => test.host.handle({ client: 'me', method: 'words.echo', params: 1 });
  return { test, files, call };
}

describe('the signer of an extension', () => {
  it.each<TrustReason>(['expired', 'revoked', 'untrusted-signer', 'bad-signature'])(
    'that is %s is refused at load [ext-16]',
    async (reason) => {
      const { test, files } = await open();
      await using _ = test;
      test.signer.refuse(reason);
      expect(await test.host.load([{ files }])).toMatchObject([{ ok: false, code: reason }]);
      expect(test.audit.records).toMatchObject([{ event: 'package.refused', detail: { code: reason } }]);
    },
  );

  it('that is revoked later suspends what it signed, until it is believed again [ext-16]', async () => {
    const { test, files, call } = await open();
    await using _ = test;
    await test.host.load([{ files }]);
    expect(await test.host.recheck()).toEqual([]);
    test.signer.refuse('expired');
    expect(await test.host.recheck()).toEqual([]);
    expect(await call()).toMatchObject({ status: 'success' });
    test.signer.refuse('revoked');
    expect(await test.host.recheck()).toEqual(['acme.words']);
    expect(test.host.get('acme.words')).toMatchObject({
      state: 'suspended',
      reason: 'the signer is refused: revoked',
    });
    expect(await call()).toMatchObject({ status: 'failed', code: 'suspended' });
    expect(await test.host.activate('acme.words')).toEqual({
      ok: false,
      reason: 'the signer is refused: revoked',
    });
    expect(await test.host.recheck()).toEqual([]);
    test.signer.refuse(undefined);
    expect(await test.host.activate('acme.words')).toEqual({ ok: true });
    expect(await call()).toMatchObject({ status: 'success' });
  });

  it('is not condemned by a verifier that cannot tell; nothing is loaded then', async () => {
    let isBroken = false;
    const { test, files } = await open();
    const { trust } = test.signer;
    const host = createTestHost({
      trust: {
        verify: (question) =>
          isBroken ? Promise.reject(new Error('no ledger yet')) : trust.verify(question),
      },
    });
    await using _ = host;
    await host.host.load([{ files }]);
    isBroken = true;
    expect(await host.host.recheck()).toEqual([]);
    expect(host.host.get('acme.words')).toMatchObject({ state: 'active' });
    await host.host.unload('acme.words');
    expect(await host.host.load([{ files }])).toMatchObject([{ ok: false, code: 'trust-unavailable' }]);
    await test[Symbol.asyncDispose]();
  });
});
