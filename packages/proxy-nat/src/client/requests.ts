import type { Fault } from '../faults.ts';
import type { OutgoingRequest } from '../wire/requests.ts';

/** A region as a client is attached to it. `handle` is 0 until the present channel has attached. */
export interface Attachment {
  readonly token: Uint8Array;
  handle: number;
  /** Whether some channel has attached it already. */
  isKnown: boolean;
  /** Set for good when the home refuses it. */
  lost: Fault | undefined;
  /** What the home says to an attach, or why it does not. */
  readonly answered: PromiseWithResolvers<Uint8Array>;
}

/** A request that somebody waits for. */
export interface PendingRequest extends OutgoingRequest {
  readonly attachment: Attachment;
  readonly deadlineMs: number;
  /** Bytes of data that its answer must have. */
  readonly answerBytes: number;
  /** Bytes that its ranges name. */
  readonly bytes: number;
  /** Times that it has left; after more than one a refusal no longer shows that it was not applied. */
  sent: number;
  sentMs: number;
  /** Set while it waits to be put into a frame. */
  isQueued: boolean;
  /** Whether the last answer was `Busy`. */
  isBusy: boolean;
  readonly answered: PromiseWithResolvers<Uint8Array>;
}
