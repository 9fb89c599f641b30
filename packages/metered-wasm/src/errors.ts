import { HyperMeshError } from '@hypermesh/core';

/** Why a call into this package could not be served: misuse, or an environment that lacks something. */
export type MeteredWasmFailure =
  | { readonly code: 'metered-wasm/bad-argument'; readonly argument: string; readonly expected: string }
  | { readonly code: 'metered-wasm/closed' }
  | { readonly code: 'metered-wasm/worker-failed' }
  /** The engine of scripts is missing, is another build, or does not pass the check. */
  | { readonly code: 'metered-wasm/engine-unusable' };

/** The error of this package; branch on `code`. */
export class MeteredWasmError extends HyperMeshError<MeteredWasmFailure> {
  override readonly name = 'MeteredWasmError';
}
