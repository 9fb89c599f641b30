import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { cidOf } from '@hypermesh/core';
import { expect, it } from 'vitest';
import { checkMetered } from '../src/index.ts';
import { ENGINE_OPTIONS, METERED_CID, meterEngine, readBuilt } from '../src/quickjs/engine.ts';

it('the engine of scripts is made again byte for byte as it is known, and passes the independent check', async () => {
  const module = await meterEngine();
  expect(cidOf(module, 'raw')).toBe(METERED_CID);
  expect(checkMetered(module, ENGINE_OPTIONS)).toMatchObject({ ok: true });
  // The check can fail: one byte of its code changed, and it is another engine.
  const changed = new Uint8Array(module);
  changed[changed.length >> 1] = (changed[changed.length >> 1] ?? 0) ^ 1;
  expect(checkMetered(changed, ENGINE_OPTIONS)).toMatchObject({ ok: false });
}, 120_000);

it('a build puts the known engine beside the entry, where it is read; beside the sources there is none', async () => {
  await expect(readBuilt()).rejects.toMatchObject({ code: 'ENOENT' });
  const folder = await mkdtemp(join(tmpdir(), 'engine-'));
  try {
    const at = pathToFileURL(`${folder}/`).href;
    const script = fileURLToPath(new URL('../scripts/write-engine.ts', import.meta.url));
    await promisify(execFile)(process.execPath, ['--conditions=@hypermesh/source', script, at]);
    expect(cidOf(await readBuilt(`${at}index.js`), 'raw')).toBe(METERED_CID);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
