import { systemClock } from '@hypermesh/core/node';
import { type MemoryAudit, memoryAudit } from '../audit/log.ts';
import type { CapabilityFactory } from '../broker/ports.ts';
import { type Capability, capabilityNames } from '../capabilities.ts';
import { createExtensionHost, type ExtensionHost } from '../host/host.ts';
import type { ExtensionHostOptions } from '../host/ports.ts';
import { type TestSigner, testSigner } from './package.ts';

/** What differs from a host that grants everything there is something behind, and lets everybody call everything. */
export type TestHostOptions = Partial<Omit<ExtensionHostOptions, 'audit' | 'capabilities'>> & {
  readonly capabilities?: Readonly<Partial<Record<Capability, CapabilityFactory | object>>>;
};

/** A host in memory, its records, and a signer that it believes and pins. */
export interface TestHost extends AsyncDisposable {
  readonly host: ExtensionHost;
  readonly audit: MemoryAudit;
  readonly signer: TestSigner;
}

function isFactory(given: object): given is CapabilityFactory {
  return 'create' in given && typeof given.create === 'function';
}

/** Opens a host for the tests of an extension. A capability may be a factory, or simply its object. */
export function createTestHost({ capabilities = {}, ...options }: TestHostOptions = {}): TestHost {
  const signer = testSigner();
  const clock = options.clock ?? systemClock;
  const audit = memoryAudit(clock);
  const factories = Object.entries(capabilities).map(([name, given]) => [
    name,
    isFactory(given) ? given : { create: () => given },
  ]);
  const host = createExtensionHost({
    trust: signer.trust,
    clock,
    policy: {
      pinned: [signer.id],
      grants: [{ extension: '*', capabilities: capabilityNames }],
      callers: [{ client: '*', method: '*' }],
      rate: { perSecond: 1_000, burst: 1_000 },
    },
    ...options,
    audit,
    capabilities: Object.fromEntries(factories) as Partial<Record<Capability, CapabilityFactory>>,
  });
  return { host, audit, signer, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
}
