import type { NodeId } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { createManualClock } from '@hypermesh/core/testing';
import type { CatalogPorts, ExecutionPort, PackageSource } from '../ports.ts';
import { createMemoryArtifacts } from './memory-artifacts.ts';
import { createMemoryContentNetwork, type MemoryContentNetwork } from './memory-content.ts';
import { createMemoryIndex, type MemoryIndex } from './memory-index.ts';
import { createMemoryAssets, createMemoryState, createMemoryTrees } from './memory-stores.ts';

/** One node of a mesh in memory. What it would keep on disk stands beside its ports. */
export interface MemoryNode {
  readonly id: NodeId;
  readonly ports: CatalogPorts;
  readonly state: Map<string, Uint8Array>;
  readonly trees: Map<string, Uint8Array>;
}

/** Nodes in one process that share an index and fetch content from each other. */
export interface MemoryMesh {
  readonly nodes: readonly MemoryNode[];
  readonly index: MemoryIndex;
  readonly content: MemoryContentNetwork;
}

/** Makes a mesh. Keys come from the node's number: two meshes have the same nodes. */
export function createMemoryMesh(
  options: {
    readonly nodes?: number;
    readonly sources?: readonly PackageSource[];
    readonly execution?: ExecutionPort;
  } = {},
): MemoryMesh {
  const { nodes: count = 4, sources = [], execution } = options;
  const index = createMemoryIndex();
  const content = createMemoryContentNetwork();
  const clock = createManualClock(1_750_000_000_000);
  const nodes = Array.from({ length: count }, (_, number) => {
    const artifacts = createMemoryArtifacts(generateKey(new Uint8Array(32).fill(number + 1)));
    const id = artifacts.self.node;
    const state = new Map<string, Uint8Array>();
    const trees = new Map<string, Uint8Array>();
    const ports: CatalogPorts = {
      content: content.join(id),
      index: index.join(id),
      artifacts,
      assets: createMemoryAssets(),
      trees: createMemoryTrees(trees),
      state: createMemoryState(state),
      clock,
      sources,
      ...(execution === undefined ? {} : { execution }),
    };
    return { id, ports, state, trees };
  });
  return { nodes, index, content };
}
