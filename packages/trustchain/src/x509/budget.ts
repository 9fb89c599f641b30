/** How much work one path check may do. */
export interface WorkLimits {
  /** Signatures verified, those of CRLs and alternative ones included. Default 64. */
  readonly signatures?: number;
  /** Names compared and candidates looked at, in comparisons. Default 250,000. */
  readonly comparisons?: number;
  /** Certificates and revocation lists read, roots included. Default 1,000. */
  readonly certificates?: number;
  /** Bytes of leaf and intermediates read, as DER or characters of PEM. Default 1 MiB. */
  readonly bytes?: number;
}

/** What a path check did. */
export interface WorkDone {
  readonly signatures: number;
  readonly comparisons: number;
  readonly certificates: number;
}

/** Thrown inside a path check when its work budget is spent, and caught at its edge. */
export class BudgetExhausted extends Error {
  override readonly name = 'BudgetExhausted';
}

/** Counts work down; `spend…` throws `BudgetExhausted` when there is none left. */
export class Budget {
  readonly #limits: Required<WorkLimits>;
  readonly #spent = { signatures: 0, comparisons: 0, certificates: 0, bytes: 0 };

  constructor(limits: WorkLimits = {}) {
    this.#limits = {
      signatures: limits.signatures ?? 64,
      comparisons: limits.comparisons ?? 250_000,
      certificates: limits.certificates ?? 1000,
      bytes: limits.bytes ?? 1024 * 1024,
    };
  }

  spend(what: 'signatures' | 'comparisons' | 'certificates' | 'bytes', amount = 1): void {
    this.#spent[what] += amount;
    // So written that a limit that is no number allows nothing.
    if (!(this.#spent[what] <= this.#limits[what]))
      throw new BudgetExhausted(`more than ${this.#limits[what]} ${what}`);
  }

  get done(): WorkDone {
    const { signatures, comparisons, certificates } = this.#spent;
    return { signatures, comparisons, certificates };
  }
}
