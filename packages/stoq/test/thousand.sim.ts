import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('./fixtures/thousand.ts', import.meta.url));
/** What the README promises: both ends of a thousand streams in one process. */
const BOUND = 320 * 2 ** 20;

describe('a thousand parallel streams', () => {
  it('against a slow reader all come whole, within the memory that the README states [stoq-02]', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--expose-gc', '--conditions=@hypermesh/source', program, '1000', String(512 * 1024)],
      { timeout: 110_000 },
    );
    const { right, growth, moved } = JSON.parse(stdout);
    expect(right).toBe(1_000);
    expect(moved).toBeGreaterThan(1.5 * BOUND);
    expect(growth).toBeLessThan(BOUND);
  }, 120_000);
});
