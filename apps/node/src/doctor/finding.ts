import type { NodeConfig } from '../config.ts';
import type { DataDirectory } from '../data-directory.ts';
import type { NodeStatus } from '../status.ts';
import type { Probe } from './probe.ts';

/** How a check ended. `untested`: it could not be told from here. */
export type FindingState = 'ok' | 'warn' | 'fail' | 'untested';

/** What one check found: what, where, and what to do about it. */
export interface Finding {
  readonly check: string;
  readonly state: FindingState;
  readonly what: string;
  /** File, address or setting that it is about. */
  readonly where?: string;
  /** What to do; always there where the state is `warn` or `fail`. */
  readonly next?: string;
}

/** What checks look at. */
export interface Examined {
  readonly directory: DataDirectory;
  /** Undefined where there is no node, or its configuration does not read; then `configProblem` says why. */
  readonly config: NodeConfig | undefined;
  readonly configProblem: { readonly what: string; readonly next: string } | undefined;
  /** What the running node says; undefined where none runs. */
  readonly status: NodeStatus | undefined;
  readonly passphraseFile: string | undefined;
  readonly probe: Probe;
  readonly signal: AbortSignal;
}

/** One check; it may find several things. What it throws becomes a failure with its name. */
export interface Check {
  readonly name: string;
  run(examined: Examined): Promise<readonly Finding[]> | readonly Finding[];
}

/** Findings of one check, made with less to write. */
export function findingsOf(check: string) {
  return {
    ok: (what: string, where?: string): Finding => ({ check, state: 'ok', what, ...at(where) }),
    untested: (what: string, where?: string): Finding => ({ check, state: 'untested', what, ...at(where) }),
    warn: (what: string, next: string, where?: string): Finding => ({
      ...{ check, state: 'warn', what, next },
      ...at(where),
    }),
    fail: (what: string, next: string, where?: string): Finding => ({
      ...{ check, state: 'fail', what, next },
      ...at(where),
    }),
  };
}

const at = (where: string | undefined) => (where === undefined ? {} : { where });
