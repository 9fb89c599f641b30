import { TrustchainError } from '../errors.ts';
import type { BackendName, SuiteInfo } from './suite.ts';

/** One way to compute an algorithm: cheap to ask whether it is here, loaded at its first use and kept. */
export interface BackendSource<B> {
  readonly name: BackendName;
  readonly constantTime: string;
  readonly audit: string;
  isAvailable(): boolean;
  load(): Promise<B>;
}

/** Text on `node:crypto`, shared by every suite that it serves. */
export const NATIVE = {
  name: 'native',
  constantTime: 'designed to be constant-time (OpenSSL); not proved',
  audit: 'OpenSSL, reviewed widely and audited in parts',
} as const;

/** Text on the noble libraries. */
export const NOBLE = {
  name: 'noble',
  constantTime: 'no: JavaScript gives no such promise',
} as const;

/** Makes a source whose availability and module are each found out once. */
export function backendSource<B>(
  text: Pick<BackendSource<B>, 'name' | 'constantTime' | 'audit'>,
  probe: () => boolean,
  open: () => Promise<B>,
): BackendSource<B> {
  let available: boolean | undefined;
  let loaded: Promise<B> | undefined;
  return {
    name: text.name,
    constantTime: text.constantTime,
    audit: text.audit,
    isAvailable() {
      available ??= probe();
      return available;
    },
    load() {
      loaded ??= open();
      return loaded;
    },
  };
}

/** Whether `probe` runs without an exception: how a missing algorithm or package shows itself. */
export function runs(probe: () => unknown): boolean {
  try {
    probe();
    return true;
  } catch {
    // The exception is the answer: the algorithm or package is not here.
    return false;
  }
}

/** The source in use among several: the first available one that loads. */
export interface BackendChoice<B> {
  info(standard: Pick<SuiteInfo, 'standard' | 'standardStatus'>): SuiteInfo;
  load(): Promise<B>;
}

/** Chooses among `sources`, best first, or insists on `wanted`. Throws `trustchain/backend-absent`. */
export function chooseBackend<B>(
  suite: string,
  sources: readonly BackendSource<B>[],
  wanted: BackendName | undefined,
): BackendChoice<B> {
  const usable = sources.filter(
    (source) => (wanted === undefined || source.name === wanted) && source.isAvailable(),
  );
  let index = 0;
  const current = () => {
    const source = usable[index];
    if (source === undefined) throw absent(suite, wanted);
    return source;
  };
  current();
  return {
    info(standard) {
      const { name, constantTime, audit } = current();
      return { backend: name, ...standard, constantTime, audit };
    },
    async load() {
      for (;;) {
        const tried = index;
        try {
          return await current().load();
        } catch (cause) {
          // Installed yet broken: go on with the next backend, which gives the same bytes.
          if (tried === index) index += 1;
          if (index >= usable.length) throw absent(suite, wanted, cause);
        }
      }
    },
  };
}

function absent(suite: string, wanted: BackendName | undefined, cause?: unknown): TrustchainError {
  const backend = wanted ?? 'any';
  return new TrustchainError(
    { code: 'trustchain/backend-absent', suite, backend },
    `no ${wanted ?? 'usable'} backend for ${suite} here`,
    { cause },
  );
}
