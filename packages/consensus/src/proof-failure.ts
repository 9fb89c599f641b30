/** Why a call to the proofs, the plots or the ledger could not be served. */
export type ProofFailure =
  | { readonly code: 'consensus/bad-argument'; readonly argument: string; readonly expected: string }
  | { readonly code: 'consensus/bad-genesis'; readonly reason: string }
  | {
      readonly code: 'consensus/plot-too-large';
      readonly resource: 'memory' | 'disk';
      readonly needBytes: number;
      readonly allowedBytes: number;
    }
  | { readonly code: 'consensus/plot-damaged'; readonly path: string; readonly reason: string }
  | { readonly code: 'consensus/not-a-member'; readonly actor: string }
  | { readonly code: 'consensus/space-miss'; readonly answered: number; readonly needed: number }
  | { readonly code: 'consensus/worker-failed'; readonly job: string };
