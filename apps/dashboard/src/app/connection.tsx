import { useNode } from '../data/node.ts';
import type { Connection } from '../data/stream.ts';
import { formatAgo } from '../format/times.ts';
import { nowMs } from '../parts/clock.ts';
import { mayAct } from './access.ts';

const words: Readonly<Record<Connection['state'], string>> = {
  connecting: 'Connecting',
  live: 'Live',
  lost: 'Reconnecting',
  paused: 'Paused',
  refused: 'Refused',
};

/** Whether what is shown is live, and from when it is where it is not. */
export function ConnectionState() {
  const { state, sinceMs } = useNode().stream.connection.value;
  const age = state === 'lost' || state === 'refused' ? `, as of ${formatAgo(sinceMs, nowMs.value)}` : '';
  return (
    <p class={`connection connection-${state}`}>
      <span class="connection-dot" aria-hidden="true" />
      {words[state]}
      {age}
    </p>
  );
}

/** A line over the page while the node cannot be heard. */
export function ConnectionLine() {
  const { state, sinceMs } = useNode().stream.connection.value;
  return (
    <div role="status">
      {state === 'lost' ? (
        <p class="connection-line">
          The node does not answer. What you see is from {formatAgo(sinceMs, nowMs.value)}; it goes on by
          itself when the node is back. If it is not running, start it: <code>hypermesh up</code>
        </p>
      ) : null}
    </div>
  );
}

/** A line over the page while the token only reads: why nothing can be changed, and what would let one. */
export function AccessLine() {
  if (mayAct.value) return null;
  return (
    <p class="connection-line access-line">
      You may look and change nothing: the token of this link only reads, so what changes something is left
      out. The link that <code>hypermesh dashboard</code> prints may do everything.
    </p>
  );
}
