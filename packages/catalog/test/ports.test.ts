import { generateKey } from '@hypermesh/core/ed25519';
import { describe, test } from 'vitest';
import { folderFromMap, folderSource } from '../src/index.ts';
import {
  artifactsCompliance,
  assetRegistryCompliance,
  type ComplianceCase,
  contentCompliance,
  createMemoryArtifacts,
  createMemoryAssets,
  createMemoryContentNetwork,
  createMemoryExecution,
  createMemoryIndex,
  createMemoryMesh,
  createMemoryState,
  executionCompliance,
  indexCompliance,
  type NodeBehaviour,
  packageSourceCompliance,
  stateCompliance,
} from '../src/testing/index.ts';
import { requestFor } from './fixtures/requests.ts';

const runAll = (cases: readonly ComplianceCase[]) => {
  for (const { name, run } of cases) test(name, run);
};

const two = createMemoryMesh({ nodes: 2 }).nodes.map(({ id }) => id);
const [alice, bob] = [two[0] ?? ('' as never), two[1] ?? ('' as never)];

describe('Content in memory', () => {
  runAll(
    contentCompliance(async () => {
      const network = createMemoryContentNetwork();
      return [network.join(alice), network.join(bob)];
    }),
  );
});

describe('Index in memory', () => {
  runAll(
    indexCompliance(async () => {
      const index = createMemoryIndex();
      return [index.join(alice), index.join(bob)];
    }),
  );
});

describe('Artifacts in memory', () => {
  runAll(
    artifactsCompliance(async () => [
      createMemoryArtifacts(generateKey()),
      createMemoryArtifacts(generateKey()),
    ]),
  );
});

describe('AssetRegistry in memory', () => {
  runAll(assetRegistryCompliance(async () => createMemoryAssets()));
});

describe('State in memory', () => {
  const disks = new WeakMap<object, Map<string, Uint8Array>>();
  const open = (disk: Map<string, Uint8Array>) => {
    const state = createMemoryState(disk);
    disks.set(state, disk);
    return state;
  };
  runAll(
    stateCompliance({
      create: async () => open(new Map()),
      reopen: async (state) => open(disks.get(state) ?? new Map()),
    }),
  );
});

describe('PackageSource over folders', () => {
  const document = (text: string) => folderFromMap({ 'catalog.yaml': new TextEncoder().encode(text) });
  const folders = {
    good: document(
      'apiVersion: catalog.v1\nkind: AssetPackage\nmetadata: { name: a, version: 1.0.0 }\nspec: { description: d }\n',
    ),
    bad: document('apiVersion: catalog.v1\nkind: Other\n'),
  };
  runAll(
    packageSourceCompliance(async () => ({
      source: folderSource(
        async (path) => folders[path as 'good' | 'bad'],
        (spec) => spec in folders,
      ),
      good: 'good',
      bad: 'bad',
    })),
  );
});

describe('Execution in memory', () => {
  runAll(
    executionCompliance(async () => ({
      execution: createMemoryExecution(
        new Map<string, NodeBehaviour>([
          ['node-1', async () => ({ node: 'node-1', exit: 'ok', details: {} })],
          ['node-2', () => 'unreachable' as const],
        ]),
      ),
      request: requestFor('alpha@1.0.0'),
      unreachable: 'node-2',
    })),
  );
});
