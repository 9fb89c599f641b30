import { createManualClock } from '@hypermesh/core/testing';
import { describe, expect, it } from 'vitest';
import { limitsOf, Quotas } from '../src/broker/quotas.ts';
import type { CapabilityFactory, ExtensionPolicy } from '../src/host/index.ts';
import { createTestHost, signedPackage } from '../src/testing/index.ts';

const source = `let kept;
export const extension = { id: 'acme.broker', ops: {
  'broker.get': { needs: ['asset:read'], run: (id, ctx) => ctx.caps['asset:read'].get(id) },
  'broker.undeclared': { run: (id, ctx) => ctx.caps['asset:read'].get(id) },
  'broker.ungranted': { run: (id, ctx) => ctx.caps['vm:execute'].run(id) },
  'broker.unknown': { run: (id, ctx) => ctx.caps['asset:destroy'].run(id) },
  'broker.method': { needs: ['asset:read'], run: (name, ctx) => ctx.caps['asset:read'][name]('x') },
  'broker.write': { needs: ['asset:write'], run: (id, ctx) => ctx.caps['asset:write'].put(id) },
  'broker.proven': { needs: ['asset:write'], proof: true, run: async (id, ctx) => [await ctx.caps['asset:write'].put(id), ctx.proof] },
  'broker.keep': { needs: ['asset:read'], run: (id, ctx) => { kept = ctx.caps['asset:read']; return 'kept'; } },
  'broker.use': { run: (id) => kept.get(id) },
  'broker.wait': { needs: ['asset:read'], run: (id, ctx) => ctx.caps['asset:read'].wait() },
  'broker.can': { run: (names, ctx) => names.map((each) => ctx.can(each)) },
  'broker.store': { needs: ['storage:write'], run: (size, ctx) => ctx.caps['storage:write'].put(new Uint8Array(size)) },
} };`;

let started = Promise.withResolvers<void>();
const reader = () => ({
  get: (id: string) => Promise.resolve(`content of ${id}`),
  wait() {
    started.resolve();
    return new Promise(() => undefined);
  },
  _hidden: () => 'hidden',
});
const writer: CapabilityFactory = {
  proofMethods: ['put'],
  create: () => ({ put: (id: string) => Promise.resolve(`put ${id}`) }),
};
const storage: CapabilityFactory = {
  charges: ['storage'],
  create: ({ meter }) => ({
    put(bytes: Uint8Array) {
      meter.reserveStorage(bytes.length);
      return bytes.length;
    },
  }),
};

const policy: ExtensionPolicy = {
  pinned: ['author'],
  grants: [
    { extension: 'acme.*', capabilities: ['asset:read'], scope: { types: ['dataset'] } },
    { extension: 'acme.broker', capabilities: ['asset:write', 'storage:write', 'vm:execute'] },
  ],
  callers: [{ client: '*', method: '*' }],
  limits: { storageBytes: 1_000 },
};

/** The same extension in both tiers must be treated alike. */
describe.each(['trusted', 'strict'] as const)('the broker, for an extension in the tier %s,', (tier) => {
  const open = async (
    over: {
      required?: string[];
      optional?: string[];
      policy?: Partial<ExtensionPolicy>;
      consensus?: boolean;
    } = {},
  ) => {
    const test = createTestHost({
      capabilities: { 'asset:read': reader(), 'asset:write': writer, 'storage:write': storage },
      policy: { ...policy, ...over.policy },
      consensus: {
        check: async ({ proof }) =>
          proof === 'four legs' ? { ok: true } : { ok: false, reason: 'work: too little' },
      },
    });
    const { required = ['asset:read', 'asset:write', 'storage:write'], optional = ['vm:execute'] } = over;
    const files = await signedPackage(
      { id: 'acme.broker', entry: source, tier, required, optional },
      test.signer,
    );
    const [outcome] = await test.host.load([{ files }]);
    const call = (method: string, params: unknown = 'x', proof?: unknown) =>
      test.host.handle({ client: 'me', method: `broker.${method}`, params, proof });
    const denials = () =>
      test.audit.records
        .filter(({ event }) => event === 'capability.denied')
        .map(({ detail }) => `${detail['capability']} ${detail['reason']}`);
    return { test, outcome, call, denials };
  };

  it('grants exactly what the manifest asks for and the policy allows [ext-04]', async () => {
    const { test, call } = await open();
    await using _ = test;
    expect(test.host.granted('acme.broker')).toEqual(['asset:read', 'asset:write', 'storage:write']);
    expect(await call('get')).toEqual({ status: 'success', result: 'content of x' });
    expect(await call('can', ['asset:read', 'vm:execute', 'asset:create'])).toMatchObject({
      result: [true, false, false],
    });
    const granted = test.audit.records.filter(({ event }) => event === 'capability.granted');
    expect(granted.map(({ detail }) => detail)).toMatchObject([
      { capability: 'asset:read', scope: { types: ['dataset'] } },
      {},
      {},
    ]);
  });

  it('denies what was not granted, not declared or is no capability; each denial is typed and audited [ext-04]', async () => {
    const { test, call, denials } = await open();
    await using _ = test;
    for (const method of ['undeclared', 'ungranted', 'unknown'])
      expect(await call(method)).toMatchObject({ status: 'permission_denied' });
    expect(denials()).toEqual([
      'asset:read not-declared',
      'vm:execute not-granted',
      'asset:destroy unknown-capability',
    ]);
  });

  it.each(['constructor', '__proto__', 'toString', '_hidden', 'nothing', 'apply'])(
    'denies the method %s [ext-04]',
    async (name) => {
      const { test, call, denials } = await open();
      await using _ = test;
      expect(await call('method', name)).toMatchObject({ status: 'permission_denied' });
      expect(denials()).toEqual(['asset:read no-such-method']);
    },
  );

  it('does not let an object that was kept be used by an operation that did not declare it [ext-04]', async () => {
    const { test, call, denials } = await open();
    await using _ = test;
    expect(await call('keep')).toMatchObject({ status: 'success' });
    expect(await call('use')).toMatchObject({ status: 'permission_denied' });
    expect(denials()).toEqual(['asset:read not-declared']);
  });

  it('gives proof-bound methods only to operations whose proof was accepted', async () => {
    const { test, call, denials } = await open();
    await using _ = test;
    expect(await call('write')).toMatchObject({ status: 'permission_denied' });
    expect(await call('proven')).toMatchObject({
      status: 'invalid_proof',
      detail: 'the call carries no proof',
    });
    expect(await call('proven', 'x', 'three legs')).toEqual({
      status: 'invalid_proof',
      detail: 'work: too little',
    });
    expect(await call('proven', 'x', 'four legs')).toEqual({
      status: 'success',
      result: ['put x', 'four legs'],
    });
    expect(denials()).toEqual(['asset:write proof-required']);
    expect(
      test.audit.records.filter(({ event }) => event.startsWith('proof.')).map(({ event }) => event),
    ).toEqual(['proof.refused', 'proof.refused', 'proof.accepted']);
  });

  it('takes a capability back at once, from calls that wait for it too [ext-04]', async () => {
    const { test, call, denials } = await open();
    await using _ = test;
    started = Promise.withResolvers();
    const waiting = call('wait');
    await started.promise;
    expect(test.host.revoke('acme.broker', 'asset:read')).toBe(true);
    expect(await waiting).toMatchObject({ status: 'permission_denied' });
    // Refused by the desk before the extension is asked, and by the broker where it is asked all the same.
    expect(await call('get')).toMatchObject({
      status: 'permission_denied',
      detail: 'needs asset:read, which is not granted',
    });
    expect(await call('undeclared')).toMatchObject({ status: 'permission_denied' });
    expect(denials()).toEqual(['asset:read revoked']);
    expect(test.host.grant('acme.broker', 'asset:read')).toBe(true);
    expect(await call('get')).toMatchObject({ status: 'success' });
    expect(test.host.grant('acme.broker', 'asset:create')).toBe(false);
    expect(test.host.grant('acme.broker', 'vm:execute')).toBe(false);
  });

  it('refuses to load what must have a capability that it cannot have [ext-04]', async () => {
    const refused = await open({ required: ['asset:read', 'asset:create', 'asset:write', 'storage:write'] });
    expect(refused.outcome).toMatchObject({
      ok: false,
      code: 'capability-refused',
      detail: expect.stringContaining('asset:create'),
    });
    const absent = await open({ required: ['asset:read', 'vm:execute', 'asset:write', 'storage:write'] });
    expect(absent.outcome).toMatchObject({ ok: false, code: 'capability-unavailable' });
    const undeclared = await open({ required: ['asset:read'], optional: [] });
    expect(undeclared.outcome).toMatchObject({ ok: false, code: 'undeclared-capability' });
    for (const { test } of [refused, absent, undeclared]) {
      expect(test.host.list()).toEqual([]);
      await test[Symbol.asyncDispose]();
    }
  });

  it('grants to an id only where the signer is the one that the policy names [ext-04]', async () => {
    const grants = policy.grants.map((each) => ({ ...each, signer: 'somebody else' }));
    const { test, outcome } = await open({ policy: { grants } });
    await using _ = test;
    expect(outcome).toMatchObject({ ok: false, code: 'capability-refused' });
    const own = await open({
      policy: { grants: policy.grants.map((each) => ({ ...each, signer: 'author' })) },
    });
    await using __ = own.test;
    expect(own.outcome).toMatchObject({ ok: true });
  });

  it('holds a quota to the byte, and names who enforces each', async () => {
    const { test, call } = await open();
    await using _ = test;
    expect(await call('store', 600)).toEqual({ status: 'success', result: 600 });
    expect(await call('store', 401)).toMatchObject({ status: 'failed', code: 'extension/quota' });
    expect(await call('store', 400)).toEqual({ status: 'success', result: 400 });
    const quotas = Object.fromEntries(
      (test.host.get('acme.broker')?.quotas ?? []).map((each) => [each.quota, each.enforcement]),
    );
    expect(quotas).toEqual(
      tier === 'strict'
        ? {
            cpu: 'hard',
            memory: 'hard',
            storage: 'hard',
            network: 'hard',
            concurrency: 'hard',
            calls: 'hard',
            'host-calls': 'hard',
            deadline: 'hard',
          }
        : {
            cpu: 'advisory',
            memory: 'advisory',
            storage: 'advisory',
            network: 'advisory',
            concurrency: 'hard',
            calls: 'hard',
            'host-calls': 'hard',
            deadline: 'reactive',
          },
    );
  });
});

it('storage that is let go in no proper number leaves the quota as it was', () => {
  const quotas = new Quotas('acme', limitsOf({ storageBytes: 100 }, {}), createManualClock());
  quotas.reserveStorage(100);
  for (const bytes of [Number.NaN, -50, Number.NEGATIVE_INFINITY]) quotas.releaseStorage(bytes);
  expect(() => quotas.reserveStorage(1)).toThrow(expect.objectContaining({ code: 'extension/quota' }));
  quotas.releaseStorage(1);
  quotas.reserveStorage(1);
});
