import { effect, signal } from '@preact/signals';

const key = 'hypermesh.theme';
const themes = ['system', 'light', 'dark'] as const;

/** `system` follows the settings of the machine. */
export type Theme = (typeof themes)[number];

/** What was chosen in this browser. */
export const theme = signal<Theme>('system');

/** Counts up whenever colours change, by choice or by the machine, for what paints its own (plots). */
export const paint = signal(0);

/** Reads the choice, keeps the page to it, and keeps it for later visits. */
export function startTheme(): void {
  const kept = window.localStorage.getItem(key);
  theme.value = themes.find((each) => each === kept) ?? 'system';
  effect(() => {
    const chosen = theme.value;
    if (chosen === 'system') document.documentElement.removeAttribute('data-theme');
    else document.documentElement.setAttribute('data-theme', chosen);
    window.localStorage.setItem(key, chosen);
    paint.value = paint.peek() + 1;
  });
  for (const setting of ['(prefers-color-scheme: dark)', '(forced-colors: active)'])
    window.matchMedia(setting).addEventListener('change', () => {
      paint.value += 1;
    });
}
