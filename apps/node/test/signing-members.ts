import { createGenesis } from '@hypermesh/consensus';
import { generateKey } from '@hypermesh/core/ed25519';
import { systemClock } from '@hypermesh/core/node';
import { signerId } from '@hypermesh/trustchain/sign';
import { suiteFor } from '@hypermesh/trustchain/suite';
import { defaultConfig } from '../src/config.ts';
import type { NodeKeys } from '../src/identity.ts';
import { foundingPlots, foundingPower } from '../src/ledger/options.ts';
import { factsBinding, type MeshFacts } from '../src/mesh/facts.ts';
import { type Phase2, phase1, phase2 } from '../src/phases.ts';
import { certify, createTestAuthority, type TestAuthority, type TestIdentity } from './support.ts';

/** Members of a mesh that sign extensions: two whose keys it lists, and one whose it does not. */
export interface SigningMembers {
  readonly mesh: TestAuthority;
  readonly amber: TestIdentity;
  readonly phase: Phase2;
  readonly friend: Phase2;
  /** Has a certificate of the mesh; its artifact keys are not the ones that the mesh lists. */
  readonly stranger: Phase2;
}

const idOf = (keys: NodeKeys) =>
  signerId({ ed25519: keys.ed25519.publicKey, falcon1024: keys.falcon.publicKey });

async function keysOf(identity: TestIdentity): Promise<NodeKeys> {
  return {
    ed25519: identity.key,
    falcon: await suiteFor('falcon-1024-r3').generate(),
    certificate: identity.credentials.current().keys,
    vrfSeed: new Uint8Array(32),
  };
}

/** Makes them. */
export async function signingMembers(): Promise<SigningMembers> {
  const mesh = await createTestAuthority();
  const identities = await Promise.all([certify(mesh), certify(mesh), certify(mesh)]);
  const [amber, second, third] = identities;
  const [amberKeys, strangerKeys, friendKeys] = [
    await keysOf(amber),
    await keysOf(second),
    await keysOf(third),
  ];
  const facts: MeshFacts = {
    v: 1,
    root: mesh.root,
    logKey: 'log',
    signers: {
      [amber.nodeId]: idOf(amberKeys),
      [second.nodeId]: idOf({ ...strangerKeys, falcon: amberKeys.falcon }),
      [third.nodeId]: idOf(friendKeys),
    },
  };
  const made = createGenesis({
    name: 'test',
    createdMs: 1,
    profile: 'localhost',
    members: identities.map(({ key }, index) => ({
      name: `member-${index}`,
      key: key.publicKey,
      vrfKey: generateKey().publicKey,
      power: foundingPower,
      validator: true,
      space: foundingPlots,
    })),
    bindings: factsBinding(facts),
  });
  const phaseOf = (identity: TestIdentity, keys: NodeKeys): Phase2 => {
    const before = {
      phase: 0,
      nodeId: identity.nodeId,
      keys,
      config: { ...defaultConfig, name: 'node' },
      pinnedRoot: mesh.root,
    } as const;
    const certified = phase1(before, identity.credentials, systemClock);
    const grown = certified.ok ? phase2(certified.next, { ...made, facts }) : certified;
    if (!grown.ok) throw new Error(grown.reason);
    return grown.next;
  };
  return {
    mesh,
    amber,
    phase: phaseOf(amber, amberKeys),
    stranger: phaseOf(second, strangerKeys),
    friend: phaseOf(third, friendKeys),
  };
}
