import { signal } from '@preact/signals';
import type { Page } from './page.ts';

/** Where the window is. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** The place of the window; changed by `navigate` and by the browser's own buttons. */
export const place = signal<Place>({ path: '/', query: new URLSearchParams() });

/** The page of a path with the named parts of it, or undefined where there is none. */
export function matchPage(
  pages: readonly Page[],
  path: string,
): { readonly page: Page; readonly params: Readonly<Record<string, string>> } | undefined {
  const parts = partsOf(path);
  for (const page of pages) {
    const wanted = partsOf(page.path);
    if (wanted.length !== parts.length) continue;
    const params: Record<string, string> = {};
    const isMatch = wanted.every((want, at) => {
      const part = parts[at] ?? '';
      if (!want.startsWith(':')) return want === part;
      const decoded = decodePart(part);
      if (decoded === undefined) return false;
      params[want.slice(1)] = decoded;
      return true;
    });
    if (isMatch) return { page, params };
  }
  return undefined;
}

/** The entry of the navigation that a path belongs to: the longest that it begins with. */
export function navOf(pages: readonly Page[], path: string): Page | undefined {
  const isWithin = ({ path: base }: Page) => path === base || (base !== '/' && path.startsWith(`${base}/`));
  return pages
    .filter((page) => page.nav !== undefined && isWithin(page))
    .sort((a, b) => b.path.length - a.path.length)[0];
}

/** Goes to a page of ours; `replace` leaves no step back. */
export function navigate(to: string, { replace = false } = {}): void {
  const url = new URL(to, window.location.origin);
  if (replace) window.history.replaceState(null, '', url);
  else window.history.pushState(null, '', url);
  const isNewPage = url.pathname !== place.value.path;
  readPlace();
  if (isNewPage) window.scrollTo(0, 0);
}

/** Puts one value into the query of the address, or takes it out, without a step back. */
export function setQuery(name: string, value: string | undefined): void {
  const query = new URLSearchParams(place.value.query);
  if (value === undefined || value === '') query.delete(name);
  else query.set(name, value);
  const text = query.toString();
  navigate(`${place.value.path}${text === '' ? '' : `?${text}`}`, { replace: true });
}

/** Reads the address, and makes every plain link to a page of ours a step without a reload. */
export function startRouter(): void {
  readPlace();
  window.addEventListener('popstate', readPlace);
  document.addEventListener('click', (event) => {
    const isPlain =
      event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (event.defaultPrevented || !isPlain || link === null) return;
    if (link.origin !== window.location.origin || link.target !== '' || link.hasAttribute('download')) return;
    if (link.hash !== '' && link.pathname === window.location.pathname) return;
    event.preventDefault();
    navigate(link.href);
  });
}

function readPlace(): void {
  const { pathname, search } = window.location;
  place.value = { path: pathname, query: new URLSearchParams(search) };
}

function partsOf(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '');
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
