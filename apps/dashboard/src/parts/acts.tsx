import type { ComponentChildren } from 'preact';
import { mayAct } from '../app/access.ts';

/** What changes something at the node; left out where the token only reads, which the line over every page says. */
export function Acts({ children }: { readonly children: ComponentChildren }) {
  if (!mayAct.value) return null;
  return <>{children}</>;
}
