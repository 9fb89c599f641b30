import { toHex, utf8 } from '@hypermesh/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { proveEntry, rootOf, type StateNode, verifyStateProof, withEntry } from '../src/ledger/state-tree.ts';

const change = fc.record({
  key: fc.integer({ min: 0, max: 40 }).map((n) => `key ${n}`),
  value: fc.option(fc.string(), { nil: undefined }),
});

describe('the state tree', () => {
  test('is a function of its entries, not of their history, and keeps its old versions', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), (changes) => {
        const model = new Map<string, string>();
        const versions: { readonly tree: StateNode; readonly root: string }[] = [];
        let tree: StateNode;
        for (const { key, value } of changes) {
          tree = withEntry(tree, key, value === undefined ? undefined : utf8(value));
          if (value === undefined) model.delete(key);
          else model.set(key, value);
          versions.push({ tree, root: toHex(rootOf(tree)) });
        }
        let fresh: StateNode;
        for (const [key, value] of [...model].reverse()) fresh = withEntry(fresh, key, utf8(value));
        expect(toHex(rootOf(tree))).toBe(toHex(rootOf(fresh)));
        for (const version of versions) expect(toHex(rootOf(version.tree))).toBe(version.root);
      }),
    );
  });

  test('proves every entry it has, with its value, and none that it lacks', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string(), { maxKeys: 50 }), fc.string(), (entries, other) => {
        let tree: StateNode;
        for (const [key, value] of Object.entries(entries)) tree = withEntry(tree, key, utf8(value));
        const root = rootOf(tree);
        for (const [key, value] of Object.entries(entries)) {
          const proof = proveEntry(tree, key);
          expect(proof?.value).toEqual(utf8(value));
          if (proof === undefined) continue;
          expect(verifyStateProof(proof, root).ok).toBe(true);
          expect(verifyStateProof({ ...proof, value: utf8(`${value}.`) }, root).ok).toBe(false);
          expect(verifyStateProof({ ...proof, key: `${key}.` }, root).ok).toBe(false);
        }
        if (!Object.hasOwn(entries, other)) expect(proveEntry(tree, other)).toBeUndefined();
      }),
    );
  });

  test('of nothing has the empty root', () => {
    expect(toHex(rootOf(undefined))).toBe('00'.repeat(32));
    expect(proveEntry(undefined, 'key')).toBeUndefined();
  });
});
