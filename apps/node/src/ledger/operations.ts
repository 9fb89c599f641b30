import {
  type ConsensusProof,
  createOperation,
  createVrfKey,
  decodeTransaction,
  encodeTransaction,
  type FinalityProof,
  type Operation,
  type OperationLedger,
  type PlotSource,
  prove,
  type ValidatorNode,
} from '@hypermesh/consensus';
import {
  type CanonicalValue,
  type ChainId,
  type Clock,
  hasCode,
  type Metrics,
  type OperationId,
} from '@hypermesh/core';
import { createSigner } from '@hypermesh/core/ed25519';
import { NodeError } from '../errors.ts';
import type { NodeKeys } from '../identity.ts';

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

/** An operation of this node with its four proofs. */
export interface ProvenOperation {
  readonly operation: Operation;
  readonly proof: ConsensusProof;
  /** Time spent on making the four proofs, milliseconds. */
  readonly provingMs: number;
}

/** How this node makes operations. They carry its sequence numbers, of which the ledger wants one after the other. */
export interface Operations {
  /** Makes an operation with its four proofs, but does not submit it. Its sequence number is the next free one. */
  prepare(kind: string, body: CanonicalValue, signal?: AbortSignal): Promise<ProvenOperation>;
  /**
   * Submits a transaction and waits until it is final. Throws `node/operation-refused` naming the leg where the
   * proofs or the ledger's rules refuse it.
   */
  submit(transaction: Uint8Array, signal?: AbortSignal): Promise<Omit<FinalOperation, 'provingMs'>>;
  /** Resolves when this node has applied a height, which a catch-up may take a while for. */
  applied(height: number, signal: AbortSignal): Promise<void>;
  /** `prepare` and `submit`, one operation of this node at a time, so that sequence numbers stay without a gap. */
  act(kind: string, body: CanonicalValue, signal?: AbortSignal): Promise<FinalOperation>;
  /**
   * Proves an operation for `use`, which submits it on a way of its own. No other operation of this node is made until
   * its sequence number is taken or `use` has ended; so `use` must not wait for one before it submits.
   */
  actBy<T>(
    kind: string,
    body: CanonicalValue,
    use: (made: ProvenOperation) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T>;
}

/** What they are made with. */
export interface OperationParts {
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

/** Makes the operations of the member with these keys. */
export function createOperations({
  ledger,
  validator,
  chainId,
  keys,
  plots,
  clock,
  metrics,
}: OperationParts): Operations {
  const signer = createSigner(keys.ed25519.secretKey);
  const vrf = createVrfKey(keys.vrfSeed);
  let lastTurn: Promise<unknown> = Promise.resolve();

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
    const provingMs = clock.monotonicMs() - startedMs;
    metrics.count('consensus_proofs_made_total');
    metrics.observe('consensus_proving_seconds', provingMs / 1000);
    return { operation, proof, provingMs };
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

  /** One turn after the other; a turn is over when its work has ended, or earlier where the work says so. */
  function inTurn<T>(work: (over: () => void) => Promise<T>): Promise<T> {
    const early = Promise.withResolvers<void>();
    const mine = lastTurn.then(() => work(early.resolve));
    lastTurn = Promise.race([early.promise, mine.catch(() => undefined)]);
    return mine;
  }

  async function act(kind: string, body: CanonicalValue, signal?: AbortSignal): Promise<FinalOperation> {
    for (let attempt = 1; ; attempt++) {
      const { operation, proof, provingMs } = await prepare(kind, body, signal);
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

  /** Resolves when a sequence number of this node is taken. */
  async function taken(sequence: number, signal: AbortSignal): Promise<void> {
    const isTaken = () => ledger.sequenceOf(keys.ed25519.publicKey) >= sequence;
    if (isTaken()) return;
    const blocks = validator.finalized({ from: ledger.appliedHeight() + 1, signal });
    for await (const _ of blocks) if (isTaken()) return;
  }

  async function actBy<T>(
    kind: string,
    body: CanonicalValue,
    use: (made: ProvenOperation) => Promise<T>,
    { signal, over }: { readonly signal: AbortSignal | undefined; readonly over: () => void },
  ): Promise<T> {
    const made = await prepare(kind, body, signal);
    const used = new AbortController();
    // Where the watch fails, the turn lasts as long as the use.
    taken(made.operation.sequence, used.signal).then(over, () => undefined);
    try {
      return await use(made);
    } finally {
      used.abort();
    }
  }

  return {
    prepare,
    submit,
    applied,
    act: (kind, body, signal) => inTurn(() => act(kind, body, signal)),
    actBy: (kind, body, use, signal) => inTurn((over) => actBy(kind, body, use, { signal, over })),
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

function stopped(before: string): NodeError {
  return new NodeError(
    { code: 'node/cancelled', next: 'ask again when the node runs' },
    `The ledger stopped before ${before}`,
  );
}
