import {
  createGenesis,
  createMemberPlots,
  createOperation,
  createOperationLedger,
  createVrfKey,
  encodeTransaction,
  type HeaderView,
  type OperationRule,
  type PlotSource,
  prove,
  type StateView,
  type VrfKey,
  verifyStateProof,
} from '@hypermesh/consensus';
import { type CanonicalValue, sha256, toHex, utf8 } from '@hypermesh/core';
import { createSigner, generateKey } from '@hypermesh/core/ed25519';
import { beforeAll, describe, expect, test } from 'vitest';

const START_MS = 1_760_000_000_000;
const space = [{ id: 0, k: 18, count: 1 }];

interface Member {
  readonly key: Uint8Array;
  readonly secretKey: Uint8Array;
  readonly vrf: VrfKey;
  plots: PlotSource;
}

const memberOf = (name: string): Member => {
  const { secretKey, publicKey } = generateKey(sha256(utf8(`key of ${name}`)));
  const plots = { proofs: async () => [] };
  return { key: publicKey, secretKey, vrf: createVrfKey(sha256(utf8(`vrf of ${name}`))), plots };
};

const ann = memberOf('ann');
const bob = memberOf('bob');
const joe = memberOf('joe');
const { genesis, chainId } = createGenesis({
  name: 'ledger test',
  createdMs: START_MS,
  profile: 'localhost',
  members: [ann, bob].map(({ key, vrf }, i) => ({
    name: `member ${i}`,
    key,
    vrfKey: vrf.publicKey,
    power: 1000n,
    validator: true,
    space,
  })),
  bindings: {},
});

/** A ledger that is fed blocks by hand, as an engine would finalize them. */
function createChain() {
  const ledger = createOperationLedger({ genesis, verifyInWorker: false });
  const headers: HeaderView[] = [];
  const blocks: Uint8Array[][] = [];
  const finalize = async (...txs: Uint8Array[]) => {
    const height = headers.length + 1;
    const header = {
      height,
      view: height,
      hash: sha256(utf8(`header ${height}`)),
      timeMs: START_MS + 1000 * height,
      stateHeight: height - 1,
      stateRoot: ledger.stateRoot(),
    };
    headers.push(header);
    blocks.push(txs);
    const { results } = await ledger.apply({ header, txs });
    return results.map((result) => result.code);
  };
  const context = () => ({
    height: headers.length + 1,
    parentTimeMs: START_MS + 1000 * headers.length,
    finalizedHeader: (height: number) => headers[height - 1],
  });
  return { ledger, headers, blocks, finalize, context };
}
type Chain = ReturnType<typeof createChain>;

async function submit(chain: Chain, member: Member, kind: string, body: CanonicalValue): Promise<string> {
  const { ledger } = chain;
  const sequence = ledger.sequenceOf(member.key) + 1;
  const operation = createOperation({ chainId, kind, actor: member.key, sequence, body });
  const own = { signer: createSigner(member.secretKey), vrf: member.vrf, plots: member.plots };
  const proof = await prove(operation, ledger.proveContext({ ...own, nowMs: chain.context().parentTimeMs }));
  const tx = encodeTransaction({ operation, proof });
  const verdict = await ledger.checkTx(tx, chain.context());
  if (!verdict.ok) return verdict.reason;
  expect(ledger.recheckTx(tx, chain.context())).toEqual({ ok: true });
  const [code = ''] = await chain.finalize(tx);
  return code;
}

beforeAll(async () => {
  for (const member of [ann, bob, joe])
    member.plots = await createMemberPlots({ chainId, owner: member.key, space });
});

describe('the operation ledger', () => {
  test('keeps what proven operations write, and proves it against the state root', async () => {
    const chain = createChain();
    const { ledger } = chain;
    await chain.finalize();
    expect(await submit(chain, ann, 'package.publish', { key: 'tool@1.0.0', value: { root: 'x' } })).toBe(
      'ok',
    );
    expect(ledger.get('package/tool@1.0.0')).toMatchObject({
      owner: ann.key,
      height: 2,
      value: { root: 'x' },
    });
    const proof = ledger.stateProof('package/tool@1.0.0');
    expect(proof && verifyStateProof(proof, ledger.stateRoot())).toEqual({ ok: true });
    expect(ledger.stateProof('package/tool@1.0.0', 1)).toBeUndefined();
    expect([...ledger.entries('op/')].map(([, record]) => record)).toMatchObject([
      { kind: 'package.publish', code: 'ok', height: 2 },
    ]);
    expect(ledger.sequenceOf(ann.key)).toBe(1);
  });

  test('holds to the rules of each kind', async () => {
    const chain = createChain();
    await chain.finalize();
    const steps: readonly [Member, string, CanonicalValue, string][] = [
      [ann, 'package.install', { key: 'tool@1.0.0', value: 1 }, 'absent'],
      [ann, 'package.publish', { key: 'tool@1.0.0', value: 1 }, 'ok'],
      [ann, 'package.publish', { key: 'tool@1.0.0', value: 2 }, 'exists'],
      [bob, 'package.publish', { key: 'tool@9.9.9', value: 2 }, 'not-owner'],
      [bob, 'package.publish', { key: 'tool', value: 2 }, 'not-owner'],
      [ann, 'package.publish', { key: 'tool@1.0.1', value: 2 }, 'ok'],
      [bob, 'package.publish', { key: '@bob/tool@1.0.0', value: 1 }, 'ok'],
      [ann, 'package.publish', { key: '@bob/tool@1.0.1', value: 1 }, 'not-owner'],
      [bob, 'package.install', { key: 'tool@1.0.0', value: 1 }, 'ok'],
      [ann, 'asset.register', { key: 'cpu', value: 1 }, 'ok'],
      [bob, 'asset.policy', { key: 'cpu', value: 1 }, 'not-owner'],
      [ann, 'asset.policy', { key: 'cpu', value: 1 }, 'ok'],
      [bob, 'lease.commit', { key: 'run 1', value: 1 }, 'bad-body'],
      [bob, 'lease.commit', { key: 'run-1', value: 1 }, 'ok'],
      [ann, 'memory.grant', { key: 'g', export: 'm', value: 1 }, 'absent'],
      [ann, 'memory.export', { key: 'm', value: 1 }, 'ok'],
      [ann, 'memory.grant', { key: 'g', export: 'm', value: 1 }, 'ok'],
      [bob, 'memory.revoke', { key: 'g', value: 1 }, 'not-owner'],
      [ann, 'memory.revoke', { key: 'g', value: 'done' }, 'ok'],
      [ann, 'memory.revoke', { key: 'g', value: 'done' }, 'exists'],
      [ann, 'asset.register', { key: 'gpu', value: 1, more: 1 }, 'bad-body'],
      [ann, 'asset.register', [1], 'bad-body'],
      [ann, 'transfer.value', { key: 'x', value: 1 }, 'unsupported-kind'],
      [joe, 'asset.register', { key: 'x', value: 1 }, 'no bond'],
    ];
    for (const [member, kind, body, code] of steps) {
      const submitted = submit(chain, member, kind, body);
      if (code === 'no bond')
        await expect(submitted).rejects.toMatchObject({ code: 'consensus/not-a-member' });
      else expect(await submitted, `${kind} ${JSON.stringify(body)}`).toBe(code);
    }
    expect(chain.ledger.get('grant/g')).toMatchObject({ value: { export: 'm', revoked: true } });
    expect(chain.ledger.get(`install/${toHex(bob.key)}/tool@1.0.0`)).toBeDefined();
  }, 60_000);

  test('lets a member sponsor a joiner, who commits space by the plots that it registers', async () => {
    const chain = createChain();
    const { ledger } = chain;
    await chain.finalize();
    const bond = { actor: joe.key, vrfKey: joe.vrf.publicKey, power: 200 };
    expect(await submit(chain, ann, 'stake.bond', { ...bond, power: 950 })).toBe('power-too-low');
    expect(await submit(chain, ann, 'stake.bond', { ...bond, power: 99 })).toBe('power-too-low');
    expect(await submit(chain, ann, 'stake.bond', bond)).toBe('ok');
    await chain.finalize();
    await expect(submit(chain, joe, 'asset.register', { key: 'a', value: 1 })).rejects.toMatchObject({
      code: 'consensus/space-miss',
    });
    const twice = [{ id: 0, k: 18, count: 20 }];
    await expect(submit(chain, joe, 'space.commit', { groups: twice })).rejects.toMatchObject({
      code: 'consensus/space-miss',
    });
    expect(await submit(chain, joe, 'space.commit', { groups: space })).toBe('ok');
    expect(ledger.get(`space/${toHex(joe.key)}`)).toBeUndefined();
    await chain.finalize();
    expect(await submit(chain, joe, 'space.commit', { groups: space })).toBe('ok');
    expect(ledger.get(`space/${toHex(joe.key)}`)).toMatchObject({ groups: space });
    expect([...ledger.entries('declared/')]).toEqual([]);
    await chain.finalize();
    expect(await submit(chain, joe, 'asset.register', { key: 'a', value: 1 })).toBe('ok');
    expect(ledger.get(`bond/${toHex(ann.key)}`)).toMatchObject({ power: 800, status: 'bonded' });
    expect(ledger.get(`bond/${toHex(joe.key)}`)).toMatchObject({ power: 200, sequence: 3 });
    expect(await submit(chain, joe, 'stake.renew', {})).toBe('ok');
    expect(await submit(chain, joe, 'stake.unbond', {})).toBe('ok');
    await chain.finalize();
    expect(await submit(chain, joe, 'asset.register', { key: 'b', value: 1 })).toBe('stake/unbonded');
    expect(await submit(chain, ann, 'stake.bond', { ...bond, power: 0 })).toBe('bad-body');
    expect(await submit(chain, ann, 'stake.bond', { ...bond, power: 1 })).toBe('unbonding');
    expect(ledger.get(`bond/${toHex(joe.key)}`)).toMatchObject({ power: 200, status: 'unbonding' });
  }, 60_000);

  test('takes groups as committed only where a later anchor drew on them, so that none are made to suit a draw', async () => {
    const chain = createChain();
    const { ledger } = chain;
    await chain.finalize();
    await chain.finalize();
    const wider = [{ id: 0, k: 18, count: 2 }];
    ann.plots = await createMemberPlots({ chainId, owner: ann.key, space: wider });
    const own = { signer: createSigner(ann.secretKey), vrf: ann.vrf, plots: ann.plots };
    const context = ledger.proveContext({ ...own, nowMs: chain.context().parentTimeMs });
    const commit = async (sequence: number, groups: CanonicalValue) => {
      const operation = createOperation({
        chainId,
        kind: 'space.commit',
        actor: ann.key,
        sequence,
        body: { groups },
      });
      return encodeTransaction({ operation, proof: await prove(operation, context) });
    };
    // Both were proved before the first was final: the draws of the second were known to whoever chose the groups.
    const early = [await commit(1, wider), await commit(2, wider)];
    expect(await chain.finalize(...early)).toEqual(['ok', 'ok']);
    expect(ledger.get(`space/${toHex(ann.key)}`)).toMatchObject({ groups: space });
    await chain.finalize();
    expect(await submit(chain, ann, 'space.commit', { groups: wider })).toBe('ok');
    expect(ledger.get(`space/${toHex(ann.key)}`)).toMatchObject({ groups: wider });
  }, 60_000);

  test('changes nothing for a replay, a gap, garbage or a bond that was given up since', async () => {
    const chain = createChain();
    const { ledger } = chain;
    await chain.finalize();
    const context = ledger.proveContext({
      signer: createSigner(ann.secretKey),
      vrf: ann.vrf,
      plots: ann.plots,
      nowMs: chain.context().parentTimeMs,
    });
    const make = async (sequence: number, kind: string, body: CanonicalValue) => {
      const operation = createOperation({ chainId, kind, actor: ann.key, sequence, body });
      return encodeTransaction({ operation, proof: await prove(operation, context) });
    };
    const first = await make(1, 'asset.register', { key: 'a', value: 1 });
    const third = await make(3, 'asset.register', { key: 'c', value: 1 });
    const unbond = await make(2, 'stake.unbond', {});
    for (const tx of [first, third, unbond])
      expect(await ledger.checkTx(tx, chain.context())).toEqual({ ok: true });
    expect(await chain.finalize(first)).toEqual(['ok']);
    const root = toHex(ledger.stateRoot());
    expect(await chain.finalize(first, third, Uint8Array.of(1))).toEqual([
      'replayed',
      'out-of-sequence',
      'malformed',
    ]);
    expect(toHex(ledger.stateRoot())).toBe(root);
    expect(await chain.finalize(unbond, third)).toEqual(['ok', 'stake-changed']);
  });

  test('gives equal roots for equal blocks, and refuses a block out of turn', async () => {
    const chain = createChain();
    await chain.finalize();
    await submit(chain, ann, 'asset.register', { key: 'a', value: 1 });
    const again = createOperationLedger({ genesis });
    const empty = createOperationLedger({ genesis });
    for (const [i, header] of chain.headers.entries()) {
      await again.apply({ header, txs: chain.blocks[i] ?? [] });
      await empty.apply({ header, txs: [] });
    }
    expect(again.appliedHeight()).toBe(2);
    expect(toHex(again.stateRoot())).toBe(toHex(chain.ledger.stateRoot()));
    expect(toHex(empty.stateRoot())).not.toBe(toHex(chain.ledger.stateRoot()));
    const [header] = chain.headers;
    if (header === undefined) throw new Error('no header');
    await expect(again.apply({ header, txs: [] })).rejects.toMatchObject({ code: 'consensus/bad-argument' });
  });

  test('refuses a transaction by the leg at fault, from a worker thread as well', async () => {
    const chain = createChain();
    const inWorker = createOperationLedger({ genesis });
    await chain.finalize();
    const operation = createOperation({
      chainId,
      kind: 'asset.register',
      actor: ann.key,
      sequence: 1,
      body: { key: 'a', value: 1 },
    });
    const own = { signer: createSigner(ann.secretKey), vrf: ann.vrf, plots: ann.plots };
    const proof = await prove(operation, chain.ledger.proveContext({ ...own, nowMs: START_MS + 1000 }));
    const good = encodeTransaction({ operation, proof });
    const nonce = new Uint8Array(8).fill(7);
    const bad = encodeTransaction({ operation, proof: { ...proof, work: { ...proof.work, nonce } } });
    for (const ledger of [chain.ledger, inWorker]) {
      expect(await ledger.checkTx(good, chain.context())).toEqual({ ok: true });
      expect(await ledger.checkTx(good, chain.context())).toEqual({ ok: true });
      expect(await ledger.checkTx(bad, chain.context())).toEqual({ ok: false, reason: 'work/altered' });
      expect(await ledger.checkTx(Uint8Array.of(0), chain.context())).toEqual({
        ok: false,
        reason: 'malformed',
      });
      const late = { ...chain.context(), parentTimeMs: START_MS + 400_000 };
      expect(ledger.recheckTx(good, late)).toEqual({ ok: false, reason: 'time/stale' });
      expect(await ledger.checkTx(good, late)).toEqual({ ok: false, reason: 'time/stale' });
      expect(ledger.recheckTx(bad, late)).toEqual({ ok: false, reason: 'time/stale' });
      expect(ledger.recheckTx(Uint8Array.of(0), late)).toEqual({ ok: false, reason: 'malformed' });
    }
  });

  test('begins with what the genesis state is given, in its root', () => {
    const genesisState = (view: StateView) => view.set('account/ann', { balance: 5n });
    const ledger = createOperationLedger({ genesis, genesisState });
    expect(ledger.get('account/ann')).toEqual({ balance: 5 });
    const proof = ledger.stateProof('account/ann', 0);
    expect(proof && verifyStateProof(proof, ledger.stateRoot())).toEqual({ ok: true });
    expect(ledger.stateRoot()).not.toEqual(createOperationLedger({ genesis }).stateRoot());
  });

  test('takes further kinds by rules', async () => {
    const write: OperationRule = (view) => {
      view.set('note', 1);
      return 'ok';
    };
    const rules = { 'note.write': write };
    const ledger = createOperationLedger({ genesis, rules });
    const [header] = await (async () => {
      const chain = createChain();
      await chain.finalize();
      return chain.headers;
    })();
    if (header === undefined) throw new Error('no header');
    await ledger.apply({ header, txs: [] });
    const operation = createOperation({
      chainId,
      kind: 'note.write',
      actor: bob.key,
      sequence: 1,
      body: null,
    });
    const own = { signer: createSigner(bob.secretKey), vrf: bob.vrf, plots: bob.plots };
    const proof = await prove(operation, ledger.proveContext({ ...own, nowMs: START_MS + 1000 }));
    const tx = encodeTransaction({ operation, proof });
    const next = { ...header, height: 2, stateHeight: 1 };
    expect((await ledger.apply({ header: next, txs: [tx] })).results).toEqual([{ code: 'ok' }]);
    expect(ledger.get('note')).toBe(1);
  });
});
