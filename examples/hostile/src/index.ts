import { fileURLToPath } from 'node:url';

/** Folder of the package. */
export function packageFolder(): string {
  return fileURLToPath(new URL('../package', import.meta.url));
}

/** What each of its exports does, and the exit that it comes to. */
export const attacks: readonly {
  readonly operation: string;
  readonly expected: 'out-of-fuel' | 'memory' | 'denied';
}[] = [
  { operation: 'spin', expected: 'out-of-fuel' },
  { operation: 'microtasks', expected: 'out-of-fuel' },
  { operation: 'bomb', expected: 'memory' },
  { operation: 'steal', expected: 'denied' },
];
