import type { FalconBackendName } from './falcon-engine.ts';
import type { KeyPair } from './suite.ts';

/** Work that the worker does; plain data, copied on its way there. */
export type FalconTask = { readonly backend: FalconBackendName } & (
  | { readonly task: 'generate'; readonly seed?: Uint8Array | undefined }
  | { readonly task: 'public-key'; readonly secretKey: Uint8Array }
  | { readonly task: 'sign'; readonly message: Uint8Array; readonly secretKey: Uint8Array }
  | {
      readonly task: 'verify';
      readonly signature: Uint8Array;
      readonly message: Uint8Array;
      readonly publicKey: Uint8Array;
    }
);

/** What each task comes back with. */
export interface FalconResults {
  readonly generate: KeyPair;
  readonly 'public-key': Uint8Array;
  readonly sign: Uint8Array;
  readonly verify: boolean;
}

/** A task with the number that its answer carries. */
export interface FalconRequest {
  readonly id: number;
  readonly work: FalconTask;
}

/** `failed` tells an engine that did not load from work that it refused, such as a key that does not decode. */
export type FalconAnswer =
  | { readonly id: number; readonly ok: true; readonly result: FalconResults[keyof FalconResults] }
  | { readonly id: number; readonly ok: false; readonly failed: 'engine' | 'work'; readonly message: string };
