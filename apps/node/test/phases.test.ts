import { createGenesis } from '@hypermesh/consensus';
import { createReplaceable } from '@hypermesh/core';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import { createManualClock } from '@hypermesh/core/testing';
import { suiteFor } from '@hypermesh/trustchain/suite';
import { beforeAll, describe, expect, it } from 'vitest';
import { defaultConfig } from '../src/config.ts';
import { type NodeKeys, signerIdOf } from '../src/identity.ts';
import { foundingPlots, foundingPower } from '../src/ledger/options.ts';
import { factsBinding, type MeshFacts } from '../src/mesh/facts.ts';
import { type Phase0, type Phase1, type Phase2, phase1, phase2 } from '../src/phases.ts';
import { certify, createTestAuthority, type TestAuthority, type TestIdentity } from './support.ts';

let mesh: TestAuthority;
let own: TestIdentity;
let other: TestIdentity;
let keys: NodeKeys;
let phase0: Phase0;

beforeAll(async () => {
  mesh = await createTestAuthority();
  [own, other] = await Promise.all([certify(mesh), certify(mesh)]);
  keys = {
    ed25519: own.key,
    falcon: await suiteFor('falcon-1024-r3').generate(),
    certificate: own.credentials.current().keys,
    vrfSeed: new Uint8Array(32),
  };
  const config = { ...defaultConfig, name: 'amber' };
  phase0 = { phase: 0, nodeId: own.nodeId, keys, config, pinnedRoot: mesh.root };
});

function reached1(): Phase1 {
  const verdict = phase1(phase0, own.credentials, systemClock);
  if (!verdict.ok) throw new Error(verdict.reason);
  return verdict.next;
}

function found(
  change: { readonly facts?: Partial<MeshFacts>; readonly without?: boolean; readonly bind?: boolean } = {},
) {
  const facts: MeshFacts = {
    v: 1,
    root: mesh.root,
    logKey: 'log key',
    signers: { [own.nodeId]: signerIdOf(keys) },
    ...change.facts,
  };
  const made = createGenesis({
    name: 'test',
    createdMs: 1,
    profile: 'localhost',
    members: (change.without === true ? [other] : [own, other]).map(({ key }, index) => ({
      name: `member-${index}`,
      key: key.publicKey,
      vrfKey: generateKey().publicKey,
      power: foundingPower,
      validator: true,
      space: foundingPlots,
    })),
    bindings: change.bind === false ? {} : factsBinding(facts),
  });
  return { ...made, facts };
}

describe('phase 1', () => {
  it('is reached with a chain that is valid now, ends in the pinned root and names this node', () => {
    expect(reached1()).toMatchObject({ phase: 1, nodeId: own.nodeId });
  });

  it('is not reached without each piece of its evidence, and says which is missing', async () => {
    const { chain, keys: certificateKeys } = own.credentials.current();
    const reasonOf = (replaced: typeof chain, before = phase0, clock = systemClock as typeof systemClock) => {
      const verdict = phase1(before, createReplaceable({ chain: replaced, keys: certificateKeys }), clock);
      return verdict.ok ? 'reached' : verdict.reason;
    };
    expect(reasonOf([])).toBe('no certificate');
    expect(reasonOf(chain.slice(0, -1))).toBe('the chain does not end in the pinned root');
    expect(reasonOf(chain, { ...phase0, pinnedRoot: 'SHA256:00' })).toBe(
      'the chain does not end in the pinned root',
    );
    expect(reasonOf([...chain.slice(0, 1), ...chain.slice(2)])).toMatch(/^unknown-issuer/);
    expect(reasonOf(other.credentials.current().chain)).toBe('the certificate names another node');
    const later = createManualClock((chain[0]?.notAfterMs ?? 0) + 1000);
    expect(reasonOf(chain, phase0, later as unknown as typeof systemClock)).toMatch(/^expired/);
    const foreign = await certify(await createTestAuthority(), { key: own.key });
    const padded = [...foreign.credentials.current().chain, ...chain.slice(-1)];
    expect(reasonOf(padded)).not.toBe('reached');
  });
});

describe('phase 2', () => {
  it('is reached with a genesis that is bound to the facts of this root and lists this node', () => {
    const evidence = found();
    const verdict = phase2(reached1(), evidence);
    expect(verdict).toMatchObject({ ok: true, next: { phase: 2, chainId: evidence.chainId } });
  });

  it('is not reached without each piece of its evidence, and says which is missing', () => {
    const reasonOf = (evidence: ReturnType<typeof found>) => {
      const verdict = phase2(reached1(), evidence);
      return verdict.ok ? 'reached' : verdict.reason;
    };
    expect(reasonOf(found({ facts: { root: 'SHA256:00' } }))).toBe('it belongs to another root certificate');
    expect(reasonOf(found({ bind: false }))).toBe('it is not bound to the facts that came with it');
    const honest = found();
    const signers = { ...honest.facts.signers, [other.nodeId]: 'somebody else' };
    expect(reasonOf({ ...honest, facts: { ...honest.facts, signers } })).toBe(
      'it is not bound to the facts that came with it',
    );
    expect(reasonOf({ ...honest, facts: { ...honest.facts, logKey: 'another log' } })).toBe(
      'it is not bound to the facts that came with it',
    );
    expect(reasonOf(found({ without: true }))).toBe('it does not list this node');
  });
});

describe('the order of the phases', () => {
  it('is one that the compiler keeps', () => {
    const evidence = found();
    const skipped = () => {
      // @ts-expect-error phase 2 needs a certificate, so no value of phase 0 leads there
      phase2(phase0, evidence);
      // @ts-expect-error phase 1 begins at phase 0
      phase1(reached1(), own.credentials, systemClock);
      // @ts-expect-error a value of phase 1 is none of phase 2
      const wrong: Phase2 = reached1();
      return wrong;
    };
    expect(skipped).toBeTypeOf('function');
  });
});
