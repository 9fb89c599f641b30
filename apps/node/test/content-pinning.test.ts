import { type ContentRoot, cidOf } from '@hypermesh/core';
import { describe, expect, it } from 'vitest';
import { createPinning } from '../src/content/pinning.ts';

const root = cidOf(Buffer.from('x'), 'dag-cbor', 'blake3-256') as ContentRoot;

function pinned(...before: readonly ContentRoot[]) {
  const pins = new Set(before);
  const pinning = createPinning({
    isPinned: async (id) => pins.has(id),
    pin: async (id) => void pins.add(id),
    unpin: async (id) => void pins.delete(id),
  });
  return { pins, pinning };
}

const fail = (): Promise<never> => Promise.reject(new Error('nobody has it'));

describe('a root that several bring at once', () => {
  it('stays pinned for the one that has it when another one, who came first, fails', async () => {
    const { pins, pinning } = pinned();
    const { promise, reject } = Promise.withResolvers<never>();
    const hostile = pinning.whilePinned(root, () => promise);
    await pinning.whilePinned(root, async (wasPinned) => expect(wasPinned).toBe(false));
    reject(new Error('too-large'));
    await expect(hostile).rejects.toThrow('too-large');
    expect(pins.has(root)).toBe(true);
  });

  it('stays pinned when it is published here while another one fails', async () => {
    const { pins, pinning } = pinned();
    const { promise, reject } = Promise.withResolvers<never>();
    const hostile = pinning.whilePinned(root, () => promise);
    await pinning.keep(root);
    reject(new Error('too-large'));
    await expect(hostile).rejects.toThrow('too-large');
    expect(pins.has(root)).toBe(true);
  });

  it('is let go when all fail, and pinned again by who comes at that moment', async () => {
    const { pins, pinning } = pinned();
    await Promise.allSettled([pinning.whilePinned(root, fail), pinning.whilePinned(root, fail)]);
    expect(pins.has(root)).toBe(false);
    const failing = pinning.whilePinned(root, fail);
    await expect(failing).rejects.toThrow('nobody has it');
    await pinning.whilePinned(root, async () => expect(pins.has(root)).toBe(true));
    expect(pins.has(root)).toBe(true);
  });

  it('that was pinned before stays so, whoever fails', async () => {
    const { pins, pinning } = pinned(root);
    await Promise.allSettled([pinning.whilePinned(root, fail), pinning.whilePinned(root, fail)]);
    expect(pins.has(root)).toBe(true);
  });
});
