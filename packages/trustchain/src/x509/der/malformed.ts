/** What is wrong with bytes that were handed to a decoder of this package. Stable public API. */
export type DecodeReason =
  | 'not-pem'
  | 'too-large'
  | 'der-truncated'
  | 'der-length'
  | 'der-tag'
  | 'der-value'
  | 'der-trailing'
  | 'bad-time'
  | 'bad-name'
  | 'bad-key'
  | 'bad-version'
  | 'bad-extension'
  | 'duplicate-extension'
  | 'signature-algorithm-mismatch';

/** Thrown inside a decoder and caught at its edge by `decoding`; it never leaves the package. */
export class Malformed extends Error {
  override readonly name = 'Malformed';
  readonly reason: DecodeReason;

  constructor(reason: DecodeReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** The edge of a decoder: what `decode` returns, or the reason why the input was refused. Other exceptions pass. */
export function decoding<Value extends object>(
  decode: () => Value,
):
  | ({ readonly ok: true } & Value)
  | { readonly ok: false; readonly reason: DecodeReason; readonly detail: string } {
  try {
    return { ok: true, ...decode() };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, reason: error.reason, detail: error.message };
    throw error;
  }
}
