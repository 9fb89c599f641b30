import {
  type CanonicalValue,
  type ChainId,
  equalBytes,
  type Metrics,
  type OperationId,
  silentMetrics,
  toHex,
} from '@hypermesh/core';
import { ConsensusError } from '../errors.ts';
import { chainBytes } from '../operation.ts';
import type { App, FinalizedBlock, HeaderView, TxResult } from '../ports.ts';
import { type Profile, profileOf } from '../profiles.ts';
import { checkProof } from '../proof.ts';
import type { MemberProof, ProveContext } from '../proof-context.ts';
import { bondKey, spaceKey } from '../stake/bond.ts';
import { createAdmission, plainHeader } from './admission.ts';
import { entryRules } from './entry-rules.ts';
import { chainOf, encodeGenesis, type Genesis } from './genesis.ts';
import { memberRules, readBond, writeBond } from './member-rules.ts';
import type { OperationRule } from './rules.ts';
import { createLedgerState, type StateView } from './state.ts';
import type { StateProof } from './state-tree.ts';
import { decodeTransaction } from './transaction.ts';

/** How a finalized operation ended. */
export interface OperationRecord {
  readonly v: 1;
  readonly height: number;
  readonly kind: string;
  readonly actor: Uint8Array;
  readonly code: string;
}

/** `rules` adds kinds, or replaces those that are there; the same on all validators. */
export interface OperationLedgerOptions {
  readonly genesis: Genesis;
  readonly rules?: Readonly<Record<string, OperationRule>>;
  /** Writes what else the state begins with, such as first balances: deterministic, the same on all validators. */
  readonly genesisState?: (view: StateView) => void;
  /** Heights whose state can still be proved against, default 8192. */
  readonly keptHeights?: number;
  /** Whether `checkTx` verifies on a worker thread (default), or in pieces of some milliseconds on this one. */
  readonly verifyInWorker?: boolean;
  /** Counts proofs that are checked and operations that are applied, those of a replay too; by default nobody does. */
  readonly metrics?: Metrics;
}

/**
 * The replicated state of members, assets, packages, leases and grants, as an application of the engine. Lives in
 * memory: after a restart the engine applies all blocks again, which costs no proof verification.
 */
export interface OperationLedger extends App {
  readonly chainId: ChainId;
  readonly genesis: Genesis;
  readonly profile: Profile;
  /** A value of the present state. */
  get(key: string): CanonicalValue | undefined;
  /** Present entries whose key begins with `prefix`. */
  entries(prefix: string): IterableIterator<readonly [string, CanonicalValue]>;
  /** Sequence of a member's last finalized operation; the next one takes the number after it. */
  sequenceOf(actor: Uint8Array): number;
  operation(id: OperationId): OperationRecord | undefined;
  /** Proves a value against the state root of `height` (default: the present one), while that height is kept. */
  stateProof(key: string, height?: number): StateProof | undefined;
  /** A member's records in the state that a header names: what `prove` shows. */
  memberProof(actor: Uint8Array, anchor: HeaderView): MemberProof | undefined;
  /** Applied headers no older than half the profile's window, newest first, at most eight. */
  anchors(nowMs: number): readonly HeaderView[];
  /** All that `prove` needs, from this ledger and the member's own keys and plots. */
  proveContext(
    own: Pick<ProveContext, 'signer' | 'vrf' | 'plots' | 'nowMs' | 'receipt' | 'signal'>,
  ): ProveContext;
}

const MAX_ANCHORS = 8;

/** Opens the ledger that begins with `genesis`, at height 0. */
export function createOperationLedger(options: OperationLedgerOptions): OperationLedger {
  const { genesis, keptHeights = 8192, verifyInWorker = true, metrics = silentMetrics } = options;
  const profile = profileOf(genesis.profile);
  const chainId = toHex(chainOf(encodeGenesis(genesis))) as ChainId;
  const chain = chainBytes(chainId);
  const rules = new Map(Object.entries({ ...entryRules, ...memberRules, ...options.rules }));
  const state = createLedgerState(keptHeights);
  const headers: HeaderView[] = [];
  let applied = 0;

  for (const { key: actor, vrfKey, power, space } of genesis.members) {
    const renewedMs = genesis.createdMs;
    writeBond(state, { v: 1, actor, vrfKey, power, status: 'bonded', renewedMs, sequence: 0 });
    state.set(spaceKey(actor), { v: 1, actor, groups: space } as unknown as CanonicalValue);
  }
  options.genesisState?.(state);
  state.seal(0);

  const admission = createAdmission({
    chainId,
    profile,
    keep: 16_384,
    hasRule: (kind) => rules.has(kind),
    inWorker: verifyInWorker,
    metrics,
  });

  const applyOne = (tx: Uint8Array, header: HeaderView): TxResult => {
    const decoded = decodeTransaction(tx);
    if (!decoded.ok || !equalBytes(decoded.operation.chain, chain)) return { code: 'malformed' };
    const { operation, id, encoded } = decoded;
    const { actor, kind, sequence } = operation;
    const rule = rules.get(kind);
    if (rule === undefined) return { code: 'unsupported-kind' };
    const bond = readBond(state, actor);
    if (bond === undefined) return { code: 'not-a-member' };
    // The proof showed the bond of its anchor; it may have been given up, slashed or passed on since.
    const hasPower = bond.power >= profile.minimumPower && bond.power >= operation.needs.power;
    if (bond.status !== 'bonded' || !hasPower) return { code: 'stake-changed' };
    if (sequence <= bond.sequence) return { code: 'replayed' };
    if (sequence !== bond.sequence + 1) return { code: 'out-of-sequence' };
    const { height, timeMs } = header;
    const proof = checkProof(encoded.proof);
    if (!proof.ok) return { code: 'malformed' };
    const anchorHeight = proof.parts.time.part.anchor.height;
    writeBond(state, { ...bond, sequence });
    let code = 'ok';
    state.attempt((view) => {
      code = rule(view, { operation, id, height, timeMs, anchorHeight, profile });
      return code === 'ok';
    });
    state.set(`op/${id}`, { v: 1, height, kind, actor, code });
    metrics.count('ledger_operations_total', 1, { kind, code });
    return { code };
  };

  const memberProof = (actor: Uint8Array, anchor: HeaderView): MemberProof | undefined => {
    const root = state.rootAt(anchor.stateHeight);
    if (root === undefined || !equalBytes(root, anchor.stateRoot)) return undefined;
    const bond = state.prove(bondKey(actor), anchor.stateHeight);
    return bond && { bond, space: state.prove(spaceKey(actor), anchor.stateHeight) };
  };

  const anchors = (nowMs: number): readonly HeaderView[] => {
    const recent: HeaderView[] = [];
    for (let i = headers.length - 1; i >= 0 && recent.length < MAX_ANCHORS; i--) {
      const header = headers[i] as HeaderView;
      if (nowMs - header.timeMs > profile.maxOffsetMs / 2) break;
      recent.push(header);
    }
    return recent;
  };

  return {
    chainId,
    genesis,
    profile,
    checkTx: (tx, context) => admission.check(tx, context),
    recheckTx: (tx, context) => admission.recheck(tx, context),
    async apply({ header, txs }: FinalizedBlock) {
      if (header.height !== applied + 1) {
        throw new ConsensusError(
          { code: 'consensus/bad-argument', argument: 'block', expected: `height ${applied + 1}` },
          `block ${header.height} cannot follow ${applied}`,
        );
      }
      const results = txs.map((tx) => applyOne(tx, header));
      applied = header.height;
      state.seal(applied);
      headers.push(plainHeader(header));
      if (headers.length > keptHeights) headers.shift();
      return { stateRoot: state.root(), results };
    },
    appliedHeight: () => applied,
    stateRoot: () => state.root(),
    get: (key) => state.get(key),
    entries: (prefix) => state.entries(prefix),
    sequenceOf: (actor) => readBond(state, actor)?.sequence ?? 0,
    operation: (id) => state.get(`op/${id}`) as OperationRecord | undefined,
    stateProof: (key, height = applied) => state.prove(key, height),
    memberProof,
    anchors,
    proveContext: (own) => ({
      ...own,
      chainId,
      profile,
      anchors: anchors(own.nowMs),
      member: (anchor) => memberProof(own.signer.publicKey, anchor),
    }),
  };
}
