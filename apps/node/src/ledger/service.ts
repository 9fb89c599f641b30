import {
  createMemberPlots,
  createOperationLedger,
  createValidator,
  type Genesis,
  type OperationLedger,
  type Transport,
  type ValidatorNode,
  validatorsOf,
} from '@hypermesh/consensus';
import { openFileStorage } from '@hypermesh/consensus/storage';
import {
  type ChainId,
  type Clock,
  type Log,
  type Metrics,
  type NodeId,
  nodeIdOf,
  toHex,
} from '@hypermesh/core';
import type { DataDirectory } from '../data-directory.ts';
import { NodeError } from '../errors.ts';
import type { NodeKeys } from '../identity.ts';
import { assetRules } from '../inventory/ledger-rules.ts';
import type { MeshFacts } from '../mesh/facts.ts';
import { nameRules } from '../names/ledger-rule.ts';
import { foundingBalances, valueRules } from '../wallet/rules.ts';
import { type FinalityFigures, watchFinality } from './finality.ts';
import { createOperations, type Operations } from './operations.ts';
import { blockIntervalMs, heartbeatMs, maxBlockBytes } from './options.ts';
import { returnRules } from './return-rule.ts';

/** States of how many blocks are kept: own proofs are made at the newest ones. Each costs some 6 KB for each operation in it. */
const keptHeights = 256;

/** The ledger as the rest of a node sees it. */
export interface LedgerService extends Operations, AsyncDisposable {
  readonly chainId: ChainId;
  readonly genesis: Genesis;
  readonly ledger: OperationLedger;
  readonly validator: ValidatorNode;
  readonly validators: readonly NodeId[];
  /** How quickly the last blocks became final here; undefined before the first. */
  finality(): FinalityFigures | undefined;
  /** Resolves with the reason when the validator stopped by itself, such as for a disk that takes nothing. */
  readonly failed: Promise<string>;
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
    ...createOperations({ ledger, validator, chainId, keys, plots, clock, metrics }),
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

/** The members of a genesis by NodeId, in its order. */
export function memberNodes(genesis: Genesis): ReadonlyMap<NodeId, Genesis['members'][number]> {
  return new Map(genesis.members.map((member) => [nodeIdOf(member.key), member]));
}
