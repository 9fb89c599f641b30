import assert from 'node:assert/strict';
import type { ContentRoot } from '@hypermesh/core';
import { nodeIdOf, utf8 } from '@hypermesh/core';
import { verify } from '@hypermesh/core/ed25519';
import type { Artifacts, AssetRegistry, InstalledAsset, State } from '../ports.ts';
import type { ComplianceCase, TwoNodes } from './compliance.ts';

/** The promises of the `State` port. `reopen` opens the same again, as after a restart. */
export function stateCompliance(subject: {
  readonly create: () => Promise<State>;
  readonly reopen?: (state: State) => Promise<State>;
}): readonly ComplianceCase[] {
  return [
    {
      name: 'a value is what was put last, under any key that catalog uses, also after a restart',
      async run() {
        const state = await subject.create();
        const keys = [
          'installed/@scope/name@1.0.0-rc.1+build',
          'installed/plain@1.0.0',
          'seen/bafy',
          'installed/../x@1.0.0',
        ];
        for (const key of keys) {
          await state.put(key, utf8('first'));
          await state.put(key, utf8(key));
        }
        const again = (await subject.reopen?.(state)) ?? state;
        for (const key of keys) assert.deepEqual(Buffer.from((await again.get(key)) ?? []).toString(), key);
        assert.deepEqual(
          [...(await again.keys('installed/'))],
          keys.filter((key) => key.startsWith('installed/')).sort(),
        );
      },
    },
    {
      name: 'what was never put or was deleted is absent',
      async run() {
        const state = await subject.create();
        assert.equal(await state.get('draft/none'), undefined);
        await state.put('draft/a', utf8('a'));
        await state.delete('draft/a');
        await state.delete('draft/a');
        assert.equal(await state.get('draft/a'), undefined);
        assert.deepEqual([...(await state.keys('draft/'))], []);
      },
    },
  ];
}

/** The promises of the `Artifacts` port. */
export function artifactsCompliance(create: TwoNodes<Artifacts>): readonly ComplianceCase[] {
  return [
    {
      name: 'what one node signs, the other verifies, and knows who signed it',
      async run() {
        const [one, two] = await create();
        const bytes = utf8('a record');
        const { bundle, signers } = await one.sign(bytes);
        assert.ok(signers.length > 0);
        const verdict = await two.verify(bundle, bytes);
        assert.ok(verdict.ok);
        assert.equal(verdict.publisher, one.self.node);
        assert.deepEqual(verdict.signers, signers);
      },
    },
    {
      name: 'other bytes, a flipped bit and no bundle at all are refused, never thrown',
      async run() {
        const [one, two] = await create();
        const bytes = utf8('a record');
        const { bundle } = await one.sign(bytes);
        assert.equal((await two.verify(bundle, utf8('another'))).ok, false);
        const flipped = bundle.slice();
        flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
        assert.equal((await two.verify(flipped, bytes)).ok, false);
        for (const none of [new Uint8Array(), utf8('{}')])
          assert.equal((await two.verify(none, bytes)).ok, false);
      },
    },
    {
      name: 'an endorsement is an Ed25519 signature by the key that the node is named after',
      async run() {
        const [one, two] = await create();
        const { node, publicKey } = one.self;
        assert.equal(nodeIdOf(publicKey), node);
        assert.notEqual(two.self.node, node);
        assert.ok(verify(await one.endorse(utf8('m')), utf8('m'), publicKey));
      },
    },
  ];
}

const asset: InstalledAsset = {
  name: 'alpha',
  version: '1.0.0',
  type: 'library.javascript',
  kind: 'library',
  digest: 'bafyreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy',
  content: 'bafyr4igh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy' as ContentRoot,
  bytes: 10,
  handler: 'Library',
};

/** The promises of the `AssetRegistry` port. */
export function assetRegistryCompliance(create: () => Promise<AssetRegistry>): readonly ComplianceCase[] {
  return [
    {
      name: 'an asset is registered once, active, and gone when it is released',
      async run() {
        const registry = await create();
        const { id, state } = await registry.register(asset);
        assert.equal(state, 'active');
        assert.equal((await registry.register(asset)).id, id);
        assert.equal((await registry.get(id))?.state, 'active');
        assert.equal(await registry.get(`${id}0`), undefined);
        await registry.release(id);
        await registry.release(id);
        assert.notEqual((await registry.get(id))?.state, 'active');
      },
    },
  ];
}
