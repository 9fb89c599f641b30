import type { Capability, CapabilityFactory, ExtensionPolicy, Limits } from '@hypermesh/extension-sdk/host';
import type { Decisions } from './decisions.ts';

/** Ceilings of what comes with the node: an installation moves gigabytes and asks its host for each step. */
const bundledLimits = {
  cpuBp: 20_000,
  memoryBytes: 4 * 2 ** 30,
  storageBytes: 2 ** 40,
  networkBps: 10_000_000_000,
  concurrency: 1_000,
  callsPerSecond: 10_000,
  hostCalls: 1_000_000,
  deadlineMs: 3_600_000,
};
/** Ceilings of all others: the seeds' defaults, and what a small machine bears. */
const otherLimits: Partial<Limits> = {
  cpuBp: 2_500,
  memoryBytes: 256 * 2 ** 20,
  storageBytes: 2 ** 30,
  concurrency: 100,
  callsPerSecond: 1_000,
  hostCalls: 256,
  deadlineMs: 30_000,
};

/** The policy of a node, which follows what its operator decides: each question is answered from the decisions of that moment. */
export function nodePolicy(parts: {
  readonly self: string;
  readonly bundled: ReadonlySet<string>;
  /** What those that come with the node get. */
  readonly capabilities: readonly Capability[];
  readonly offered: ReadonlySet<Capability>;
  readonly decisions: Decisions;
}): ExtensionPolicy {
  const { self, bundled, capabilities, offered, decisions } = parts;
  return {
    get pinned() {
      const own = [...decisions.pins.values()].filter(({ trusted }) => trusted);
      return [self, ...own.map(({ signer }) => signer)];
    },
    get grants() {
      const ofBundled = [...bundled].map((extension) => {
        const revoked = decisions.bundled.get(extension)?.revoked ?? [];
        return {
          extension,
          signer: self,
          capabilities: capabilities.filter((name) => !revoked.includes(name)),
        };
      });
      const others = [...decisions.loaded.values()].map(({ id, signer, grants }) => ({
        extension: id,
        signer,
        capabilities: grants.filter((name) => offered.has(name)),
      }));
      return [...ofBundled, ...others];
    },
    callers: [{ client: '*', method: '*' }],
    rate: { perSecond: 1_000, burst: 2_000 },
    limits: ({ id }) => (bundled.has(id) ? bundledLimits : otherLimits),
  };
}

/** What stands behind each capability: for those that come with the node the node's own objects, for others what is offered. */
export function nodeFactories(parts: {
  readonly bundled: ReadonlySet<string>;
  readonly objects: Readonly<Partial<Record<Capability, object>>>;
  readonly offers: Readonly<Partial<Record<Capability, CapabilityFactory>>>;
}): Readonly<Partial<Record<Capability, CapabilityFactory>>> {
  const { bundled, objects, offers } = parts;
  const names = [...new Set([...Object.keys(objects), ...Object.keys(offers)])] as Capability[];
  return Object.fromEntries(
    names.map((name) => {
      const { charges } = offers[name] ?? {};
      const factory: CapabilityFactory = {
        ...(charges === undefined ? {} : { charges }),
        create: (grant) =>
          (bundled.has(grant.extension) ? objects[name] : offers[name]?.create(grant)) ?? Object.freeze({}),
      };
      return [name, factory];
    }),
  );
}
