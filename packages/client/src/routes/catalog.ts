import { route } from '../table/route.ts';
import {
  count,
  decimal,
  flag,
  hex,
  list,
  mapOf,
  nullable,
  number,
  object,
  oneOf,
  optional,
  text,
  words,
} from '../table/shapes.ts';
import { Type } from '../table/type.ts';

/** Types of packages. */
const packageTypes = [
  'library.julia',
  'library.python',
  'library.rust',
  'library.javascript',
  'container.docker',
  'vm.wasm',
  'dataset.scientific',
] as const;

/** A package, as callers name it. */
export const spec = text({ description: 'NAME or NAME@RANGE' });
const type = oneOf(packageTypes);
const signers = list(object({ suite: words(), key: hex({ description: 'SHA-256 of the public key' }) }));

const publication = object({
  name: words(),
  version: words(),
  digest: words({ description: 'CID of the package record' }),
  document: words({ description: 'Content root of the record' }),
  content: words({ description: 'Content root of the files' }),
  bytes: count(),
  files: count(),
  signers,
  logIndex: count(),
  sequence: count(),
  finalized: flag(),
  holders: list(words(), { description: 'Members that hold it beside this one' }),
  copies: count(),
  already: flag(),
  operation: words(),
  height: count(),
  provingMs: count(),
  finalityMs: count(),
});

const installedFields = {
  name: words(),
  version: words(),
  digest: words(),
  bytes: count(),
  bytesMoved: count(),
  bytesReused: count(),
  signers,
  publisher: words(),
  assets: list(words()),
  already: flag(),
};

const installation = object({
  ...installedFields,
  packages: list(object(installedFields)),
  rejectedChunks: count(),
  peers: list(object({ node: words(), bytes: count(), over: words() })),
  lock: words({ description: 'Text of the lock file that gives exactly this again' }),
  operation: nullable(words()),
  height: nullable(count()),
  provingMs: count(),
});

/** A package that is installed on this node. */
const installedPackage = object({
  v: Type.Literal(1),
  name: words(),
  version: words(),
  type: words(),
  digest: words(),
  record: words(),
  content: words(),
  bytes: count(),
  publisher: words(),
  signers,
  requested: optional(words({ description: 'The range that somebody asked for by name' })),
  dependencies: mapOf(words()),
  assets: list(words()),
  operation: words(),
  height: count(),
  installedMs: count(),
});

const hit = object({
  key: words(),
  name: words(),
  version: words(),
  type: words(),
  description: words(),
  tags: list(words()),
  digest: words(),
  bytes: count(),
  publisher: words(),
  score: number(),
  verified: flag(),
});

const release = object({
  key: words(),
  record: object({
    v: Type.Literal(1),
    name: words(),
    version: words(),
    type: words(),
    description: words(),
    tags: list(words()),
    sequence: count(),
    digest: words(),
    record: words(),
    bundles: list(words()),
    content: words(),
    bytes: count(),
    dependencies: list(object({ name: words(), range: words(), optional: flag() })),
    publishedMs: count(),
  }),
  publisher: words(),
  height: count(),
});

const packageRecord = object({
  format: words(),
  name: words(),
  version: words(),
  type,
  description: words(),
  tags: list(words()),
  license: optional(words()),
  authors: list(words()),
  homepage: optional(words()),
  dependencies: list(
    object({ name: words(), range: words(), kind: oneOf(['runtime', 'data', 'build']), optional: flag() }),
  ),
  entrypoint: optional(words()),
  args: list(words()),
  resources: object({
    cpuMillicores: optional(count()),
    cpuArchitecture: optional(words()),
    memoryBytes: optional(count()),
    storageBytes: optional(count()),
    networkBitsPerSecond: optional(count()),
    gpuMemoryBytes: optional(count()),
    gpuType: optional(words()),
  }),
  execution: object({
    cpuRequired: flag(),
    gpuRequired: flag(),
    persistentStorage: flag(),
    distributed: flag(),
    minNodes: count(),
    maxNodes: count(),
    timeoutMs: optional(count()),
    fuel: optional(Type.Union([count(), decimal()])),
    network: oneOf(['none', 'restricted']),
    outputs: list(words()),
  }),
  security: object({ trustchainValidation: flag(), hypermeshConsensus: flag(), resourceIsolation: flag() }),
  files: list(object({ path: words(), size: count(), executable: flag() })),
  bytes: count(),
  root: words(),
});

const information = object({
  release,
  record: packageRecord,
  signers,
  versions: list(words(), { description: 'Oldest first' }),
  installed: optional(installedPackage),
  sequence: optional(
    object({
      highest: count(),
      gaps: list(count()),
      repeated: list(count()),
      rolledBackFrom: optional(count()),
    }),
  ),
  refused: list(
    object({ key: words(), check: oneOf(['index-record', 'owner', 'sequence']), reason: words() }),
  ),
});

const verification = object({
  key: words(),
  ok: flag(),
  checks: list(object({ check: words(), ok: flag(), detail: words() })),
  publisher: optional(words()),
  deep: flag(),
});

const wanted = object({
  specs: optional(list(spec, { maxItems: 64, description: 'None: what the lock file names' })),
  spec: optional(spec),
  lock: optional(Type.String({ maxLength: 900_000, description: 'Text of a lock file to keep to' })),
  frozen: optional(flag({ description: 'Exactly what the lock file says, or nothing' })),
});

const installationPlan = object({
  packages: list(
    object({
      name: words(),
      version: words(),
      bytes: count(),
      already: flag({ description: 'Installed on this node' }),
      here: flag({ description: 'Its bytes are whole on this node' }),
    }),
  ),
  bytes: count(),
  mostBytesMoved: count(),
  lock: words({ description: 'Text of the lock file that it would keep' }),
  changes: list(words(), { description: 'What would change in the lock file that was given' }),
});

/** Publishing, finding, installing and verifying packages. */
export const catalogRoutes = {
  versions: route({
    method: 'GET',
    path: '/v1/packages/{name}/versions',
    summary: 'Versions of a package, oldest first',
    input: object({ name: text({ maxLength: 214 }) }),
    output: object({ versions: list(words()) }),
    heavy: true,
  }),
  publish: route({
    method: 'POST',
    path: '/v1/packages',
    summary: "Publish a package from a folder of the node's machine",
    description: 'Give `source` (a folder, or a source such as `npm:left-pad@1.3.0`) or `folder`.',
    input: object({ source: optional(text()), folder: optional(text()) }),
    output: publication,
    progress: true,
  }),
  install: route({
    method: 'POST',
    path: '/v1/installations',
    summary: 'Find, fetch, check and install packages with what they depend on',
    description: 'Give `specs`, or one `spec`.',
    input: wanted,
    output: installation,
    progress: true,
  }),
  'plan-install': route({
    method: 'POST',
    path: '/v1/installations/plan',
    summary: 'What installing would do: solved and verified, nothing installed',
    input: wanted,
    output: installationPlan,
    progress: true,
    reads: true,
    heavy: true,
  }),
  search: route({
    method: 'GET',
    path: '/v1/packages',
    summary: 'Find packages by words and type',
    input: object({
      text: optional(text()),
      type: optional(type),
      verifiedOnly: optional(flag({ description: 'True unless told otherwise' })),
      limit: optional(count({ minimum: 1, maximum: 1000 })),
    }),
    output: object({ packages: list(hit) }),
  }),
  info: route({
    method: 'GET',
    path: '/v1/packages/{spec}',
    summary: 'Everything that is known of a package',
    input: object({ spec }),
    output: information,
  }),
  list: route({
    method: 'GET',
    path: '/v1/installations',
    summary: 'Packages that are installed on this node',
    input: object({}),
    output: object({ packages: list(installedPackage) }),
  }),
  why: route({
    method: 'GET',
    path: '/v1/installations/{spec}/why',
    summary: 'Why a package is installed: the paths that lead to it',
    input: object({ spec }),
    output: object({ paths: list(list(words())) }),
  }),
  verify: route({
    method: 'GET',
    path: '/v1/installations/{spec}/verification',
    summary: 'Check an installed package again: records, signatures, log, and with deep every byte',
    input: object({ spec, deep: optional(flag()) }),
    output: verification,
    heavy: true,
  }),
  remove: route({
    method: 'DELETE',
    path: '/v1/installations/{spec}',
    summary: 'Remove an installed package',
    input: object({ spec }),
    output: installedPackage,
  }),
};
