import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputPath, readInput } from '../src/run/files.ts';
import { maxInputBytes } from '../src/run/protocol.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hm-files-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a file that a run is given', () => {
  it('is read where it is a plain file of this machine, also by a link', async () => {
    writeFileSync(join(folder, 'input'), 'words');
    symlinkSync(join(folder, 'input'), join(folder, 'link'));
    expect(Buffer.from(await readInput(join(folder, 'input'))).toString()).toBe('words');
    expect(Buffer.from(await readInput(join(folder, 'link'))).toString()).toBe('words');
  });

  it('is refused where it would never end, is too long, is none, or depends on where the daemon stands', async () => {
    writeFileSync(join(folder, 'long'), '');
    truncateSync(join(folder, 'long'), maxInputBytes + 1);
    spawnSync('sh', ['-c', 'mkfifo "$0"', join(folder, 'pipe')]);
    for (const path of [
      '/dev/zero',
      join(folder, 'pipe'),
      folder,
      join(folder, 'long'),
      join(folder, 'absent'),
      'package.json',
    ])
      await expect(readInput(path), path).rejects.toMatchObject({ code: 'node/bad-flag' });
    expect(() => outputPath('out.txt')).toThrow(expect.objectContaining({ code: 'node/bad-flag' }));
    expect(outputPath('/tmp/out.txt')).toBe('/tmp/out.txt');
  });
});
