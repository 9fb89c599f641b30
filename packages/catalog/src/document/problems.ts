/** What can be wrong with a document. Stable public API. */
export type DocumentCode =
  | 'too-large'
  | 'not-yaml'
  | 'too-deep'
  | 'too-many'
  | 'tag'
  | 'alias'
  | 'duplicate-key'
  | 'missing'
  | 'unknown-key'
  | 'wrong-kind'
  | 'out-of-range'
  | 'too-long'
  | 'wrong-value'
  | 'bad-name'
  | 'bad-version'
  | 'bad-range'
  | 'bad-path'
  | 'differs'
  | 'unsafe';

/** One fault, and where it is. Plain data. */
export interface DocumentProblem {
  readonly code: DocumentCode;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** As in `$.spec.dependencies[2].version`. */
  readonly path: string;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

/** Most problems that are told of one document. */
export const MAX_PROBLEMS = 50;
