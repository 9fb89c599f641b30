import type { ProgressEvent } from '../data/api.ts';
import { formatBytes, formatRate } from '../format/numbers.ts';

/** How far a long call is: its words, and bytes and rate where bytes move. */
export function Progress({
  progress,
  onCancel,
}: {
  readonly progress: ProgressEvent | undefined;
  readonly onCancel?: () => void;
}) {
  const { text = 'Asking the node', done, total, rateBps } = progress ?? {};
  const share = done === undefined || total === undefined || total === 0 ? undefined : done / total;
  return (
    <div class="progress">
      <p class="progress-words" role="status">
        {text} …
      </p>
      <progress
        class="progress-bar"
        aria-label={text}
        max={1}
        {...(share === undefined ? {} : { value: share })}
      />
      {done === undefined ? null : (
        <p class="muted numbers">
          {formatBytes(done)}
          {total === undefined ? '' : ` of ${formatBytes(total)}`}
          {rateBps === undefined ? '' : ` · ${formatRate(rateBps)}`}
        </p>
      )}
      {onCancel === undefined ? null : (
        <button type="button" class="button" onClick={onCancel}>
          Cancel
        </button>
      )}
    </div>
  );
}
