import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

/** A part of a page with a heading of its own. */
export function Panel({
  title,
  aside,
  children,
  isWide = false,
}: {
  readonly title: string;
  /** Beside the heading: a count, a button. */
  readonly aside?: ComponentChildren;
  readonly children: ComponentChildren;
  /** Takes the whole width of a `grid`. */
  readonly isWide?: boolean;
}) {
  const id = useId();
  return (
    <section class={`panel${isWide ? ' is-wide' : ''}`} aria-labelledby={id}>
      <header class="panel-head">
        <h2 id={id}>{title}</h2>
        {aside === undefined ? null : <div class="panel-aside">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

/** The head of a page: what it is, one line on what it shows, and what can be done. The heading takes the focus when the page is gone to. */
export function PageHead({
  title,
  lede,
  actions,
}: {
  readonly title: ComponentChildren;
  readonly lede?: ComponentChildren;
  readonly actions?: ComponentChildren;
}) {
  return (
    <header class="page-head">
      <div>
        <h1 tabIndex={-1}>{title}</h1>
        {lede === undefined ? null : <p class="lede">{lede}</p>}
      </div>
      {actions === undefined ? null : <div class="page-actions">{actions}</div>}
    </header>
  );
}
