/** Why a module is not metered. */
export type MeterReason =
  /** Not a WebAssembly binary, or one that breaks its format. */
  | 'malformed'
  /** Well formed, but not valid by the WebAssembly type rules. */
  | 'invalid'
  /** A count, size or nesting beyond the bounds of this package. */
  | 'too-large'
  /** A feature that the profile leaves out; `detail` names it. */
  | 'unsupported'
  /** An import that the allow list does not name, or that is no function. */
  | 'import-not-allowed'
  /** The memory starts larger than its cap. */
  | 'memory-too-large'
  /** A table starts larger than its cap. */
  | 'table-too-large'
  /** An export under the prefix `hm:`. */
  | 'reserved-export'
  /** Calls outside any recursion need more stack than a run has. */
  | 'stack-too-deep';

/** Why a module does not pass as metered. */
export type CheckReason =
  | 'malformed'
  | 'invalid'
  | 'unsupported'
  | 'too-large'
  | 'not-metered'
  | 'import-not-allowed'
  | 'maximum-missing'
  | 'counter-exposed'
  | 'counter-altered'
  | 'uncharged-entry'
  | 'uncharged-loop'
  | 'uncharged-block'
  | 'uncharged-bulk'
  | 'unbounded-stack';
