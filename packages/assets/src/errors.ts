import { HyperMeshError } from '@hypermesh/core';

/** Everything that this package throws, told apart by `code`. */
export type AssetsFailure =
  | { readonly code: 'assets/bad-argument'; readonly argument: string; readonly expected: string }
  | { readonly code: 'assets/unknown-kind'; readonly kind: string }
  | { readonly code: 'assets/bad-attributes'; readonly kind: string; readonly reason: string }
  | { readonly code: 'assets/unknown-asset'; readonly asset: string }
  | { readonly code: 'assets/not-owner'; readonly asset: string }
  | {
      readonly code: 'assets/forbidden-transition';
      readonly transition: string;
      readonly from: string;
      readonly reason: string;
    }
  | { readonly code: 'assets/forbidden-policy'; readonly rule: string; readonly remedy: string }
  | {
      readonly code: 'assets/journal-corrupt';
      readonly file: string;
      readonly offset: number;
      readonly reason: string;
    }
  | { readonly code: 'assets/journal-locked'; readonly file: string; readonly pid: number }
  | { readonly code: 'assets/journal-failed'; readonly detail: string }
  | { readonly code: 'assets/no-device'; readonly kind: string; readonly detail: string }
  | { readonly code: 'assets/closed' };

/** The error of this package; branch on `code`, read details from `failure`. */
export class AssetsError extends HyperMeshError<AssetsFailure> {
  override readonly name = 'AssetsError';
}
