import { equalBytes, silentLog, silentMetrics } from '@hypermesh/core';
import { publicKeyOf } from '@hypermesh/core/ed25519';
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
import type { TxResult } from '../ports.ts';
import type { BlockHeader } from './block.ts';
import { countApplied, countEffect, countInput } from './counts.ts';
import { Executor } from './executor.ts';
import { FinalityTimes } from './finality-times.ts';
import { FinalizedChain } from './finalized-chain.ts';
import { MAX_BATCH_BYTES, Peers } from './peers.ts';
import { createPersister, type Persister } from './persister.ts';
import { Proposer } from './proposer.ts';
import type { StoredBlock } from './record.ts';
import { liveRecords } from './recovery.ts';
import { SIMPLEX_RULES } from './rules.ts';
import { createEd25519Scheme } from './scheme.ts';
import { readState, statusOf } from './startup.ts';
import type {
  EngineConfig,
  EngineEffect,
  EngineInput,
  EngineReport,
  EngineState,
  LogRecord,
  TimerKind,
} from './state.ts';
import { step } from './step.ts';
import { Submissions } from './submissions.ts';
import type {
  FinalizedEntry,
  Receipt,
  ValidatorNode,
  ValidatorPorts,
  ValidatorStatus,
} from './validator-node.ts';
import { Verifier } from './verifier.ts';
import type { WireMessage } from './wire.ts';

const VIEW_AHEAD = 32;
const SWEEP_MS = 1_000;
/** Between two batches of finalized blocks for one peer. */
const SERVE_PAUSE_MS = 25;

/** Makes a validator; `start` reads the storage, catches the application up and joins. */
export function createValidator(options: ValidatorOptions, ports: ValidatorPorts): ValidatorNode {
  const genesis = checkGenesis(options.genesis);
  const own = publicKeyOf(options.secretKey);
  const me = genesis.publicKeys.findIndex((key) => equalBytes(key, own));
  if (me < 0) throw badOption('secretKey', 'belongs to no validator of the genesis');
  return new Validator({ genesis, me, limits: limitsOf(options), secretKey: options.secretKey }, ports);
}

type Settings = Readonly<{
  genesis: CheckedGenesis;
  me: number;
  limits: ValidatorLimits;
  secretKey: Uint8Array;
}>;

class Validator implements ValidatorNode {
  readonly #settings: Settings;
  readonly #ports: Required<ValidatorPorts>;
  readonly #config: EngineConfig;
  readonly #quorum: number;
  readonly #chain: FinalizedChain;
  readonly #executor: Executor;
  readonly #persister: Persister;
  readonly #proposer: Proposer;
  readonly #verifier: Verifier;
  readonly #submissions: Submissions;
  readonly #peers: Peers;
  readonly #inputs: EngineInput[] = [];
  readonly #timers = new Map<TimerKind | 'sweep', () => void>();
  readonly #finality: FinalityTimes;
  readonly #serving = new Set<number>();
  #state: EngineState | undefined;
  #head: Pick<BlockHeader, 'stateHeight' | 'stateRoot'>;
  #isStepping = false;
  #isPending = false;
  #failure: string | undefined;
  #phase: 'new' | 'starting' | 'running' | 'stopped' = 'new';
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
        this.#finality.saw(block.id);
        this.#take({ type: 'proposed', view, block });
      },
      gone: (id, reason) => this.#submissions.drop(id, reason),
    });
    this.#finality = new FinalityTimes(clock, this.#ports.metrics);
    this.#verifier = new Verifier({
      clock,
      limits,
      mempool: this.#submissions.mempool,
      chain: this.#chain,
      log: this.#ports.log,
      applied: (height, signal) => this.#submissions.applied(height, signal),
      done: (view, block, ok) => this.#take({ type: 'verified', view, block, ok }),
    });
    this.#peers = new Peers({
      me,
      validators,
      quorum: this.#quorum,
      limits,
      ports: this.#ports,
      handle: (from, message) => {
        if (message.type === 'txs') this.#submissions.receive(message.txs, from);
        else this.#take({ type: 'message', from, message });
      },
      connected: (peer) => {
        this.#take({ type: 'connected', peer });
        this.#submissions.tellOwn(peer);
      },
    });
  }

  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    this.#phase = 'starting';
    const state = await readState({
      config: this.#config,
      genesis: this.#settings.genesis,
      chain: this.#chain,
      executor: this.#executor,
      app: this.#ports.app,
      storage: this.#ports.storage,
    });
    if ((this.#phase as string) === 'stopped') return;
    this.#state = state;
    this.#head = this.#chain.last ?? this.#head;
    this.#phase = 'running';
    if (state.guardView > state.head.view) {
      this.#ports.log.warn('consensus.log-lost', { mutedUntilView: state.guardView });
    }
    this.#peers.open();
    this.#workChanged();
    this.#take({ type: 'start' });
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
    this.#peers.close();
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#proposer.stop();
    this.#verifier.abandon();
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
    const { mempool } = this.#submissions;
    return {
      ...statusOf(this.#config, this.#state),
      storedHeight: this.#chain.height,
      appliedHeight: this.#chain.appliedHeight,
      pendingTxs: mempool.size,
      peers: this.#ports.transport.peers(),
      lastFinalityMs: this.#finality.lastMs,
      droppedMessages: this.#peers.dropped,
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
        countInput(this.#ports.metrics, next);
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
    this.#verifier.abandon();
  }

  #perform(effect: EngineEffect): void {
    const { clock, metrics } = this.#ports;
    countEffect(metrics, effect);
    switch (effect.type) {
      case 'persist':
        this.#persister.push(effect);
        return;
      case 'send':
        this.#peers.send(effect.to, effect.message);
        return;
      case 'broadcast':
        this.#peers.broadcast(effect.message);
        return;
      case 'setTimer': {
        const { timer, view, afterMs } = effect;
        this.#timers.get(timer)?.();
        this.#timers.delete(timer);
        const fire = () => this.#take({ type: 'timer', timer, view });
        if (afterMs !== Number.POSITIVE_INFINITY) this.#timers.set(timer, clock.schedule(afterMs, fire));
        return;
      }
      case 'propose':
        this.#proposer.request(effect);
        return;
      case 'verify':
        this.#finality.saw(effect.block.id);
        this.#verifier.check(effect);
        return;
      case 'commit':
        this.#commit(effect);
        return;
      case 'serve':
        this.#serve(effect.to, effect.height);
        return;
      case 'report':
        this.#report(effect.report);
        return;
      default:
        effect satisfies never;
    }
  }

  #report({ event, ...fields }: EngineReport): void {
    const { log, metrics } = this.#ports;
    metrics.count('consensus_reports_total', 1, { event });
    if (event === 'view-given-up') {
      this.#submissions.tellOwn();
      return;
    }
    if (event === 'safety-violation') log.error('consensus.safety-violation', fields);
    else log.warn(`consensus.${event}`, fields);
    const isLie = event === 'bad-certificate' || event === 'bad-vote' || event === 'bad-batch';
    if (isLie && fields.peer !== undefined) this.#peers.strike(fields.peer);
  }

  #tell(txs: readonly Uint8Array[], to: number | undefined): void {
    if (this.#phase !== 'running') return;
    const message: WireMessage = { type: 'txs', txs };
    if (to === undefined) this.#peers.broadcast(message);
    else this.#peers.send(to, message);
  }

  #commit({ blocks, logged }: Extract<EngineEffect, { type: 'commit' }>): void {
    this.#head = blocks[blocks.length - 1]?.block.header ?? this.#head;
    this.#finality.final(blocks.map(({ block }) => block.id));
    this.#executor.push({ blocks, logged });
  }

  #applied(path: readonly StoredBlock[], results: readonly TxResult[]): void {
    countApplied(this.#ports.metrics, path.length, results);
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
        this.#peers.send(to, { type: 'finalized', entries });
      })
      .catch((error) => this.#ports.log.error('consensus.serve-failed', { peer: to, message: String(error) }))
      .finally(() => {
        this.#ports.clock.schedule(SERVE_PAUSE_MS, () => this.#serving.delete(to));
      });
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
