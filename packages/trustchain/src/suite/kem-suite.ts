import { type BackendSource, chooseBackend } from './backend.ts';
import { ownSeed, requireBytes } from './input.ts';
import { judged } from './signature-suite.ts';
import type { BackendName, KemSuite, KeyPair, SuiteInfo } from './suite.ts';

type Awaitable<T> = T | Promise<T>;

/** The mechanism itself; lengths are checked before it is called. */
export interface KemBackend {
  /** The seed is the backend's own and may become the secret key. */
  generate(seed: Uint8Array | undefined): Awaitable<KeyPair>;
  encapsulate(publicKey: Uint8Array): Awaitable<{ ciphertext: Uint8Array; sharedSecret: Uint8Array }>;
  decapsulate(ciphertext: Uint8Array, secretKey: Uint8Array): Awaitable<Uint8Array>;
}

/** What tells one key-encapsulation suite from another. */
export interface KemSuiteOptions extends Pick<SuiteInfo, 'standard' | 'standardStatus'> {
  readonly id: KemSuite['id'];
  readonly sizes: KemSuite['sizes'];
  readonly sources: readonly BackendSource<KemBackend>[];
}

/** Wraps backends into a suite that checks every argument. */
export function createKemSuite(options: KemSuiteOptions, wanted?: BackendName): KemSuite {
  const { id, sizes, standard, standardStatus } = options;
  const choice = chooseBackend(id, options.sources, wanted);
  return {
    id,
    kind: 'kem',
    sizes,
    get info() {
      return choice.info({ standard, standardStatus });
    },
    async generate(seed) {
      const own = ownSeed(seed, sizes.seed);
      return (await choice.load()).generate(own);
    },
    async encapsulate(publicKey) {
      requireBytes('publicKey', publicKey, sizes.publicKey);
      const backend = await choice.load();
      return judged('publicKey', id, () => backend.encapsulate(publicKey));
    },
    async decapsulate(ciphertext, secretKey) {
      requireBytes('ciphertext', ciphertext, sizes.ciphertext);
      requireBytes('secretKey', secretKey, sizes.secretKey);
      const backend = await choice.load();
      return judged('ciphertext', id, () => backend.decapsulate(ciphertext, secretKey));
    },
  };
}
