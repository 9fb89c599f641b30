/** One promise of a port: run it with any test runner; it rejects with an AssertionError when the promise is broken. */
export interface ComplianceCase {
  /** A sentence about behaviour, fit for a test's title. */
  readonly name: string;
  run(): Promise<void>;
}
