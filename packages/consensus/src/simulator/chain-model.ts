import { sha256, toHex } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { type Block, type BlockHeader, createBlock, genesisHash, validatorsHashOf } from '../engine/block.ts';
import { ByteWriter } from '../engine/bytes.ts';
import { createEd25519Scheme, type VoteScheme } from '../engine/scheme.ts';
import type { Head } from '../engine/state.ts';
import { createCheapScheme } from './cheap-scheme.ts';

/** Blocks, keys and state of a simulated ledger, real or cheap. */
export interface ChainModel {
  readonly chain: Uint8Array;
  readonly validatorsHash: Uint8Array;
  readonly genesis: Head;
  readonly genesisRoot: Uint8Array;
  schemeOf(node: number): VoteScheme;
  makeBlock(
    parent: Head,
    place: { view: number; proposer: number; nonce: number; state: { height: number; root: Uint8Array } },
  ): Block;
  /** Root of the state after a block: any function of the chain up to it. */
  rootOf(head: Head): Uint8Array;
}

/** A model for `validators` keys. */
export function createChainModel(validators: number, fidelity: 'cheap' | 'real'): ChainModel {
  const chain = new Uint8Array(32).fill(7);
  const keys = Array.from({ length: validators }, (_, node) =>
    fidelity === 'real' ? generateKey(sha256(Uint8Array.of(node, 1))) : undefined,
  );
  const publicKeys = keys.map((key, node) => key?.publicKey ?? new Uint8Array(32).fill(node + 1));
  const validatorsHash = validatorsHashOf(publicKeys);
  const hash = genesisHash(chain, validatorsHash);
  const genesis: Head = { id: toHex(hash), hash, height: 0, view: 0, timeMs: 1, stateHeight: 0 };
  const base = { chain, validatorsHash, genesis, genesisRoot: hash };
  const headerOf = (parent: Head, { view, proposer, state }: Parameters<ChainModel['makeBlock']>[1]) => ({
    chain,
    height: parent.height + 1,
    view,
    parent: parent.hash,
    timeMs: parent.timeMs + 1,
    proposer,
    stateHeight: state.height,
    stateRoot: state.root,
    validatorsHash,
  });
  if (fidelity === 'real') {
    return {
      ...base,
      schemeOf: (node) => createEd25519Scheme(chain, publicKeys, keys[node]?.secretKey),
      makeBlock: (parent, place) =>
        createBlock(headerOf(parent, place), [new ByteWriter(12).u32(place.nonce).u53(place.view).bytes]),
      rootOf: (head) => head.hash,
    };
  }
  const txRoot = new Uint8Array(32);
  const nothing = new Uint8Array(0);
  return {
    ...base,
    schemeOf: createCheapScheme,
    makeBlock(parent, place) {
      const header: BlockHeader = { v: 1, txRoot, ...headerOf(parent, place) };
      const id = `${place.view}.${place.proposer}.${place.nonce}`;
      const blockHash = new ByteWriter(32).u53(place.view).u32(place.proposer).u32(place.nonce).bytes;
      return { header, txs: [], hash: blockHash, id, parentId: parent.id, bytes: nothing };
    },
    rootOf: (head) => head.hash,
  };
}
