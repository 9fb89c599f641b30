import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** The part of @ronomon/reed-solomon that is measured: native code, on a thread of its pool. */
export interface Ronomon {
  create(data: number, parity: number): object;
  encode(
    context: object,
    sources: number,
    targets: number,
    buffer: Buffer,
    bufferOffset: number,
    bufferSize: number,
    parity: Buffer,
    parityOffset: number,
    paritySize: number,
    done: (error?: Error) => void,
  ): void;
}

/**
 * The fastest codec on npm builds native code in an install script, so it is no dependency: it is built here, beside
 * the repository's own packages, where a compiler is at hand. Undefined where that fails.
 */
export function loadRonomon(): Ronomon | undefined {
  const folder = join(import.meta.dirname, '../node_modules/.cache/ronomon');
  try {
    if (!existsSync(join(folder, 'node_modules/@ronomon/reed-solomon/binding.node'))) {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'package.json'), '{ "private": true }');
      execFileSync('npm', ['install', '--no-audit', '--no-fund', '@ronomon/reed-solomon@6.0.0'], {
        cwd: folder,
        stdio: 'ignore',
        timeout: 45_000,
      });
    }
    return createRequire(join(folder, 'package.json'))('@ronomon/reed-solomon') as Ronomon;
  } catch {
    return undefined;
  }
}
