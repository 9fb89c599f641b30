/**
 * What a check of untrusted input answers: `{ ok: true, … }` or `{ ok: false, reason }`, never an exception.
 * `reason` is a closed union of each check, stable public API.
 */
export type Verdict<Value extends object = object, Reason = string> =
  | ({ readonly ok: true } & Readonly<Value>)
  | { readonly ok: false; readonly reason: Reason };
