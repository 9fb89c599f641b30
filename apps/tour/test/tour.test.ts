import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { needsPnpm, type Started, spawnStart } from './start-process.ts';

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'hm-tour-'));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

const start = (...argv: readonly string[]): Promise<Started> => spawnStart(scratch, argv).ended;

describe('start', () => {
  it.for(['Enter', 'SIGCONT'] as const)(
    'stands still after a step until %s, tells a failure after it once, and leaves nothing but the data it was given a folder for',
    { timeout: 120_000 },
    async (key, context) => {
      needsPnpm(context);
      const data = join(scratch, 'mesh');
      const named = key === 'SIGCONT' ? ['--data', data] : [];
      const argv = ['--once', '--json', '--pause-after=genesis', ...named];
      const { child, ended } = spawnStart(scratch, argv, key === 'Enter' ? 'pipe' : 'ignore');
      let stderr = '';
      for await (const text of child.stderr as AsyncIterable<string>) {
        stderr += text;
        if (!stderr.includes('kill -CONT')) continue;
        const pids = [...stderr.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
        expect(pids).toHaveLength(4);
        // An outsider interferes: the first node, which is to publish, is gone.
        process.kill(pids[0] ?? 0, 'SIGKILL');
        if (key === 'Enter') child.stdin?.write('\n');
        else process.kill(child.pid ?? 0, 'SIGCONT');
        stderr = '';
      }
      const { code, report, left } = await ended;
      expect(code).toBe(1);
      expect(report.steps.map(({ name, ok }) => [name, ok])).toEqual([
        ['genesis', true],
        ['publish', false],
      ]);
      expect(left).toEqual([]);
      expect(existsSync(join(data, 'delta'))).toBe(key === 'SIGCONT');
    },
  );

  it('with a data folder that cannot be used says so in the JSON and ends with 1', async (context) => {
    needsPnpm(context);
    const { code, report, left } = await start('--once', '--json', '--data', '/dev/null/none');
    expect(code).toBe(1);
    expect(report).toMatchObject({ ok: false });
    expect(report.steps.at(-1)).toMatchObject({ name: 'genesis', ok: false });
    expect(report.steps).toHaveLength(1);
    expect(left).toEqual([]);
  }, 120_000);

  it('with an option that it does not know says so in the JSON and ends with 2', async () => {
    const { code, report } = await start('--json', '--bogus');
    expect(code).toBe(2);
    expect(report).toMatchObject({ ok: false, error: { code: 'tour/bad-flag' } });
  });
});
