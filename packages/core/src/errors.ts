/** The data of a failure: plain JSON, told apart by `code`, such as `stoq/handshake-timeout`. */
export interface Failure {
  readonly code: string;
}

/**
 * Base of every error that HyperMesh packages throw: misuse of an API or a broken environment, never bad input from
 * outside. `failure` is plain JSON, so that it crosses workers and networks; branch on `code`, since two copies of
 * a package may be loaded and `instanceof` then fails. `message` is for people and is never parsed.
 */
export class HyperMeshError<F extends Failure = Failure> extends Error {
  override readonly name: string = 'HyperMeshError';
  readonly failure: F;

  constructor(failure: F, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }

  get code(): F['code'] {
    return this.failure.code;
  }

  /** The failure without message, cause or stack: what may leave this process. */
  toJSON(): F {
    return this.failure;
  }
}

/** Whether `error` carries the failure `code`, whichever copy of its package made it. */
export function hasCode<C extends string>(error: unknown, code: C): error is Error & { readonly code: C } {
  return error instanceof Error && 'code' in error && error.code === code;
}
