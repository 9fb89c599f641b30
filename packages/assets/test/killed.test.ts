import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openAssets, verifyHistory } from '@hypermesh/assets';
import { openFileJournal } from '@hypermesh/assets/journal';
import { createManualClock, createSeededRandom } from '@hypermesh/core/testing';
import { expect, test } from 'vitest';
import { floor, folder, memoryAsset, signer } from './support.ts';

const fixture = join(import.meta.dirname, 'fixtures', 'claimer.ts');

/** Runs the claimer until it has said so many lines, kills it, and returns all it said. */
async function killedAfter(path: string, lines: number): Promise<readonly string[]> {
  const child = spawn(process.execPath, ['--conditions=@hypermesh/source', fixture, path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const said: string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(line);
      if (said.length === lines) child.kill('SIGKILL');
    }
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
  return said;
}

test('leases that were answered for survive kill -9 at any moment, others are whole or absent, and time frees them [assets-02]', async () => {
  await using place = await folder();
  const path = join(place.path, 'journal');
  const asset = memoryAsset();
  for (const lines of [12, 57, 133]) {
    const mustLive = new Map<string, number>();
    const released = new Set<string>();
    for (const line of await killedAfter(path, lines)) {
      const id = line.slice(1, 33);
      if (line.startsWith('+')) mustLive.set(id, Number(line.slice(34)));
      if (line.startsWith('-')) mustLive.delete(id);
      if (line.startsWith('~')) released.add(id);
    }
    const clock = createManualClock(Date.now());
    const journal = await openFileJournal(path);
    const random = createSeededRandom('killed');
    await using assets = await openAssets({ owner: signer.publicKey, floor, journal, clock, random });
    const live = new Map(assets.claims().map((claim) => [claim.id, claim.expiresAtMs]));
    for (const [id, expiresAtMs] of mustLive) expect(live.get(id)).toBe(expiresAtMs);
    for (const id of released) expect(live.has(id)).toBe(false);
    const { usage, state } = assets.find(asset.id) ?? {};
    expect(usage?.leased).toBe(90 * live.size);
    expect(usage?.leased).toBeLessThanOrEqual(1_000);
    const committed = assets.claims().filter((claim) => claim.state === 'committed');
    expect(state).toBe(committed.length > 0 ? 'allocated' : 'available');
    const { start, events } = assets.history(asset.id);
    expect(verifyHistory(asset.id, events, start)).toMatchObject({ ok: true, head: { state } });
    clock.advance(600_001);
    expect(assets.claims()).toEqual([]);
  }
}, 60_000);
