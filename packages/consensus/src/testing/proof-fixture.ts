import { type CanonicalValue, type ChainId, domainHash, utf8 } from '@hypermesh/core';
import { createSigner, generateKey } from '@hypermesh/core/ed25519';
import { createGenesis, type Genesis } from '../ledger/genesis.ts';
import { createOperationLedger, type OperationLedger } from '../ledger/operation-ledger.ts';
import { createOperation, type Operation, type OperationNeeds } from '../operation.ts';
import type { HeaderView } from '../ports.ts';
import type { ConsensusProof } from '../proof.ts';
import type { ProveContext, VerifyContext } from '../proof-context.ts';
import { prove } from '../proof-prove.ts';
import { createMemberPlots, type PlotSet } from '../space/plot-set.ts';
import { createVrfKey, type VrfKey } from '../stake/vrf.ts';
import { tamper } from './tamper.ts';

export interface ProofFixtureOptions {
  /** Names keys, plots, ledger and headers: the same seed gives the same operation and space leg. */
  readonly seed?: string;
  readonly kind?: string;
  readonly body?: CanonicalValue;
  readonly needs?: Partial<OperationNeeds>;
  readonly sequence?: number;
}

/** A ledger of one member with plots, an operation of it, and a proof that holds. */
export interface ProofFixture {
  readonly operation: Operation;
  readonly proof: ConsensusProof;
  /** Serves `prove` and `verifyOperation`. */
  readonly context: ProveContext & VerifyContext;
  readonly chainId: ChainId;
  readonly genesis: Genesis;
  readonly ledger: OperationLedger;
  readonly secretKey: Uint8Array;
  readonly vrf: VrfKey;
  readonly plots: PlotSet;
  readonly tamper: typeof tamper;
}

const START_MS = 1_750_000_000_000;
const plotsBySeed = new Map<string, Promise<PlotSet>>();

/** Headers of empty blocks 1 … 8 with one second between them, as an engine would finalize them. */
async function addBlocks(ledger: OperationLedger, seed: string): Promise<readonly HeaderView[]> {
  const headers: HeaderView[] = [];
  for (let height = 1; height <= 8; height++) {
    const header: HeaderView = {
      height,
      view: height,
      hash: domainHash('hypermesh/consensus/fixture-header/v1', utf8(seed), Uint8Array.of(height)),
      timeMs: START_MS + 1000 * height,
      stateHeight: height - 1,
      stateRoot: ledger.stateRoot(),
    };
    await ledger.apply({ header, txs: [] });
    headers.push(header);
  }
  return headers;
}

/**
 * Makes a ledger with the `localhost` profile, a member with one plot of k = 18, an operation and its proof: a
 * second at first, half of that when the plot of this seed was made before in this process.
 */
export async function createProofFixture(options: ProofFixtureOptions = {}): Promise<ProofFixture> {
  const { seed = 'fixture', kind = 'asset.register', needs, sequence = 1 } = options;
  const { body = { key: 'fixture', value: { name: 'a fixture' } } } = options;
  const { secretKey, publicKey: key } = generateKey(
    domainHash('hypermesh/consensus/fixture-key/v1', utf8(seed)),
  );
  const vrf = createVrfKey(domainHash('hypermesh/consensus/fixture-vrf/v1', utf8(seed)));
  const space = [{ id: 0, k: 18, count: 1 }];
  const { genesis, chainId } = createGenesis({
    name: utf8(seed).length <= 64 ? seed : 'a fixture',
    createdMs: START_MS,
    profile: 'localhost',
    members: [{ name: 'member', key, vrfKey: vrf.publicKey, power: 1_000_000n, validator: true, space }],
    bindings: {},
  });
  const ledger = createOperationLedger({ genesis });
  const headers = await addBlocks(ledger, seed);
  const made = plotsBySeed.get(seed) ?? createMemberPlots({ chainId, owner: key, space });
  plotsBySeed.set(seed, made);
  // Plots that could not be made are tried again by the next call.
  made.catch(() => plotsBySeed.delete(seed));
  const plots = await made;
  const nowMs = START_MS + 9000;
  const context: ProveContext & VerifyContext = {
    ...ledger.proveContext({ signer: createSigner(secretKey), vrf, plots, nowMs }),
    finalizedHeader: (height) => headers[height - 1],
  };
  const operation = createOperation({ chainId, kind, actor: key, sequence, body, ...(needs && { needs }) });
  const proof = await prove(operation, context);
  return { operation, proof, context, chainId, genesis, ledger, secretKey, vrf, plots, tamper };
}
