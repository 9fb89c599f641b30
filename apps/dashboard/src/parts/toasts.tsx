import { signal } from '@preact/signals';
import { Icon } from './icon.tsx';

/** How a short message stands. */
export type ToastTone = 'done' | 'bad';

interface Toast {
  readonly id: number;
  readonly tone: ToastTone;
  readonly text: string;
}

const toasts = signal<readonly Toast[]>([]);
let nextId = 1;
const shownMs = 6_000;

/** Says something for some seconds, to screen readers too. What a person must not miss belongs on the page instead. */
export function toast(tone: ToastTone, text: string): void {
  const id = nextId++;
  toasts.value = [...toasts.value.slice(-3), { id, tone, text }];
  setTimeout(() => dismiss(id), shownMs);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((each) => each.id !== id);
}

/** Where toasts appear; once, in the layout. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, tone, text }) => (
        <p key={id} class={`toast toast-${tone}`}>
          <Icon name={tone === 'done' ? 'check' : 'warn'} />
          <span>{text}</span>
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(id)}>
            <Icon name="close" />
          </button>
        </p>
      ))}
    </div>
  );
}
