import type { CallScope } from '../broker/broker.ts';
import type { Capability } from '../capabilities.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import type { PackageFiles } from '../package/rules.ts';

/** What of an extension is called. */
export type Target =
  | { readonly kind: 'op'; readonly name: string }
  | { readonly kind: 'asset'; readonly type: string; readonly action: string }
  | { readonly kind: 'hook'; readonly name: 'onLoad' | 'onSuspend' | 'onUnload' }
  | { readonly kind: 'state'; readonly name: 'initial' | 'migrate'; readonly from?: number };

/** One call into an extension. */
export interface GuestCall {
  readonly target: Target;
  readonly params: unknown;
  readonly scope: CallScope;
  readonly proof: unknown;
  readonly config: JsonObject;
  /** The extension's state; what the call leaves is put back here by the tier. */
  readonly state: { value: JsonValue };
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  progress(event: JsonValue): void;
}

/** What an extension says it has. */
export interface GuestDescription {
  readonly id: string;
  readonly ops: ReadonlyMap<string, { readonly needs: ReadonlySet<Capability>; readonly proof: boolean }>;
  readonly assets: ReadonlyMap<
    string,
    { readonly needs: ReadonlySet<Capability>; readonly actions: ReadonlySet<string> }
  >;
  /** Version of its state, where it has one. */
  readonly stateVersion?: number;
  readonly hooks: ReadonlySet<string>;
}

/**
 * An extension in its sandbox. `call` rejects with `extension/ended` for whatever the guest does to end badly, and with
 * its own error, code and all, for what it throws; an error of the host itself is passed on.
 */
export interface Guest {
  readonly description: GuestDescription;
  /** Memory of its instance after the last call, where that is known. */
  readonly memoryBytes?: number | undefined;
  call(call: GuestCall): Promise<unknown>;
  /** Lets go of everything but the description, code included; absent where code in memory is there for good. No call runs. */
  rest?(): Promise<void>;
  /** Makes a guest that rests ready for calls again, from the same files. Rejects where that fails; it then still rests. */
  wake?(files: PackageFiles, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** What an extension itself threw, in any tier: the code that it gave, or `error`. */
export class GuestError extends Error {
  readonly code: string;
  readonly retryAfterMs: number | undefined;

  constructor(code: string, detail: string, retryAfterMs?: number) {
    super(detail);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

const codePattern = /^[a-z][a-z0-9/-]{0,63}$/;

/** An error of an extension as one of ours: bounded, without stack, and without the long address it was loaded from. */
export function guestError(error: unknown): GuestError {
  if (error instanceof GuestError) return error;
  const { code, message, retryAfterMs } = (
    typeof error === 'object' && error !== null ? error : {}
  ) as Record<string, unknown>;
  // No conversion of objects: one of a guest may have a `toString` that is none.
  const isObject = typeof error === 'object' && error !== null;
  const detail = (typeof message === 'string' ? message : isObject ? 'an error without words' : String(error))
    .replace(/data:[^\s'"]+/g, 'its module')
    .slice(0, 500);
  return new GuestError(
    typeof code === 'string' && codePattern.test(code) ? code : 'error',
    detail,
    typeof retryAfterMs === 'number' && retryAfterMs >= 0 ? retryAfterMs : undefined,
  );
}
