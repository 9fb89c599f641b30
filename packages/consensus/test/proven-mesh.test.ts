import {
  createGenesis,
  createMemberPlots,
  createMemoryHub,
  createMemoryStorage,
  createOperation,
  createOperationLedger,
  createValidator,
  createVrfKey,
  encodeTransaction,
  prove,
  validatorsOf,
} from '@hypermesh/consensus';
import { verifyFinality } from '@hypermesh/consensus/light';
import { sha256, utf8 } from '@hypermesh/core';
import { createSigner, generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import { expect, test } from 'vitest';
import { until } from './support/mesh.ts';

const space = [{ id: 0, k: 18, count: 1 }];
const keys = Array.from({ length: 4 }, (_, i) => ({
  ...generateKey(sha256(utf8(`member ${i}`))),
  vrf: createVrfKey(sha256(utf8(`vrf ${i}`))),
}));

test('four validators finalize operations with their four proofs, and refuse a tampered one by its leg [consensus-01]', async () => {
  const { genesis, chainId } = createGenesis({
    name: 'proven mesh',
    createdMs: Date.now() - 1000,
    profile: 'localhost',
    members: keys.map(({ publicKey, vrf }, i) => ({
      name: `member ${i}`,
      key: publicKey,
      vrfKey: vrf.publicKey,
      power: 1000n,
      validator: true,
      space,
    })),
    bindings: {},
  });
  const hub = createMemoryHub();
  const nodes = keys.map(({ secretKey }, i) => {
    const ledger = createOperationLedger({ genesis });
    const validators = validatorsOf(genesis).map((publicKey) => ({ publicKey }));
    const options = {
      genesis: { chain: chainId, timeMs: genesis.createdMs, validators, stateRoot: ledger.stateRoot() },
      secretKey,
      heartbeatMs: 200,
    };
    const ports = {
      app: ledger,
      transport: hub.transport(i),
      storage: createMemoryStorage(),
      clock: systemClock,
    };
    return { ledger, validator: createValidator(options, ports), trust: options.genesis };
  });
  await Promise.all(nodes.map(({ validator }) => validator.start()));
  try {
    const [first, second] = nodes;
    const [key] = keys;
    if (first === undefined || second === undefined || key === undefined) throw new Error('four nodes');
    const { ledger, validator, trust } = first;
    await using plots = await createMemberPlots({ chainId, owner: key.publicKey, space });
    for await (const entry of validator.finalized({ from: 1 })) if (entry.header.height >= 2) break;
    const own = { signer: createSigner(key.secretKey), vrf: key.vrf, plots };
    for (let i = 1; i <= 5; i++) {
      const operation = createOperation({
        chainId,
        kind: 'asset.register',
        actor: key.publicKey,
        sequence: ledger.sequenceOf(key.publicKey) + 1,
        body: { key: `asset-${i}`, value: i },
      });
      const proof = await prove(operation, ledger.proveContext({ ...own, nowMs: Date.now() }));
      const nonce = new Uint8Array(8).fill(255);
      const tampered = encodeTransaction({ operation, proof: { ...proof, work: { ...proof.work, nonce } } });
      await expect(second.validator.submit(tampered)).rejects.toMatchObject({
        code: 'consensus/tx-refused',
        failure: { reason: 'work/altered' },
      });
      const tx = encodeTransaction({ operation, proof });
      const receipt = await (i % 2 ? validator : second.validator).submit(tx);
      expect(receipt.result).toEqual({ code: 'ok' });
      expect(verifyFinality(receipt.proof, trust, { tx }).ok).toBe(true);
      const { height } = receipt.proof.header;
      await until(() => nodes.every((node) => node.ledger.appliedHeight() >= height));
      const shown = nodes.map((node) => node.ledger.stateProof(`asset/asset-${i}`, height));
      expect(shown[0]).toBeDefined();
      for (const other of shown) expect(other).toEqual(shown[0]);
    }
  } finally {
    await Promise.all(nodes.map(({ validator }) => validator.stop()));
  }
}, 60_000);
