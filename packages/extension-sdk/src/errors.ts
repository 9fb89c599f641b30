import { HyperMeshError } from '@hypermesh/core';
import type { DenialReason } from './broker/denial.ts';

/** Everything that this package throws, told apart by `code`. Refusals of packages are verdicts and not thrown. */
export type ExtensionFailure =
  | { readonly code: 'extension/bad-argument'; readonly argument: string; readonly expected: string }
  | {
      readonly code: 'extension/permission-denied';
      readonly extension: string;
      readonly capability: string;
      readonly method: string;
      readonly reason: DenialReason;
    }
  | { readonly code: 'extension/revoked'; readonly extension: string; readonly capability: string }
  | {
      readonly code: 'extension/quota';
      readonly extension: string;
      readonly quota: string;
      readonly limit: number;
    }
  | { readonly code: 'extension/not-found'; readonly extension: string }
  | {
      readonly code: 'extension/bad-transition';
      readonly extension: string;
      readonly from: string;
      readonly event: string;
    }
  | { readonly code: 'extension/no-state-key' }
  /** The host is closed, or on its way there. */
  | { readonly code: 'extension/closed' }
  | { readonly code: 'extension/audit-tampered'; readonly file: string; readonly reason: string }
  | { readonly code: 'extension/unreadable-package'; readonly path: string; readonly reason: string }
  | {
      readonly code: 'extension/ended';
      readonly extension: string;
      readonly reason: GuestEnd;
      readonly detail: string;
    };

/** Why a call into an extension was ended, or ended by itself, without a result. */
export type GuestEnd =
  | 'error'
  | 'out-of-fuel'
  | 'memory'
  | 'deadline'
  | 'denied'
  | 'bad-params'
  | 'bad-answer'
  /** The files of an extension that rested are not what was verified. */
  | 'changed'
  | 'unloaded';

/** The error of this package; branch on `code`, read details from `failure`. */
export class ExtensionError extends HyperMeshError<ExtensionFailure> {
  override readonly name = 'ExtensionError';

  constructor(failure: ExtensionFailure, message?: string, options?: ErrorOptions) {
    super(failure, message ?? describe(failure), options);
  }
}

function describe(failure: ExtensionFailure): string {
  if (failure.code === 'extension/ended') return failure.detail;
  const { code, ...data } = failure;
  const details = Object.entries(data).map(([key, value]) => `${key} ${String(value)}`);
  return details.length === 0 ? code : `${code}: ${details.join(', ')}`;
}

/** Misuse of a function of this package. */
export function badArgument(argument: string, expected: string): ExtensionError {
  return new ExtensionError(
    { code: 'extension/bad-argument', argument, expected },
    `${argument} must be ${expected}`,
  );
}
