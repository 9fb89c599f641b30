import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const environment: { HYPERMESH_VECTORS?: string } = process.env;
const folder = environment.HYPERMESH_VECTORS ?? resolve(import.meta.dirname, '../../../../shared/vectors');

/** The folder of foreign test vectors, or the reason why there is none. */
export const vectors = existsSync(folder)
  ? { folder, skip: false as const }
  : { folder, skip: true as const, reason: `no vectors at ${folder}` };

/** One case of a Wycheproof file with its group; every field is as the file has it. */
export interface WycheproofCase {
  readonly tcId: number;
  readonly result: 'valid' | 'invalid' | 'acceptable';
  readonly comment: string;
  readonly flags: readonly string[];
  /** The group's public key: raw hex, or an object that holds it under `pk` or `uncompressed`. */
  readonly group: { readonly publicKey: string & { readonly pk: string; readonly uncompressed: string } };
  readonly msg: string;
  readonly sig: string;
  readonly ctx?: string;
  readonly seed: string;
  readonly ek: string;
  readonly c: string;
  readonly K: string;
  readonly public: string;
  readonly private: string;
  readonly shared: string;
  readonly ikm: string;
  readonly salt: string;
  readonly info: string;
  readonly size: number;
  readonly okm: string;
}

/** Every case of a Wycheproof file, and the number that the file itself states. */
export function wycheproof(name: string): { cases: WycheproofCase[]; stated: number } {
  const file = JSON.parse(readFileSync(resolve(folder, `wycheproof-${name}_test.json`), 'utf8'));
  const cases = file.testGroups.flatMap(({ tests, ...group }: { tests: object[] }) =>
    tests.map((test) => ({ ...test, group })),
  );
  return { cases, stated: file.numberOfTests };
}

/** Any JSON file of the folder. */
export function vectorFile<T>(name: string): T {
  return JSON.parse(readFileSync(resolve(folder, name), 'utf8')) as T;
}
