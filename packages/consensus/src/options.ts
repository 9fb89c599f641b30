import { type ChainId, fromHex, toHex } from '@hypermesh/core';
import { genesisHash, validatorsHashOf } from './engine/block.ts';
import type { EngineTimeouts, Head } from './engine/state.ts';
import { ConsensusError } from './errors.ts';

/** What all validators of one ledger agree on before its first block. */
export interface LedgerGenesis {
  /** Digest of the genesis record: binds every vote and block to this ledger. */
  readonly chain: ChainId;
  /** Unix milliseconds; block 1 is later. */
  readonly timeMs: number;
  /** 1 to 256 distinct Ed25519 keys; a validator's index is its place here. With n of them (n-1)/3 may be faulty. */
  readonly validators: readonly { readonly publicKey: Uint8Array }[];
  /** Root of the application before block 1, 32 bytes. */
  readonly stateRoot: Uint8Array;
}

/** How a validator paces itself, and how much it accepts. Every field has a default. */
export interface ValidatorLimits {
  /** Least time between two blocks. */
  readonly minBlockIntervalMs: number;
  /** An empty block after this long without work; 0 proposes empty blocks without pause. */
  readonly heartbeatMs: number;
  /** Wait for a proposal while work waits: above `minBlockIntervalMs` and two message delays. */
  readonly leaderTimeoutMs: number;
  /** Wait for a notarization from the first sight of a proposal. */
  readonly advanceTimeoutMs: number;
  readonly retryMs: number;
  /** Before a certificate is sent to those who have not shown that they hold it. */
  readonly spreadMs: number;
  /** How far the clocks of honest validators may be apart. */
  readonly precisionMs: number;
  /** How old a proposal's time may be when it arrives, precision apart. */
  readonly messageDelayMs: number;
  readonly maxTxBytes: number;
  readonly maxBlockBytes: number;
  readonly maxBlockTxs: number;
  readonly mempoolTxs: number;
  readonly mempoolBytes: number;
  /** A transaction that is not final after this long is forgotten. */
  readonly txLifetimeMs: number;
  /** The log is compacted when it is longer. */
  readonly maxLogBytes: number;
}

/** What `createValidator` is told. */
export interface ValidatorOptions extends Partial<ValidatorLimits> {
  readonly genesis: LedgerGenesis;
  /** 32-byte Ed25519 seed of one of the genesis' validators. */
  readonly secretKey: Uint8Array;
}

const DEFAULTS: ValidatorLimits = {
  minBlockIntervalMs: 50,
  heartbeatMs: 5_000,
  leaderTimeoutMs: 1_000,
  advanceTimeoutMs: 2_000,
  retryMs: 1_000,
  spreadMs: 20,
  precisionMs: 500,
  messageDelayMs: 15_000,
  maxTxBytes: 128 * 1024,
  maxBlockBytes: 2 * 1024 * 1024,
  maxBlockTxs: 2_000,
  mempoolTxs: 10_000,
  mempoolBytes: 64 * 1024 * 1024,
  txLifetimeMs: 60_000,
  maxLogBytes: 8 * 1024 * 1024,
};

/** The defaults with what was given in their place. Throws `consensus/bad-options` naming the field. */
export function limitsOf(options: Partial<ValidatorLimits>): ValidatorLimits {
  const limits = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS) as (keyof ValidatorLimits)[]) {
    const value = options[name];
    if (value === undefined) continue;
    const isEndless = name === 'heartbeatMs' && value === Number.POSITIVE_INFINITY;
    if (!isEndless && !(Number.isSafeInteger(value) && value >= 0))
      throw badOption(name, 'no whole number ≥ 0');
    limits[name] = value;
  }
  if (limits.maxBlockBytes < limits.maxTxBytes + 1024) {
    throw badOption('maxBlockBytes', 'a block must hold the largest transaction and 1 KiB');
  }
  return limits;
}

/** What the engine needs of the limits. */
export function timeoutsOf(limits: ValidatorLimits): EngineTimeouts {
  return {
    leaderMs: limits.leaderTimeoutMs,
    advanceMs: limits.advanceTimeoutMs,
    heartbeatMs: limits.heartbeatMs,
    retryMs: limits.retryMs,
    spreadMs: limits.spreadMs,
  };
}

/** A genesis as the engine uses it. */
export interface CheckedGenesis {
  readonly chain: Uint8Array;
  readonly publicKeys: readonly Uint8Array[];
  readonly validatorsHash: Uint8Array;
  readonly head: Head;
  readonly stateRoot: Uint8Array;
}

/** Checks a genesis. Throws `consensus/bad-options` naming the field. */
export function checkGenesis({ chain, timeMs, validators, stateRoot }: LedgerGenesis): CheckedGenesis {
  const digest = fromHex(chain);
  if (!digest.ok || digest.bytes.length !== 32) throw badOption('genesis.chain', 'not 64 hex digits');
  if (!(Number.isSafeInteger(timeMs) && timeMs >= 0))
    throw badOption('genesis.timeMs', 'no Unix milliseconds');
  if (stateRoot.length !== 32) throw badOption('genesis.stateRoot', 'not 32 bytes');
  const publicKeys = validators.map(({ publicKey }) => publicKey);
  const isDistinct = new Set(publicKeys.map(toHex)).size === publicKeys.length;
  const isSized = publicKeys.length >= 1 && publicKeys.length <= 256;
  if (!isSized || !isDistinct || publicKeys.some((key) => key.length !== 32)) {
    throw badOption('genesis.validators', 'not 1 to 256 distinct keys of 32 bytes');
  }
  const validatorsHash = validatorsHashOf(publicKeys);
  const hash = genesisHash(digest.bytes, validatorsHash);
  const head: Head = { id: toHex(hash), hash, height: 0, view: 0, timeMs, stateHeight: 0 };
  return { chain: digest.bytes, publicKeys, validatorsHash, head, stateRoot };
}

/** The error for an option that cannot be used. */
export function badOption(field: string, why: string): ConsensusError {
  return new ConsensusError({ code: 'consensus/bad-options', field }, `${field}: ${why}`);
}
