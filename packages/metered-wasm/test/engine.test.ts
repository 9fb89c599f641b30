import { cidOf } from '@hypermesh/core';
import { expect, it } from 'vitest';
import { checkMetered } from '../src/index.ts';
import { ENGINE_OPTIONS, METERED_CID, meterEngine } from '../src/quickjs/engine.ts';

it('the engine of scripts is made again byte for byte as it is known, and passes the independent check', async () => {
  const module = await meterEngine();
  expect(cidOf(module, 'raw')).toBe(METERED_CID);
  expect(checkMetered(module, ENGINE_OPTIONS)).toMatchObject({ ok: true });
  // The check can fail: one byte of its code changed, and it is another engine.
  const changed = new Uint8Array(module);
  changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
  expect(checkMetered(changed, ENGINE_OPTIONS)).toMatchObject({ ok: false });
}, 120_000);
