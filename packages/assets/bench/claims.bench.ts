import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type Ask, createAsset, openAssets, type Policy } from '@hypermesh/assets';
import { openFileJournal } from '@hypermesh/assets/journal';
import { interleave, report } from '@hypermesh/bench';
import { createSigner } from '@hypermesh/core/ed25519';
import { systemClock, systemRandom } from '@hypermesh/core/node';

const floor = { spaceBytes: 1n, stakePower: 1n, workBits: 1, timeIterations: 1 };
const policy: Policy = {
  v: 1,
  level: 'full-public',
  allocation: 'public',
  groups: [],
  networks: [],
  shareBp: 10_000,
  maxLeases: 10_000,
  maxLeasesEach: 10_000,
  maxDurationMs: 60_000,
  hours: [],
  proofs: floor,
  price: { amount: 0n, units: 1 },
};
const folder = mkdtempSync(join(tmpdir(), 'hypermesh-claims-'));
const signer = createSigner(systemRandom.bytes(32));
await using assets = await openAssets({
  owner: signer.publicKey,
  floor,
  journal: await openFileJournal(join(folder, 'journal')),
  clock: systemClock,
  random: systemRandom,
});
const attributes = { bytes: 1_000_000, pageBytes: 4_096, copyKiBps: 1, spreadBp: 0 };
const asset = createAsset({ kind: 'memory', attributes, nonce: systemRandom }, signer);
await assets.register(asset, policy);
await assets.transition(asset.id, 'announce', { role: 'ledger', author: 'bench' });
const ask: Ask = {
  requester: { id: 'bench' },
  needs: [{ kind: 'memory', quantity: 10 }],
  durationMs: 60_000,
  proofs: { ...floor, verifiedAtMs: Date.now() },
};

const database = new DatabaseSync(join(folder, 'claims.sqlite'));
database.exec(
  'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE claim (id INTEGER PRIMARY KEY, state TEXT)',
);
const insert = database.prepare("INSERT INTO claim (state) VALUES ('reserved')");
const update = database.prepare("UPDATE claim SET state = 'committed' WHERE id = ?");
const remove = database.prepare('DELETE FROM claim WHERE id = ?');

try {
  for (const atOnce of [1, 16]) {
    const turns = 64 / atOnce;
    const perSecond = async (work: () => Promise<void>) => {
      const startMs = performance.now();
      await Promise.all(
        Array.from({ length: atOnce }, async () => {
          for (let turn = 0; turn < turns; turn += 1) await work();
        }),
      );
      return (atOnce * turns * 1_000) / (performance.now() - startMs);
    };
    const { ours, sqlite } = await interleave({
      rounds: 7,
      warmup: 1,
      cases: {
        ours: () =>
          perSecond(async () => {
            const held = await assets.reserve(ask);
            if (!held.ok) throw new Error('there is enough');
            await assets.commit(held.claim.id, ask);
            await assets.release(held.claim.id);
          }),
        sqlite: () =>
          perSecond(async () => {
            const { lastInsertRowid } = insert.run();
            update.run(lastInsertRowid);
            remove.run(lastInsertRowid);
          }),
      },
    });
    report({
      name: `assets/claim reserve+commit+release atOnce=${atOnce}`,
      value: ours,
      unit: 'leases/s',
      baseline: sqlite,
      baselineName: 'node:sqlite WAL synchronous=FULL, three bare rows changed and no policy',
      aim: atOnce === 1 ? '>= 0.5' : '>= 2',
    });
  }
} finally {
  database.close();
  rmSync(folder, { recursive: true, force: true });
}
