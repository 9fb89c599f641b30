/** Sums of coefficient times input, prepared for one back end. */
export interface Plan {
  readonly outputs: number;
  readonly inputs: number;
  /** Whatever the back end looks products up in; bytes of it. */
  readonly tables: Uint8Array | readonly Uint32Array[];
}

/** One way to compute outputs from inputs. Both are lists of equally long byte strings that do not overlap. */
export interface Backend {
  readonly name: BackendName;
  /** Prepares `rows`, `outputs` times `inputs` coefficients. */
  plan(rows: Uint8Array, inputs: number): Plan;
  /** Writes each output: the sum of its coefficients times the inputs. */
  run(plan: Plan, inputs: readonly Uint8Array[], outputs: readonly Uint8Array[]): void;
}

/** `relaxed-simd` and `simd` are WebAssembly; `scalar` is JavaScript. All give the same bytes. */
export type BackendName = 'relaxed-simd' | 'simd' | 'scalar';
