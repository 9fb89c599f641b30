import { interleave, report } from '@hypermesh/bench';
import {
  createCatalog,
  executionRequest,
  folderFromMap,
  type OpenedSource,
  parsePackage,
} from '@hypermesh/catalog';
import { createMemoryExecution, createMemoryMesh } from '@hypermesh/catalog/testing';
import { sha256 } from '@hypermesh/core';
import { createSigner, generateKey } from '@hypermesh/core/ed25519';

/*
 * What the catalog itself adds to publishing, mapping and submitting: its ports are in memory, so
 * there is no network, no Falcon signature, no log, no proof and no consensus in these figures.
 */
const OPERATIONS = 50;
const BYTES = 64 * 1024;
const document = (version: string) => `apiVersion: catalog.v1
kind: AssetPackage
metadata: { name: bench, version: ${version}, tags: [bench] }
spec:
  description: a package to measure with
  type: vm.wasm
  content: { files: ['**'], entrypoint: main.wasm }
  resources: { cpu_cores: 4, memory_mb: 2048, storage_mb: 1024, network_bandwidth_mbps: 100 }
  execution: { cpu_required: true, memory_mb: 2048, storage_mb: 1024 }
`;

const folder = folderFromMap({ 'main.wasm': new Uint8Array(BYTES).fill(7) });
function sourceOf(version: string): OpenedSource {
  const parsed = parsePackage(document(version));
  if (!parsed.ok) throw new Error('the document of this bench is wrong');
  return { package: parsed.package, folder };
}

const execution = createMemoryExecution(
  new Map([['node', async () => ({ node: 'node', exit: 'ok', details: {} })]]),
);
const [node] = createMemoryMesh({ execution }).nodes;
if (node === undefined) throw new Error('a mesh has nodes');
const catalog = createCatalog(node.ports);
await catalog.publish(sourceOf('0.0.1'));
const here = await catalog.obtain('bench@0.0.1');
const release = await catalog.resolve('bench');
const verified = { release, record: here.record, signers: here.signers, signedBy: [], moved: 0 };
const request = executionRequest(verified, {});

let published = 0;
const signer = createSigner(generateKey().secretKey);
const payload = new Uint8Array(BYTES).fill(7);

async function perOperation(operation: () => unknown): Promise<number> {
  const startMs = performance.now();
  for (let n = 0; n < OPERATIONS; n++) await operation();
  return (performance.now() - startMs) / OPERATIONS;
}

const results = await interleave({
  rounds: 7,
  cases: {
    publish: () => perOperation(() => catalog.publish(sourceOf(`1.0.${published++}`))),
    floor: () => perOperation(() => signer.sign(sha256(payload))),
    map: () => perOperation(() => executionRequest(verified, {})),
    parse: () => perOperation(() => parsePackage(document('1.0.0'))),
    submit: () => perOperation(() => execution.submit('node', request)),
    run: () => perOperation(() => catalog.run('bench@0.0.1')),
  },
});
const told = [
  [
    'catalog/publish kib=64 ports=memory',
    results.publish,
    results.floor,
    'SHA-256 and one Ed25519 signature',
    '<= 50 ms',
  ],
  ['catalog/map', results.map, results.parse, 'parsing the document', '<= 10 ms'],
  [
    'catalog/submit ports=memory with=resolve,solve,verify,status',
    results.run,
    results.submit,
    'the port alone',
    '<= 100 ms',
  ],
] as const;
for (const [name, value, baseline, baselineName, aim] of told) {
  report({ name, value, unit: 'ms', baseline, baselineName, aim });
}
