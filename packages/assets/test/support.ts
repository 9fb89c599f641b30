import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Ask,
  type Asset,
  createAsset,
  createMemoryJournal,
  type Journal,
  openAssets,
  type Policy,
  type ProofStrength,
} from '@hypermesh/assets';
import { createSigner } from '@hypermesh/core/ed25519';
import { createManualClock, createSeededRandom } from '@hypermesh/core/testing';

/** Proofs that are exactly what the ledger asks for. */
export const floor: ProofStrength = {
  spaceBytes: 1_000n,
  stakePower: 100n,
  workBits: 2,
  timeIterations: 65_536,
};

export const signer = createSigner(new Uint8Array(32).fill(1));
export const stranger = createSigner(new Uint8Array(32).fill(2));

/** Lets everybody take everything. */
export const openPolicy: Policy = {
  v: 1,
  level: 'full-public',
  allocation: 'public',
  groups: ['lab'],
  networks: ['campus'],
  shareBp: 10_000,
  maxLeases: 1_000,
  maxLeasesEach: 1_000,
  maxDurationMs: 3_600_000,
  hours: [],
  proofs: floor,
  price: { amount: 0n, units: 1 },
};

export const memoryAttributes = { bytes: 1_000, pageBytes: 4_096, copyKiBps: 1, spreadBp: 0 };
const cpuAttributes = {
  arch: 'x64',
  model: 'test',
  cores: 4,
  microsPerSecond: 4_000_000,
  mhz: 3_000,
  features: ['avx2'],
  sha256KiBps: 1,
  spreadBp: 0,
};

/** An asset of the signer; `number` tells two alike apart. */
export function memoryAsset(number = 0, bytes = 1_000): Asset {
  const nonce = new Uint8Array(16).fill(number);
  return createAsset({ kind: 'memory', attributes: { ...memoryAttributes, bytes }, nonce }, signer);
}

export function cpuAsset(number = 0): Asset {
  return createAsset(
    { kind: 'cpu', attributes: cpuAttributes, nonce: new Uint8Array(16).fill(number) },
    signer,
  );
}

/** An ask for some memory by somebody whose proofs were looked at at `atMs`. */
export function ask(quantity: number, { id = 'alice', durationMs = 60_000, atMs = 0 } = {}): Ask {
  return {
    requester: { id },
    needs: [{ kind: 'memory', quantity }],
    durationMs,
    proofs: { ...floor, verifiedAtMs: atMs },
  };
}

let opened = 0;

/** Assets with these in them, all available, under one policy. */
export async function assetsWith(
  list: readonly Asset[],
  { policy = openPolicy, journal = createMemoryJournal() as Journal, startMs = 1_000_000 } = {},
) {
  const clock = createManualClock(startMs);
  const assets = await openAssets({
    owner: signer.publicKey,
    floor,
    journal,
    clock,
    random: createSeededRandom(`assets ${opened++}`),
  });
  for (const asset of list) {
    await assets.register(asset, policy);
    await assets.transition(asset.id, 'announce', { role: 'ledger', author: 'test' });
  }
  return { assets, clock };
}

/** A folder that is removed when it is disposed of. */
export async function folder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'hypermesh-assets-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
