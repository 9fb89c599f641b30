import {
  type Clock,
  equalBytes,
  type Log,
  type Metrics,
  type Startable,
  silentLog,
  silentMetrics,
} from '@hypermesh/core';
import { publicKeyOf } from '@hypermesh/core/ed25519';
import { ConsensusError } from '../errors.ts';
import type { FinalityProof } from '../light/proof.ts';
import {
  badOption,
  type CheckedGenesis,
  checkGenesis,
  limitsOf,
  timeoutsOf,
  type ValidatorLimits,
  type ValidatorOptions,
} from '../options.ts';
import type { App, Storage, Transport, TxResult } from '../ports.ts';
import type { BlockHeader } from './block.ts';
import { checkGenesisRoot, Executor } from './executor.ts';
import { FinalizedChain } from './finalized-chain.ts';
import { createInbox, type Inbox } from './inbox.ts';
import { leaderOf } from './leader.ts';
import { createPersister, type Persister } from './persister.ts';
import { Proposer } from './proposer.ts';
import { decodeLogRecord, type StoredBlock } from './record.ts';
import { liveRecords, recoverEngine } from './recovery.ts';
import { SIMPLEX_RULES } from './rules.ts';
import { createEd25519Scheme } from './scheme.ts';
import {
  type EngineConfig,
  type EngineEffect,
  type EngineInput,
  type EngineState,
  headOf,
  type LogRecord,
  type TimerKind,
} from './state.ts';
import { step } from './step.ts';
import { Submissions } from './submissions.ts';
import { verifyProposal } from './verifier.ts';
import { createMessageDecoder, encodeMessage, type WireMessage } from './wire.ts';

/** What a validator needs from its surroundings. Who opened transport and storage closes them, after `stop`. */
export interface ValidatorPorts {
  readonly app: App;
  readonly transport: Transport;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log?: Log;
  readonly metrics?: Metrics;
}

/** A submitted transaction that is final, durable here and executed. */
export interface Receipt {
  readonly proof: FinalityProof;
  readonly result: TxResult;
}

/** A final block as `finalized` yields it. `certificate` is absent when a later block's covers it. */
export interface FinalizedEntry {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
  readonly txs: readonly Uint8Array[];
}

/** Where a validator stands. */
export interface ValidatorStatus {
  readonly index: number;
  readonly validators: number;
  readonly quorum: number;
  readonly view: number;
  readonly leader: number;
  /** Of the last final block that is known, of the last one stored, of the last one executed. */
  readonly height: number;
  readonly storedHeight: number;
  readonly appliedHeight: number;
  readonly finalizedView: number;
  readonly pendingTxs: number;
  readonly peers: readonly number[];
  /** From the first sight of the last final block to its finality here. */
  readonly lastFinalityMs: number | undefined;
  readonly isCatchingUp: boolean;
  /** After a lost log: nothing is signed up to this view. */
  readonly mutedUntilView: number | undefined;
  readonly droppedMessages: number;
  /** Why it stopped by itself, if it did. */
  readonly failure: string | undefined;
}

/** One validator of a ledger. */
export interface ValidatorNode extends Startable {
  /**
   * Orders a transaction. Resolves when it is final, durable here and executed; the same bytes again resolve with the
   * first receipt while it is remembered. Aborting ends the wait only: the transaction may still become final.
   * Fails with `consensus/tx-refused`, `tx-too-large`, `mempool-full`, `tx-expired` or `stopped`.
   */
  submit(tx: Uint8Array, options?: { readonly signal?: AbortSignal }): Promise<Receipt>;
  /** Final blocks from a height on (default: the next), each once and in order, without end until `signal`. */
  finalized(options?: {
    readonly from?: number;
    readonly signal?: AbortSignal;
  }): AsyncIterable<FinalizedEntry>;
  status(): ValidatorStatus;
  /** The header of a final block, or undefined above the last. */
  header(height: number): Promise<BlockHeader | undefined>;
  /** The proof that a block, and a transaction in it, is final; undefined where there is none yet. */
  proof(height: number, txIndex?: number): Promise<FinalityProof | undefined>;
}

const VIEW_AHEAD = 32;
const MAX_BATCH_BYTES = 4 * 1024 * 1024;
const SWEEP_MS = 1_000;

/** Makes a validator; `start` reads the storage, catches the application up and joins. */
export function createValidator(options: ValidatorOptions, ports: ValidatorPorts): ValidatorNode {
  const genesis = checkGenesis(options.genesis);
  const own = publicKeyOf(options.secretKey);
  const me = genesis.publicKeys.findIndex((key) => equalBytes(key, own));
  if (me < 0) throw badOption('secretKey', 'belongs to no validator of the genesis');
  return new Validator({ genesis, me, limits: limitsOf(options), secretKey: options.secretKey }, ports);
}

interface Settings {
  readonly genesis: CheckedGenesis;
  readonly me: number;
  readonly limits: ValidatorLimits;
  readonly secretKey: Uint8Array;
}

class Validator implements ValidatorNode {
  readonly #settings: Settings;
  readonly #ports: Required<ValidatorPorts>;
  readonly #config: EngineConfig;
  readonly #quorum: number;
  readonly #chain: FinalizedChain;
  readonly #executor: Executor;
  readonly #persister: Persister;
  readonly #proposer: Proposer;
  readonly #submissions: Submissions;
  readonly #inbox: Inbox;
  readonly #decode: ReturnType<typeof createMessageDecoder>;
  readonly #inputs: EngineInput[] = [];
  readonly #timers = new Map<TimerKind | 'sweep', () => void>();
  readonly #seen = new Map<string, number>();
  readonly #serving = new Set<number>();
  #state: EngineState | undefined;
  #head: Pick<BlockHeader, 'stateHeight' | 'stateRoot'>;
  #checking: AbortController | undefined;
  #isStepping = false;
  #isPending = false;
  #lastFinalityMs: number | undefined;
  #failure: string | undefined;
  #phase: 'new' | 'starting' | 'running' | 'stopped' = 'new';
  #unlisten: (() => void) | undefined;
  #started: Promise<void> | undefined;

  constructor(settings: Settings, ports: ValidatorPorts) {
    const { genesis, me, limits, secretKey } = settings;
    this.#settings = settings;
    this.#ports = { log: silentLog, metrics: silentMetrics, ...ports };
    const { app, storage, clock } = this.#ports;
    const validators = genesis.publicKeys.length;
    this.#quorum = SIMPLEX_RULES.quorum(validators);
    this.#head = { stateHeight: 0, stateRoot: genesis.stateRoot };
    this.#config = {
      validators,
      me,
      chain: genesis.chain,
      validatorsHash: genesis.validatorsHash,
      genesis: genesis.head,
      scheme: createEd25519Scheme(genesis.chain, genesis.publicKeys, secretKey),
      rules: SIMPLEX_RULES,
      timeouts: timeoutsOf(limits),
      viewAhead: VIEW_AHEAD,
    };
    this.#chain = new FinalizedChain(storage.blocks, { validators, quorum: this.#quorum });
    this.#persister = createPersister(storage, validators, {
      durable: (tokens) => {
        for (const token of tokens) this.#take({ type: 'persisted', token });
      },
      failed: (error) => this.#fail('storage', error),
      compaction: () => this.#compaction(),
    });
    this.#executor = new Executor(app, this.#chain, {
      logDurable: () => this.#persister.durable(),
      applied: (path, results) => this.#applied(path, results),
      failed: (error) => this.#fail('application', error),
    });
    this.#submissions = new Submissions({
      app,
      clock,
      limits,
      chain: this.#chain,
      parentTimeMs: () => this.#state?.head.timeMs ?? genesis.head.timeMs,
      headHeight: () => this.#state?.head.height ?? 0,
      tell: (txs, to) => this.#tell(txs, to),
      changed: () => this.#workChanged(),
    });
    this.#proposer = new Proposer({
      clock,
      limits,
      genesis,
      me,
      mempool: this.#submissions.mempool,
      chain: this.#chain,
      headState: () => this.#head,
      deliver: (view, block) => {
        this.#seen.set(block.id, clock.monotonicMs());
        this.#take({ type: 'proposed', view, block });
      },
      gone: (id, reason) => this.#submissions.drop(id, reason),
    });
    this.#inbox = createInbox(
      { maxMessages: 4_096, maxBytes: limits.maxBlockBytes * 4 + MAX_BATCH_BYTES * 2 },
      (from, bytes) => this.#receive(from, bytes),
      (task) => clock.schedule(0, task),
    );
    this.#decode = createMessageDecoder({
      validators,
      quorum: this.#quorum,
      maxBatchBytes: MAX_BATCH_BYTES,
      ...limits,
    });
  }

  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    const { app, storage, transport } = this.#ports;
    const { genesis } = this.#settings;
    this.#phase = 'starting';
    checkGenesisRoot(app, genesis.stateRoot);
    this.#chain.noteRoot(0, genesis.stateRoot);
    const last = await this.#chain.load();
    await this.#executor.replay();
    const guardView = storage.guard.mutedUntil;
    const records = (await storage.log.replay()).map((bytes) => this.#decodeRecord(bytes));
    if (last !== undefined) this.#head = last.block.header;
    this.#state = recoverEngine(this.#config, {
      head: last === undefined ? undefined : headOf(last.block),
      best: last?.certificate,
      records,
      guardView,
    });
    if ((this.#phase as string) === 'stopped') return;
    this.#phase = 'running';
    if (guardView > this.#state.head.view)
      this.#ports.log.warn('consensus.log-lost', { mutedUntilView: guardView });
    this.#unlisten = transport.listen({
      message: (from, bytes) => {
        if (this.#phase === 'running' && from !== this.#settings.me) this.#inbox.push(from, bytes);
      },
      connected: (peer) => {
        if (this.#phase !== 'running') return;
        this.#take({ type: 'connected', peer });
        this.#submissions.tellOwn(peer);
      },
    });
    this.#workChanged();
    this.#take({ type: 'start' });
  }

  #decodeRecord(bytes: Uint8Array): LogRecord {
    const record = decodeLogRecord(bytes, this.#config.validators, this.#quorum);
    if (record !== undefined) return record;
    throw new ConsensusError(
      {
        code: 'consensus/storage-corrupt',
        file: 'log',
        offset: 0,
        reason: 'an entry is no record of this ledger',
      },
      'the log holds an entry that is no record of this ledger',
    );
  }

  async stop(): Promise<void> {
    if (this.#phase === 'stopped') return;
    this.#phase = 'stopped';
    await this.#started?.catch(() => undefined);
    this.#halt('stopped');
    await this.#persister.idle();
    await this.#executor.stop();
  }

  #halt(reason: string): void {
    this.#unlisten?.();
    this.#unlisten = undefined;
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#proposer.stop();
    this.#checking?.abort();
    this.#inbox.clear();
    this.#submissions.stop(reason);
  }

  #fail(part: string, error: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = `${part}: ${error instanceof Error ? error.message : String(error)}`;
    this.#ports.log.error('consensus.failed', { part, reason: this.#failure });
    this.#phase = 'stopped';
    this.#halt(this.#failure);
  }

  submit(tx: Uint8Array, options: { readonly signal?: AbortSignal } = {}): Promise<Receipt> {
    return this.#submissions.submit(tx, options.signal);
  }

  finalized(
    options: { readonly from?: number; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<FinalizedEntry> {
    return this.#submissions.follow(options.from ?? this.#chain.height + 1, options.signal);
  }

  async header(height: number): Promise<BlockHeader | undefined> {
    return (await this.#chain.read(height))?.block.header;
  }

  proof(height: number, txIndex?: number): Promise<FinalityProof | undefined> {
    return this.#chain.proof(height, txIndex);
  }

  status(): ValidatorStatus {
    const state = this.#state;
    const { validators } = this.#config;
    const view = state?.view ?? 0;
    const finalizedView = state?.best?.view ?? state?.head.view ?? 0;
    const isMuted = state !== undefined && state.guardView > state.head.view;
    return {
      index: this.#settings.me,
      validators,
      quorum: this.#quorum,
      view,
      leader: leaderOf(view, validators),
      height: state?.head.height ?? 0,
      storedHeight: this.#chain.height,
      appliedHeight: this.#chain.appliedHeight,
      finalizedView,
      pendingTxs: this.#submissions.mempool.size,
      peers: this.#ports.transport.peers(),
      lastFinalityMs: this.#lastFinalityMs,
      isCatchingUp: finalizedView > (state?.head.view ?? 0),
      mutedUntilView: isMuted ? state.guardView : undefined,
      droppedMessages: this.#inbox.dropped,
      failure: this.#failure,
    };
  }

  /** One input after the other: effects may cause further inputs at once. */
  #take(input: EngineInput): void {
    this.#inputs.push(input);
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        if (this.#state === undefined || this.#phase !== 'running') continue;
        const view = this.#state.view;
        const { state, effects } = step(this.#state, next);
        this.#state = state;
        if (state.view > view) this.#leaveView(state.view);
        for (const effect of effects) this.#perform(effect);
      }
    } finally {
      this.#isStepping = false;
    }
  }

  #leaveView(view: number): void {
    this.#proposer.drop(view);
    this.#checking?.abort();
    this.#checking = undefined;
  }

  #perform(effect: EngineEffect): void {
    const { transport, clock, log, metrics } = this.#ports;
    switch (effect.type) {
      case 'persist':
        this.#persister.push(effect);
        return;
      case 'send':
        transport.send(effect.to, encodeMessage(effect.message, this.#config.validators));
        return;
      case 'broadcast':
        this.#broadcast(effect.message);
        return;
      case 'setTimer': {
        const { timer, view, afterMs } = effect;
        this.#timers.get(timer)?.();
        this.#timers.delete(timer);
        if (afterMs === Number.POSITIVE_INFINITY) return;
        this.#timers.set(
          timer,
          clock.schedule(afterMs, () => this.#take({ type: 'timer', timer, view })),
        );
        return;
      }
      case 'propose':
        this.#proposer.request(effect);
        return;
      case 'verify':
        this.#verify(effect);
        return;
      case 'commit':
        this.#commit(effect);
        return;
      case 'serve':
        this.#serve(effect.to, effect.height);
        return;
      case 'report': {
        const { event, ...fields } = effect.report;
        metrics.count('consensus_reports_total', 1, { event });
        if (event === 'safety-violation') log.error('consensus.safety-violation', fields);
        else if (event === 'view-given-up') this.#submissions.tellOwn();
        else log.warn(`consensus.${event}`, fields);
        return;
      }
      default:
        effect satisfies never;
    }
  }

  #broadcast(message: WireMessage): void {
    const bytes = encodeMessage(message, this.#config.validators);
    for (let peer = 0; peer < this.#config.validators; peer += 1) {
      if (peer !== this.#settings.me) this.#ports.transport.send(peer, bytes);
    }
  }

  #tell(txs: readonly Uint8Array[], to: number | undefined): void {
    if (this.#phase !== 'running') return;
    const message: WireMessage = { type: 'txs', txs };
    if (to === undefined) this.#broadcast(message);
    else this.#ports.transport.send(to, encodeMessage(message, this.#config.validators));
  }

  #receive(from: number, bytes: Uint8Array): void {
    if (this.#phase !== 'running') return;
    const verdict = this.#decode(bytes);
    if (!verdict.ok) {
      this.#ports.metrics.count('consensus_malformed_total', 1, { reason: verdict.reason });
      this.#ports.log.debug('consensus.malformed', { peer: from, reason: verdict.reason });
      return;
    }
    const { message } = verdict;
    if (message.type === 'txs') this.#submissions.receive(message.txs, from);
    else this.#take({ type: 'message', from, message });
  }

  #verify({ view, block, parent }: Extract<EngineEffect, { type: 'verify' }>): void {
    const { clock, log } = this.#ports;
    this.#checking?.abort();
    const checking = new AbortController();
    this.#checking = checking;
    this.#seen.set(block.id, clock.monotonicMs());
    const parts = {
      clock,
      limits: this.#settings.limits,
      mempool: this.#submissions.mempool,
      chain: this.#chain,
      applied: (height: number, signal: AbortSignal) => this.#submissions.applied(height, signal),
      signal: checking.signal,
    };
    verifyProposal(block, parent, parts).then(
      (reason) => {
        if (reason === 'abandoned') return;
        if (reason !== undefined)
          log.warn('consensus.proposal-refused', { view, height: block.header.height, reason });
        this.#take({ type: 'verified', view, block: block.id, ok: reason === undefined });
      },
      (error) => {
        log.error('consensus.check-failed', { view, message: String(error) });
        this.#take({ type: 'verified', view, block: block.id, ok: false });
      },
    );
  }

  #commit({ blocks, logged }: Extract<EngineEffect, { type: 'commit' }>): void {
    const last = blocks[blocks.length - 1];
    if (last === undefined) return;
    this.#head = last.block.header;
    const nowMs = this.#ports.clock.monotonicMs();
    for (const { block } of blocks) {
      const seenMs = this.#seen.get(block.id);
      if (seenMs === undefined) continue;
      this.#lastFinalityMs = nowMs - seenMs;
      this.#ports.metrics.observe('consensus_finality_ms', nowMs - seenMs);
    }
    if (this.#seen.size > 64 || last.block.header.height % 64 === 0) this.#seen.clear();
    this.#executor.push({ blocks, logged });
  }

  #applied(path: readonly StoredBlock[], results: readonly TxResult[]): void {
    this.#submissions.finalize(path, results);
    this.#workChanged();
    this.#proposer.poke();
  }

  async #compaction(): Promise<readonly LogRecord[] | undefined> {
    const { log } = this.#ports.storage;
    if (log.sizeBytes <= this.#settings.limits.maxLogBytes || this.#state === undefined) return undefined;
    const unsynced = await this.#executor.compact();
    return [...unsynced, ...liveRecords(this.#state)];
  }

  #serve(to: number, height: number): void {
    if (this.#serving.has(to)) return;
    this.#serving.add(to);
    this.#chain
      .batch(height, MAX_BATCH_BYTES)
      .then((entries) => {
        if (entries.length === 0 || this.#phase !== 'running') return;
        const message: WireMessage = { type: 'finalized', entries };
        this.#ports.transport.send(to, encodeMessage(message, this.#config.validators));
      })
      .catch((error) => this.#ports.log.error('consensus.serve-failed', { peer: to, message: String(error) }))
      .finally(() => this.#serving.delete(to));
  }

  /** Tells the engine whether anything waits: before block 1, or while the mempool holds something. */
  #workChanged(): void {
    const isPending = this.#chain.height === 0 || this.#submissions.mempool.size > 0;
    this.#proposer.poke();
    if (isPending !== this.#isPending) {
      this.#isPending = isPending;
      this.#take({ type: 'work', pending: isPending });
    }
    if (isPending && !this.#timers.has('sweep') && this.#phase === 'running') {
      const sweep = (): void => {
        this.#timers.delete('sweep');
        this.#submissions.sweep();
        this.#workChanged();
      };
      this.#timers.set('sweep', this.#ports.clock.schedule(SWEEP_MS, sweep));
    }
  }
}
