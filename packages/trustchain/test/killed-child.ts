import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** Runs a fixture, kills it with SIGKILL after it has printed `lines` lines, and answers every line it printed. */
export async function killAfter(fixture: URL, args: readonly string[], lines: number): Promise<string[]> {
  const child = spawn(process.execPath, ['--conditions=@hypermesh/source', fileURLToPath(fixture), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const printed: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    printed.push(line);
    if (printed.length === lines) child.kill('SIGKILL');
  }
  await exited;
  return printed;
}
