import { ConsensusError } from '../errors.ts';
import type { CheckedGenesis } from '../options.ts';
import type { App, Storage } from '../ports.ts';
import { checkGenesisRoot, type Executor } from './executor.ts';
import type { FinalizedChain } from './finalized-chain.ts';
import { leaderOf } from './leader.ts';
import { decodeLogRecord } from './record.ts';
import { recoverEngine } from './recovery.ts';
import { type EngineConfig, type EngineState, headOf } from './state.ts';
import type { ValidatorStatus } from './validator-node.ts';

/** What a start reads from and brings up to date. */
export interface StartupParts {
  readonly config: EngineConfig;
  readonly genesis: CheckedGenesis;
  readonly chain: FinalizedChain;
  readonly executor: Executor;
  readonly app: App;
  readonly storage: Storage;
}

/** Reads blocks and log, has the application execute what it has not kept, and answers where the engine stood. */
export async function readState(parts: StartupParts): Promise<EngineState> {
  const { config, genesis, chain, executor, app, storage } = parts;
  checkGenesisRoot(app, genesis.stateRoot);
  chain.noteRoot(0, genesis.stateRoot);
  const last = await chain.load();
  await executor.replay();
  const quorum = config.rules.quorum(config.validators);
  const records = (await storage.log.replay()).map((bytes) => {
    const record = decodeLogRecord(bytes, config.validators, quorum);
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
  });
  return recoverEngine(config, {
    head: last && headOf(last.block),
    best: last?.certificate,
    records,
    guardView: storage.guard.mutedUntil,
  });
}

type EngineStatus = Pick<
  ValidatorStatus,
  | 'index'
  | 'validators'
  | 'quorum'
  | 'view'
  | 'leader'
  | 'height'
  | 'finalizedView'
  | 'isCatchingUp'
  | 'mutedUntilView'
>;

/** The part of a status that the engine knows; zeros before the start. */
export function statusOf(config: EngineConfig, state: EngineState | undefined): EngineStatus {
  const { validators, rules, me = -1 } = config;
  const view = state?.view ?? 0;
  const headView = state?.head.view ?? 0;
  const finalizedView = state?.best?.view ?? headView;
  const guardView = state?.guardView ?? 0;
  return {
    index: me,
    validators,
    quorum: rules.quorum(validators),
    view,
    leader: leaderOf(view, validators),
    height: state?.head.height ?? 0,
    finalizedView,
    isCatchingUp: finalizedView > headView,
    mutedUntilView: guardView > headView ? guardView : undefined,
  };
}
