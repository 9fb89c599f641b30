import { readFileSync } from 'node:fs';

/** The version of this package. This file lies as deep below it as what is built of it does. */
export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
