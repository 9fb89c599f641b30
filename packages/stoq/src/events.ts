import type { HandshakeReason, RefusalReason } from './errors.ts';

/** Why a session ended, and who ended it: this end, the peer, or the carrier underneath. */
export interface CloseReason {
  readonly by: 'us' | 'peer' | 'carrier';
  readonly reason: 'done' | 'node-closing' | 'idle' | 'key-limit' | 'protocol' | 'lost';
}

/** Why a stream of an authenticated peer was not served to its end. */
export type StreamFault =
  | 'bad-header'
  | 'bad-type'
  | 'unknown-name'
  | 'header-timeout'
  | 'busy'
  | 'too-large'
  | 'reset'
  | 'truncated'
  | 'bad-record'
  | 'stream-replayed'
  | 'unexpected-bytes'
  | 'lingering'
  | 'deadline'
  | 'handler-failed';

/** What a node tells its owner, in order of happening: plain JSON, for logs, counters and tests. */
export type StoqEvent =
  | {
      readonly type: 'peer-open';
      readonly peer: string;
      readonly address: string;
      readonly direction: 'inbound' | 'outbound';
    }
  | {
      readonly type: 'peer-close';
      readonly peer: string;
      readonly address: string;
      readonly reason: CloseReason;
    }
  | {
      readonly type: 'handshake-refused';
      readonly address: string;
      /** Whether this end refused or the other says that it does. */
      readonly by: 'us' | 'peer';
      readonly reason: HandshakeReason | RefusalReason | 'unknown';
      readonly detail?: string;
    }
  | {
      readonly type: 'stream-fault';
      readonly peer: string;
      readonly fault: StreamFault;
      readonly name?: string;
    };
