import type { CatalogPorts } from '../ports.ts';

/** One promise of a port: run it with any test runner; it rejects with an AssertionError when the promise is broken. */
export interface ComplianceCase {
  /** A sentence about behaviour, fit for a test's title. */
  readonly name: string;
  run(): Promise<void>;
}

/** Makes what a suite works with, fresh for each case. Two nodes: what one writes, the other must see. */
export type Subjects<Port extends keyof CatalogPorts> = () => Promise<
  readonly [CatalogPorts[Port], CatalogPorts[Port]]
>;
