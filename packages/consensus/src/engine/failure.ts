/** What the engine's driver and its storage throw. */
export type EngineFailure =
  /** The application refuses a submitted transaction. */
  | { readonly code: 'consensus/tx-refused'; readonly reason: string }
  | { readonly code: 'consensus/tx-too-large'; readonly sizeBytes: number; readonly maxBytes: number }
  | { readonly code: 'consensus/mempool-full'; readonly txs: number; readonly sizeBytes: number }
  /** Not final within its lifetime; it may still become so. */
  | { readonly code: 'consensus/tx-expired'; readonly afterMs: number }
  | { readonly code: 'consensus/stopped'; readonly reason: string }
  | { readonly code: 'consensus/bad-options'; readonly field: string }
  | { readonly code: 'consensus/app-mismatch'; readonly height: number; readonly reason: string }
  | {
      readonly code: 'consensus/storage-corrupt';
      readonly file: string;
      readonly offset: number;
      readonly reason: string;
    }
  | { readonly code: 'consensus/storage-locked'; readonly dir: string; readonly pid: number };
