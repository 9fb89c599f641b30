import type { ComponentType } from 'preact';
import type { IconName } from '../parts/icon.tsx';

/** What a page is handed: the parts of its path by name, and the query of the address. */
export interface PageProps {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
}

/** Groups of the navigation, in their order. */
export const sections = ['Mesh', 'Work', 'Trust and value', 'This node'] as const;

/** One page: an address, its words, and the module that draws it, loaded when it is first looked at. */
export interface Page {
  /** Path with named parts, such as `/ledger/block/:height`; the first page that matches is shown. */
  readonly path: string;
  /** Of the window and of what a screen reader announces. */
  readonly title: string;
  /** Its place in the navigation; a page below another one has none, and marks the one whose path its own begins with. */
  readonly nav?: { readonly section: (typeof sections)[number]; readonly icon: IconName };
  readonly load: () => Promise<{ readonly Page: ComponentType<PageProps> }>;
}
