import { signal } from '@preact/signals';

const key = 'hypermesh.token';

/** Whether the token that is there was refused by the node. */
export const isRefused = signal(false);

/**
 * The token of this browser for this node. One that the address brings in its fragment (`#token=…`, which no server
 * sees) is kept for later visits and taken out of the address and of the history.
 */
export function takeToken(): string | undefined {
  const given = new URLSearchParams(window.location.hash.slice(1)).get('token');
  if (given !== null && given !== '') {
    window.history.replaceState(null, '', `${window.location.pathname}${window.location.search}`);
    remember(given);
    return given;
  }
  return window.localStorage.getItem(key) ?? undefined;
}

/** Forgets the token of this browser. */
export function forgetToken(): void {
  window.localStorage.removeItem(key);
}

/** Keeps a token for later visits. */
export function remember(token: string): void {
  window.localStorage.setItem(key, token);
}
