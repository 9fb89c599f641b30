/* The part of pacote that the repository uses; its own package has no declarations. */
declare module 'pacote' {
  interface PacoteOptions {
    readonly registry?: string;
    /** Where pacote keeps what it downloaded. */
    readonly cache?: string;
    readonly integrity?: string;
    readonly ignoreScripts?: boolean;
    readonly fetchRetries?: number;
    readonly fetchRetryFactor?: number;
    readonly fetchRetryMintimeout?: number;
    readonly fetchRetryMaxtimeout?: number;
    readonly timeout?: number;
    readonly signal?: AbortSignal;
  }
  interface PacoteManifest {
    readonly name: string;
    readonly version: string;
    readonly _resolved?: string;
    readonly _integrity?: string;
    readonly dist?: { readonly unpackedSize?: number; readonly fileCount?: number };
  }
  /** Rejects with a `code` such as `E404`, `ETARGET` or `EINTEGRITY`. */
  export function manifest(spec: string, options?: PacoteOptions): Promise<PacoteManifest>;
  export namespace tarball {
    /** Calls `handler` with the stream, once more where it failed its integrity; resolves with what it gives. */
    function stream<T>(
      spec: string,
      handler: (stream: AsyncIterable<Uint8Array>) => Promise<T>,
      options?: PacoteOptions,
    ): Promise<T>;
  }
}
