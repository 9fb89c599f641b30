import { CatalogError, type CatalogFailure } from '../errors.ts';

/** What an operation of the extension answers: what was asked for, or the catalog's failure. Plain data either way. */
export type Answer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: CatalogFailure; readonly message: string };

/** The catalog's failures become answers; a proof that does not hold is the host's to refuse; what is left is a defect. */
export async function answering<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    if (!isCatalogError(error)) throw error;
    const { failure, message } = error;
    if (failure.code === 'catalog/proof-refused') throw invalidProof(`${failure.leg}: ${failure.reason}`);
    return { ok: false, failure, message };
  }
}

/** The value of an answer; throws the failure as CatalogError where it is one. */
export function openAnswer<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw new CatalogError(answer.failure, answer.message);
}

/** What tells the host to answer `invalid_proof`. */
export function invalidProof(reason: string): Error {
  return Object.assign(new Error(reason), { code: 'extension/invalid-proof' });
}

/** A host may hand in errors of its own copy of this package. */
function isCatalogError(error: unknown): error is CatalogError {
  return (
    error instanceof Error &&
    'failure' in error &&
    'code' in error &&
    typeof error.code === 'string' &&
    error.code.startsWith('catalog/')
  );
}
