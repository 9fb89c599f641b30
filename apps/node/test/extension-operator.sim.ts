import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { silentLog } from '@hypermesh/core';
import { createSeededRandom } from '@hypermesh/core/testing';
import { readPackage, verifyPackage } from '@hypermesh/extension-sdk/sign';
import { signedPackage, testSigner } from '@hypermesh/extension-sdk/testing';
import { expect, it } from 'vitest';
import { dataDirectory } from '../src/data-directory.ts';
import { Decisions } from '../src/extensions/decisions.ts';

const crasher = fileURLToPath(new URL('./fixtures/extension-crasher.ts', import.meta.url));
const rounds = 25;
const seed = 20;

interface Line {
  readonly open?: true;
  readonly before?: object | null;
  readonly after?: object | null;
  readonly done?: object | null;
}

it(`a node that is killed while its operator loads, replaces, grants and ends comes back with all of it or nothing, ${rounds} times`, async () => {
  const root = mkdtempSync(join(tmpdir(), 'hm-crash-'));
  const directory = dataDirectory(join(root, 'node'));
  const random = createSeededRandom(seed);
  const signer = testSigner('author');
  try {
    for (const version of ['1.0.0', '2.0.0']) {
      const entry = `export const extension = { id: 'acme.crash', ops: { 'crash.version': { run: () => '${version}' } } };`;
      const files = await signedPackage(
        {
          id: 'acme.crash',
          version,
          tier: 'trusted',
          entry,
          optional: ['fs:read'],
          files: { 'big.txt': version.repeat(100_000) },
        },
        signer,
      );
      mkdirSync(join(root, version), { recursive: true });
      for (const [path, bytes] of files) writeFileSync(join(root, version, path), bytes);
    }
    let steps = 0;
    for (let round = 0; round < rounds; round++) {
      const child = spawn(
        process.execPath,
        ['--conditions=@hypermesh/source', crasher, directory.path, root, String(seed + round)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const ended = once(child, 'exit');
      const lines: Line[] = [];
      try {
        const wanted = 3 + ((random.bytes(1)[0] ?? 0) % 12);
        for await (const text of createInterface({ input: child.stdout })) {
          lines.push(JSON.parse(text) as Line);
          if (lines.length === wanted) {
            // In the midst of the step that begins now, or a little after.
            const laterMs = ((random.bytes(1)[0] ?? 0) % 16) / 2;
            setTimeout(() => child.kill('SIGKILL'), laterMs);
          }
        }
      } finally {
        child.kill('SIGKILL');
        await ended;
      }
      expect(lines[0]).toEqual({ open: true });
      steps += lines.filter((line) => 'done' in line).length;
      const decisions = new Decisions(directory.extensionDecisions, silentLog);
      expect(decisions.isDamaged).toBe(false);
      const found = decisions.loaded.get('acme.crash');
      const state =
        found === undefined ? null : { version: found.version, grants: found.grants, active: found.active };
      const last = lines.at(-1);
      const possible = last !== undefined && 'done' in last ? [last.done] : [last?.before, last?.after];
      if (lines.length > 1) expect(possible).toContainEqual(state);
      if (found !== undefined) {
        const read = await readPackage(join(directory.extensionPackages, found.package));
        if (!read.ok) throw new Error(`round ${round}: ${read.reason.code}`);
        const verdict = await verifyPackage(read.files, signer.trust);
        expect(verdict).toMatchObject({ ok: true, verified: { manifest: { version: found.version } } });
      }
    }
    expect(steps).toBeGreaterThan(rounds);
    // What crashes left beside is swept by each start: no more than the last one's.
    expect(readdirSync(directory.extensionPackages).length).toBeLessThanOrEqual(3);
  } finally {
    rmSync(root, { recursive: true });
  }
}, 240_000);
