import { signal } from '@preact/signals';

/** Now, once a second while the window is to be seen. */
export const nowMs = signal(Date.now());

/** Lets `nowMs` run. */
export function startClock(): void {
  setInterval(() => {
    if (!document.hidden) nowMs.value = Date.now();
  }, 1_000);
}
