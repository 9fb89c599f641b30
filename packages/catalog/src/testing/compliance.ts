import assert from 'node:assert/strict';

/** One promise of a port: run it with any test runner; it rejects with an AssertionError when the promise is broken. */
export interface ComplianceCase {
  /** A sentence about behaviour, fit for a test's title. */
  readonly name: string;
  run(): Promise<void>;
}

/** A port twice, as two nodes of one mesh see it: what one writes, the other sees. Fresh for each case. */
export type TwoNodes<Port> = () => Promise<readonly [Port, Port]>;

/** Asserts that a promise rejects with an error of this code. */
export async function rejectsWith(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, (error: unknown) => {
    assert.equal((error as { readonly code?: unknown }).code, code);
    return true;
  });
}

/** Bytes as a stream in pieces of odd sizes. */
export async function* inPieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
