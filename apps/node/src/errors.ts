import { HyperMeshError } from '@hypermesh/core';
import type { Fault, IsApplied } from '@hypermesh/proxy-nat';
import type { ApiFailure } from './api/problem.ts';

/** Why a node could not do what it was asked; `next` says what a person can do about it. */
export type NodeFailure =
  | { readonly code: 'node/bad-flag'; readonly flag: string; readonly next: string }
  | { readonly code: 'node/unknown-command'; readonly command: string; readonly next: string }
  | { readonly code: 'node/bad-config'; readonly file: string; readonly line?: number; readonly next: string }
  | { readonly code: 'node/not-initialized'; readonly directory: string; readonly next: string }
  | { readonly code: 'node/already-initialized'; readonly directory: string; readonly next: string }
  | {
      readonly code: 'node/already-running';
      readonly directory: string;
      readonly pid: number;
      readonly next: string;
    }
  | {
      readonly code: 'node/newer-format';
      readonly directory: string;
      readonly format: number;
      readonly known: number;
      readonly next: string;
    }
  | { readonly code: 'node/not-running'; readonly directory: string; readonly next: string }
  | {
      readonly code: 'node/damaged-file';
      readonly file: string;
      readonly reason: string;
      readonly next: string;
    }
  | { readonly code: 'node/bad-invitation'; readonly reason: string; readonly next: string }
  | { readonly code: 'node/refused'; readonly by: string; readonly reason: string; readonly next: string }
  | {
      readonly code: 'node/unreachable';
      readonly address: string;
      readonly reason: string;
      readonly next: string;
    }
  | {
      readonly code: 'node/too-few-copies';
      readonly root: string;
      readonly wanted: number;
      readonly got: number;
      readonly reason: string;
      readonly next: string;
    }
  | { readonly code: 'node/bad-package'; readonly reason: string; readonly next: string }
  | { readonly code: 'node/not-found'; readonly what: string; readonly next: string }
  | {
      readonly code: 'node/wrong-phase';
      readonly phase: number;
      readonly needed: number;
      readonly next: string;
    }
  | {
      readonly code: 'node/operation-refused';
      readonly leg: string;
      readonly reason: string;
      readonly next: string;
    }
  /** An access to memory of another node failed; `fault` is one of the closed set of `@hypermesh/proxy-nat`. */
  | {
      readonly code: 'node/memory-fault';
      readonly fault: Fault;
      readonly address: string;
      readonly isApplied: IsApplied;
      readonly next: string;
    }
  /** Something new is not taken on: memory or disk are short, or the node stops. What is under way goes on. */
  | {
      readonly code: 'node/no-room';
      readonly of: 'memory' | 'disk' | 'time';
      readonly reason: string;
      readonly next: string;
    }
  | ApiFailure
  /** The API was spoken to in another way than it understands. */
  | { readonly code: 'node/bad-call'; readonly reason: string; readonly next: string }
  /** An operation of an extension ended without a result; `reason` is its own code, or how it was ended. */
  | {
      readonly code: 'node/extension-failed';
      readonly extension: string;
      readonly method: string;
      readonly reason: string;
      readonly next: string;
    }
  | {
      readonly code: 'node/extension-denied';
      readonly extension: string;
      readonly reason: string;
      readonly next: string;
    }
  | { readonly code: 'node/rate-limited'; readonly retryAfterMs: number; readonly next: string }
  | { readonly code: 'node/cancelled'; readonly next: string };

/** The error of this package; branch on `code`. `message` says what is wrong, `failure.next` what to do. */
export class NodeError extends HyperMeshError<NodeFailure> {
  override readonly name = 'NodeError';
}
