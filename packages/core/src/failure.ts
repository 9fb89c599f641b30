import { HyperMeshError } from './errors.ts';

/** What the core refuses when its API is misused. Untrusted input never ends here: it gets a verdict. */
export type CoreFailure =
  | { readonly code: 'core/not-canonical'; readonly reason: EncodeReason; readonly path: string }
  | { readonly code: 'core/not-a-record'; readonly reason: string; readonly path: string }
  | { readonly code: 'core/ambiguous-union'; readonly kind: string }
  | { readonly code: 'core/out-of-range'; readonly name: string }
  | { readonly code: 'core/not-bytes'; readonly name: string }
  | { readonly code: 'core/wrong-length'; readonly name: string; readonly length: number }
  | { readonly code: 'core/not-a-cid'; readonly reason: string }
  | { readonly code: 'core/broken-law'; readonly law: string };

/** Why a value has no canonical form. */
export type EncodeReason =
  | 'float'
  | 'integer-range'
  | 'unsupported'
  | 'ill-formed-text'
  | 'symbol-key'
  | 'too-deep'
  | 'cid';

/** The one error class of this package. */
export class CoreError extends HyperMeshError<CoreFailure> {
  override readonly name: string = 'CoreError';
}
