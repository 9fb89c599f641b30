import type { Verdict } from '@hypermesh/core';
import type {
  Artifacts,
  AssetRegistry,
  CallOptions,
  CatalogPorts,
  Content,
  ExecutionPort,
  Index,
  IndexValue,
  OpenedSource,
  State,
  Trees,
} from '../ports.ts';
import { unknownSource } from '../sources/unknown.ts';

/** An operation of the index as a proof has to be about it. */
export interface ProvenOperation {
  readonly kind: 'package.publish' | 'package.install';
  readonly key: string;
  readonly value: IndexValue;
}

/** Whether a proof that the host's consensus accepted is about exactly this operation. */
export type ProofBinding = (operation: ProvenOperation, proof: unknown) => Promise<Verdict<object>>;

/**
 * The catalog's ports as flat objects of methods, one for each capability that its manifest asks for. A host makes them
 * with `catalogCapabilities`; arguments and results pass by reference, which only a host in the same process can do.
 */
export interface CatalogCapabilities {
  readonly 'asset:read': Pick<Index, 'get' | 'entries'> & { getAsset: AssetRegistry['get'] };
  readonly 'asset:create': Pick<Index, 'publish' | 'install'>;
  readonly 'asset:write': Pick<AssetRegistry, 'register' | 'release'>;
  readonly 'storage:read': {
    getContent: Content['get'];
    getState: State['get'];
    keys: State['keys'];
    treePath: Trees['path'];
    readTree: Trees['read'];
    openSource(spec: string, options?: CallOptions): Promise<OpenedSource | undefined>;
  };
  readonly 'storage:write': {
    putContent: Content['put'];
    replicate: Content['replicate'];
    putState: State['put'];
    deleteState: State['delete'];
    installTree: Trees['install'];
    removeTree: Trees['remove'];
  };
  readonly 'network:connect': Pick<Content, 'fetch'>;
  readonly 'trustchain:verify': Pick<Artifacts, 'verify'>;
  readonly 'trustchain:sign': Pick<Artifacts, 'sign' | 'endorse'> & { self(): Artifacts['self'] };
  readonly 'consensus:validate': { binds: ProofBinding };
  readonly 'vm:execute': ExecutionPort;
}

/** The capabilities that the catalog cannot do without. */
export const requiredCapabilities = [
  'asset:read',
  'asset:write',
  'asset:create',
  'network:connect',
  'consensus:validate',
  'storage:read',
  'storage:write',
  'trustchain:verify',
  'trustchain:sign',
] as const;

/** Makes the objects behind the capabilities from a node's ports. `vm:execute` is left out where nothing runs packages. */
export function catalogCapabilities(
  ports: CatalogPorts,
  binds: ProofBinding,
): Omit<CatalogCapabilities, 'vm:execute'> & Partial<Pick<CatalogCapabilities, 'vm:execute'>> {
  const { content, index, artifacts, assets, trees, state, sources = [], execution } = ports;
  return {
    'asset:read': {
      get: (key) => index.get(key),
      entries: (name) => index.entries(name),
      getAsset: (id) => assets.get(id),
    },
    'asset:create': { publish: (write) => index.publish(write), install: (write) => index.install(write) },
    'asset:write': {
      register: (asset, options) => assets.register(asset, options),
      release: (id, options) => assets.release(id, options),
    },
    'storage:read': {
      getContent: (root, options) => content.get(root, options),
      getState: (key) => state.get(key),
      keys: (prefix) => state.keys(prefix),
      treePath: (digest) => trees.path(digest),
      readTree: (digest, record) => trees.read(digest, record),
      openSource: async (spec, options) => sources.find((each) => each.takes(spec))?.open(spec, options),
    },
    'storage:write': {
      putContent: (source, options) => content.put(source, options),
      replicate: (root, options) => content.replicate(root, options),
      putState: (key, value) => state.put(key, value),
      deleteState: (key) => state.delete(key),
      installTree: (digest, record, stream, options) => trees.install(digest, record, stream, options),
      removeTree: (digest) => trees.remove(digest),
    },
    'network:connect': { fetch: (root, options) => content.fetch(root, options) },
    'trustchain:verify': { verify: (bundle, bytes) => artifacts.verify(bundle, bytes) },
    'trustchain:sign': {
      self: () => artifacts.self,
      sign: (bytes, options) => artifacts.sign(bytes, options),
      endorse: (message) => artifacts.endorse(message),
    },
    'consensus:validate': { binds },
    ...(execution === undefined ? {} : { 'vm:execute': executionMethods(execution) }),
  };
}

function executionMethods(execution: ExecutionPort): ExecutionPort {
  return {
    candidates: (request, options) => execution.candidates(request, options),
    submit: (node, request, options) => execution.submit(node, request, options),
    status: (id, options) => execution.status(id, options),
    result: (id, options) => execution.result(id, options),
    cancel: (id) => execution.cancel(id),
  };
}

/** The ports of a catalog from the capabilities of its host: the way back of `catalogCapabilities`. */
export function portsFrom(caps: CatalogCapabilities, canExecute: boolean): CatalogPorts {
  const read = caps['storage:read'];
  const write = caps['storage:write'];
  const { fetch } = caps['network:connect'];
  const sign = caps['trustchain:sign'];
  const assets = caps['asset:write'];
  return {
    content: { put: write.putContent, get: read.getContent, fetch, replicate: write.replicate },
    index: {
      get: caps['asset:read'].get,
      entries: caps['asset:read'].entries,
      publish: caps['asset:create'].publish,
      install: caps['asset:create'].install,
    },
    artifacts: {
      self: sign.self(),
      sign: sign.sign,
      endorse: sign.endorse,
      verify: caps['trustchain:verify'].verify,
    },
    assets: { register: assets.register, release: assets.release, get: caps['asset:read'].getAsset },
    trees: { install: write.installTree, path: read.treePath, read: read.readTree, remove: write.removeTree },
    state: { get: read.getState, put: write.putState, delete: write.deleteState, keys: read.keys },
    clock: { nowMs: () => Date.now() },
    sources: [
      {
        takes: () => true,
        async open(spec, options) {
          const opened = await read.openSource(spec, options);
          if (opened === undefined) throw unknownSource(spec);
          return opened;
        },
      },
    ],
    ...(canExecute ? { execution: caps['vm:execute'] } : {}),
  };
}
