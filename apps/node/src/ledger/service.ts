import {
  type ConsensusProof,
  createMemberPlots,
  createOperation,
  createOperationLedger,
  createValidator,
  createVrfKey,
  decodeTransaction,
  encodeTransaction,
  type FinalityProof,
  type Genesis,
  type Operation,
  type OperationLedger,
  type PlotSource,
  prove,
  type Transport,
  type ValidatorNode,
  validatorsOf,
} from '@hypermesh/consensus';
import { openFileStorage } from '@hypermesh/consensus/storage';
import {
  type CanonicalValue,
  type ChainId,
  type Clock,
  hasCode,
  type Log,
  type Metrics,
  type NodeId,
  nodeIdOf,
  type OperationId,
  toHex,
} from '@hypermesh/core';
import { createSigner } from '@hypermesh/core/ed25519';
import type { DataDirectory } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import type { NodeKeys } from '../identity.ts';
import { assetRules } from '../inventory/ledger-rules.ts';
import type { MeshFacts } from '../mesh/facts.ts';
import { nameRules } from '../names/ledger-rule.ts';
import { foundingBalances, valueRules } from '../wallet/rules.ts';
import { type FinalityFigures, watchFinality } from './finality.ts';
import { blockIntervalMs, heartbeatMs, maxBlockBytes } from './options.ts';
import { returnRules } from './return-rule.ts';

/** No proof is taken whose anchor is older than so many blocks; each state that is kept costs some 6 KB for each operation in it. */
const keptHeights = 1_024;

/** An operation that is final, with what shows it to anybody. */
export interface FinalOperation {
  readonly id: OperationId;
  readonly height: number;
  readonly proof: FinalityProof;
  readonly transaction: Uint8Array;
  /** Time spent on making the four proofs, and from submission to finality, milliseconds. */
  readonly provingMs: number;
  readonly finalityMs: number;
}

/** The ledger as the rest of a node sees it. */
export interface LedgerService extends AsyncDisposable {
  readonly chainId: ChainId;
  readonly genesis: Genesis;
  readonly ledger: OperationLedger;
  readonly validator: ValidatorNode;
  readonly validators: readonly NodeId[];
  /** How quickly the last blocks became final here; undefined before the first. */
  finality(): FinalityFigures | undefined;
  /** Resolves with the reason when the validator stopped by itself, such as for a disk that takes nothing. */
  readonly failed: Promise<string>;
  /** Makes an operation with its four proofs, but does not submit it. Its sequence number is the next free one. */
  prepare(
    kind: string,
    body: CanonicalValue,
    signal?: AbortSignal,
  ): Promise<{ operation: Operation; proof: ConsensusProof }>;
  /**
   * Submits a transaction and waits until it is final. Throws `node/operation-refused` naming the leg where the
   * proofs or the ledger's rules refuse it.
   */
  submit(transaction: Uint8Array, signal?: AbortSignal): Promise<Omit<FinalOperation, 'provingMs'>>;
  /** Resolves when this node has applied a height, which a catch-up may take a while for. */
  applied(height: number, signal: AbortSignal): Promise<void>;
  /** `prepare` and `submit`, one operation of this node at a time, so that sequence numbers stay without a gap. */
  act(kind: string, body: CanonicalValue, signal?: AbortSignal): Promise<FinalOperation>;
}

/** What a ledger service is made of. */
export interface LedgerServicePorts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Hears how far the plots of this member are, 0 to 1. */
  readonly onPlotProgress?: (done: number) => void;
  readonly signal?: AbortSignal;
}

/** Opens the ledger of a genesis in a data directory: plots, storage, validator, and catches up. */
export async function openLedgerService(
  directory: DataDirectory,
  {
    genesis,
    chainId,
    facts,
  }: { readonly genesis: Genesis; readonly chainId: ChainId; readonly facts: MeshFacts },
  keys: NodeKeys,
  ports: LedgerServicePorts,
): Promise<LedgerService> {
  const { clock, log, metrics, signal } = ports;
  const self = toHex(keys.ed25519.publicKey);
  const member = genesis.members.find(({ key }) => toHex(key) === self);
  if (member === undefined) {
    throw new NodeError(
      {
        code: 'node/refused',
        by: 'genesis',
        reason: 'not-a-member',
        next: 'this mesh was founded without this node',
      },
      'The genesis of this mesh does not list this node',
    );
  }
  await using cleanup = new AsyncDisposableStack();
  const plots = cleanup.use(
    await createMemberPlots({
      chainId,
      owner: keys.ed25519.publicKey,
      space: member.space,
      directory: directory.plots,
      ...(ports.onPlotProgress === undefined ? {} : { onProgress: ports.onPlotProgress }),
      ...(signal === undefined ? {} : { signal }),
    }),
  );
  const storage = cleanup.use(await openFileStorage(directory.ledger));
  // What is applied again after a start has been counted by the process before.
  let isLive = false;
  const whenLive: Metrics = {
    count: (...given) => isLive && metrics.count(...given),
    observe: (...given) => isLive && metrics.observe(...given),
  };
  const ledger = createOperationLedger({
    genesis,
    keptHeights,
    rules: { ...assetRules, ...valueRules, ...returnRules, ...nameRules(facts) },
    genesisState: foundingBalances(genesis),
    metrics: whenLive,
  });
  const finality = watchFinality(metrics);
  const watched = watchFailure(log);
  const validator = createValidator(
    {
      genesis: {
        chain: chainId,
        timeMs: genesis.createdMs,
        validators: validatorsOf(genesis).map((publicKey) => ({ publicKey })),
        stateRoot: ledger.stateRoot(),
      },
      secretKey: keys.ed25519.secretKey,
      minBlockIntervalMs: blockIntervalMs,
      heartbeatMs,
      maxBlockBytes,
    },
    { app: ledger, transport: ports.transport, storage, clock, log: watched.log, metrics: finality },
  );
  cleanup.defer(() => validator.stop());
  await validator.start();
  isLive = true;
  const owned = cleanup.move();
  return {
    chainId,
    genesis,
    ledger,
    validator,
    validators: validatorsOf(genesis).map(nodeIdOf),
    finality: finality.figures,
    failed: watched.failed,
    ...operations({ ledger, validator, chainId, keys, plots, clock, metrics }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A log that also tells when the validator stopped by itself: it says so there, once. */
function watchFailure(log: Log): { readonly log: Log; readonly failed: Promise<string> } {
  const { promise, resolve } = Promise.withResolvers<string>();
  return {
    failed: promise,
    log: {
      debug: (event, fields) => log.debug(event, fields),
      info: (event, fields) => log.info(event, fields),
      warn: (event, fields) => log.warn(event, fields),
      error(event, fields) {
        log.error(event, fields);
        if (event === 'consensus.failed') resolve(String(fields?.['reason']));
      },
    },
  };
}

interface OperationParts {
  readonly ledger: OperationLedger;
  readonly validator: ValidatorNode;
  readonly chainId: ChainId;
  readonly keys: NodeKeys;
  readonly plots: PlotSource;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** Blocks at which the plots may fail to answer before an operation is given up. */
const mostSpaceMisses = 5;
/** Sequence numbers that may turn out to be taken before an operation is given up. */
const mostTakenSequences = 3;

function operations({ ledger, validator, chainId, keys, plots, clock, metrics }: OperationParts) {
  const signer = createSigner(keys.ed25519.secretKey);
  const vrf = createVrfKey(keys.vrfSeed);
  let lastAct: Promise<unknown> = Promise.resolve();

  /** Waits until a final block is fresh enough to anchor a proof in: the first one, or the next after a long pause. */
  async function freshAnchor(signal?: AbortSignal): Promise<void> {
    if (ledger.anchors(clock.nowMs()).length > 0) return;
    const blocks = validator.finalized({
      from: ledger.appliedHeight() + 1,
      ...(signal === undefined ? {} : { signal }),
    });
    for await (const _ of blocks) if (ledger.anchors(clock.nowMs()).length > 0) return;
    signal?.throwIfAborted();
    throw stopped('a block was final');
  }

  async function proveAtSomeAnchor(operation: Operation, signal?: AbortSignal): Promise<ConsensusProof> {
    for (let attempt = 1; ; attempt++) {
      await freshAnchor(signal);
      const before = ledger.appliedHeight();
      try {
        return await prove(
          operation,
          ledger.proveContext({ signer, vrf, plots, nowMs: clock.nowMs(), signal }),
        );
      } catch (error) {
        // Plots have too few answers at about one anchor in a hundred: the next block asks something else.
        if (!hasCode(error, 'consensus/space-miss') || attempt >= mostSpaceMisses) throw error;
        await applied(before + 1, signal);
      }
    }
  }

  async function applied(height: number, signal?: AbortSignal): Promise<void> {
    if (ledger.appliedHeight() >= height) return;
    const blocks = validator.finalized({
      from: ledger.appliedHeight() + 1,
      ...(signal === undefined ? {} : { signal }),
    });
    for await (const { header } of blocks) if (header.height >= height) return;
    signal?.throwIfAborted();
    throw stopped(`block ${height} was final`);
  }

  async function prepare(kind: string, body: CanonicalValue, signal?: AbortSignal) {
    const sequence = ledger.sequenceOf(keys.ed25519.publicKey) + 1;
    const operation = createOperation({ chainId, kind, actor: keys.ed25519.publicKey, sequence, body });
    const startedMs = clock.monotonicMs();
    const proof = await proveAtSomeAnchor(operation, signal);
    metrics.count('consensus_proofs_made_total');
    metrics.observe('consensus_proving_seconds', (clock.monotonicMs() - startedMs) / 1000);
    return { operation, proof };
  }

  const counted = (error: unknown): unknown => {
    if (error instanceof NodeError && 'leg' in error.failure)
      metrics.count('consensus_refused_total', 1, { leg: error.failure.leg });
    return error;
  };

  async function submit(transaction: Uint8Array, signal?: AbortSignal) {
    const startedMs = clock.monotonicMs();
    let final: Awaited<ReturnType<ValidatorNode['submit']>>;
    try {
      final = await validator.submit(transaction, signal === undefined ? {} : { signal });
    } catch (error) {
      throw counted(refusal(error));
    }
    const { proof, result } = final;
    if (result.code !== 'ok') throw counted(refused('ledger', result.code));
    return {
      id: idOf(transaction),
      height: proof.header.height,
      proof,
      transaction,
      finalityMs: clock.monotonicMs() - startedMs,
    };
  }

  async function act(kind: string, body: CanonicalValue, signal?: AbortSignal): Promise<FinalOperation> {
    const startedMs = clock.monotonicMs();
    for (let attempt = 1; ; attempt++) {
      const { operation, proof } = await prepare(kind, body, signal);
      const provingMs = clock.monotonicMs() - startedMs;
      try {
        return { ...(await submit(encodeTransaction({ operation, proof }), signal)), provingMs };
      } catch (error) {
        // An operation of ours that somebody gave up waiting for may be final by now: its number is gone.
        const isTaken =
          error instanceof NodeError && 'leg' in error.failure && error.failure.reason === 'replayed';
        if (!isTaken || attempt >= mostTakenSequences) throw error;
      }
    }
  }

  return {
    prepare,
    submit,
    applied,
    act(kind: string, body: CanonicalValue, signal?: AbortSignal): Promise<FinalOperation> {
      const mine = lastAct.then(() => act(kind, body, signal));
      lastAct = mine.catch(() => undefined);
      return mine;
    },
  };
}

function idOf(transaction: Uint8Array): OperationId {
  const decoded = decodeTransaction(transaction);
  if (decoded.ok) return decoded.id;
  throw new TypeError(`a transaction that became final does not decode: ${decoded.reason}`);
}

const legs = ['space', 'stake', 'work', 'time', 'binding'] as const;

/** The engine tells the application's reason as text, `LEG/REASON` where a leg of the proof failed. */
function refusal(error: unknown): unknown {
  if (!(error instanceof Error) || !hasCode(error, 'consensus/tx-refused') || !('failure' in error))
    return error;
  const { reason } = error.failure as { readonly reason: string };
  const leg = legs.find((name) => reason.startsWith(`${name}/`));
  return leg === undefined ? refused('ledger', reason) : refused(leg, reason.slice(leg.length + 1));
}

function refused(leg: string, reason: string): NodeError {
  const next = 'make the operation again: a proof holds for one operation and a while';
  return new NodeError(
    { code: 'node/operation-refused', leg, reason, next },
    `The ledger refuses the operation: ${leg}: ${reason}`,
  );
}

/** The members of a genesis by NodeId, in its order. */
export function memberNodes(genesis: Genesis): ReadonlyMap<NodeId, Genesis['members'][number]> {
  return new Map(genesis.members.map((member) => [nodeIdOf(member.key), member]));
}

function stopped(before: string): NodeError {
  return new NodeError(
    { code: 'node/cancelled', next: 'ask again when the node runs' },
    `The ledger stopped before ${before}`,
  );
}
