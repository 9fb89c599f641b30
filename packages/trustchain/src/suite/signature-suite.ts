import { badArgument, TrustchainError } from '../errors.ts';
import { type BackendSource, chooseBackend } from './backend.ts';
import { ownSeed, readBytes, requireBytes } from './input.ts';
import type { BackendName, KeyPair, SignatureSuite, SuiteInfo, WaitOptions } from './suite.ts';

type Awaitable<T> = T | Promise<T>;

/** The algorithm itself: lengths are checked before it is called, and what it throws is judged after. */
export interface SignatureBackend {
  /** The seed is the backend's own and may become the secret key. */
  generate(seed: Uint8Array | undefined, options: WaitOptions): Awaitable<KeyPair>;
  publicKeyOf(secretKey: Uint8Array): Awaitable<Uint8Array>;
  sign(
    message: Uint8Array,
    secretKey: Uint8Array,
    options: WaitOptions & { readonly context: Uint8Array },
  ): Awaitable<Uint8Array>;
  verify(
    signature: Uint8Array,
    message: Uint8Array,
    publicKey: Uint8Array,
    context: Uint8Array,
  ): Awaitable<boolean>;
}

/** What tells one signature suite from another. */
export interface SignatureSuiteOptions extends Pick<SuiteInfo, 'standard' | 'standardStatus'> {
  readonly id: SignatureSuite['id'];
  readonly sizes: SignatureSuite['sizes'];
  /** Longest context string in bytes; 0 where the algorithm has none. */
  readonly contextMax: number;
  readonly sources: readonly BackendSource<SignatureBackend>[];
}

/** Wraps backends into a suite that checks every argument and never lets bad bytes throw out of `verify`. */
export function createSignatureSuite(options: SignatureSuiteOptions, wanted?: BackendName): SignatureSuite {
  const { id, sizes, contextMax, standard, standardStatus } = options;
  const choice = chooseBackend(id, options.sources, wanted);
  const readContext = (context: Uint8Array | undefined): Uint8Array => {
    const bytes = requireBytes('context', context ?? new Uint8Array());
    if (bytes.length > contextMax) throw badArgument('context', `at most ${contextMax} bytes for ${id}`);
    return bytes;
  };
  return {
    id,
    kind: 'signature',
    sizes,
    get info() {
      return choice.info({ standard, standardStatus });
    },
    async generate(seed, options) {
      const signal = options?.signal;
      signal?.throwIfAborted();
      const own = ownSeed(seed, sizes.seed);
      return (await choice.load()).generate(own, { signal });
    },
    async publicKeyOf(secretKey) {
      requireBytes('secretKey', secretKey, sizes.secretKey);
      const backend = await choice.load();
      return judged('secretKey', id, () => backend.publicKeyOf(secretKey));
    },
    async sign(message, secretKey, options) {
      const signal = options?.signal;
      signal?.throwIfAborted();
      requireBytes('message', message);
      requireBytes('secretKey', secretKey, sizes.secretKey);
      const checked = { context: readContext(options?.context), signal };
      const backend = await choice.load();
      return judged('secretKey', id, () => backend.sign(message, secretKey, checked), signal);
    },
    async verify(signature, message, publicKey, options) {
      const [s, m, p, c] = [signature, message, publicKey, options?.context ?? ''].map(readBytes);
      if (s === undefined || m === undefined || p === undefined || c === undefined) return false;
      if (s.length > sizes.signature || p.length !== sizes.publicKey || c.length > contextMax) return false;
      const backend = await choice.load();
      try {
        return await backend.verify(s, m, p, c);
      } catch (error) {
        // Ours means a broken environment; anything else is how a library says that these bytes are no signature.
        if (error instanceof TrustchainError) throw error;
        return false;
      }
    },
  };
}

/** Runs `work`; what a library throws there is laid to `argument`, since every length was checked before. */
export async function judged<T>(
  argument: string,
  id: string,
  work: () => Awaitable<T>,
  signal?: AbortSignal,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof TrustchainError || signal?.aborted) throw cause;
    throw badArgument(argument, `valid for ${id}`, { cause });
  }
}
