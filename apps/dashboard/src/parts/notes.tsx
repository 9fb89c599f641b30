import type { ComponentChildren } from 'preact';
import type { Fault } from '../data/fault.ts';
import type { Shown } from '../data/node.ts';
import { Icon } from './icon.tsx';
import { When } from './when.tsx';

/** What went wrong, where, and what to do next. */
export function FaultNote({ fault, onRetry }: { readonly fault: Fault; readonly onRetry?: () => void }) {
  return (
    <div class="note note-bad" role="alert">
      <Icon name="warn" />
      <div>
        <p>
          <strong>{fault.message}</strong>
        </p>
        {fault.next === undefined ? null : <p>Next: {fault.next}</p>}
        <p class="muted">
          <code>{fault.code}</code>
        </p>
      </div>
      {onRetry === undefined ? null : (
        <button type="button" class="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  );
}

/** Something to know before reading on. */
export function Note({
  tone = 'plain',
  children,
}: {
  readonly tone?: 'plain' | 'warn';
  readonly children: ComponentChildren;
}) {
  return (
    <div class={`note note-${tone}`}>
      {tone === 'warn' ? <Icon name="warn" /> : null}
      <div>{children}</div>
    </div>
  );
}

/** What stands where there is nothing yet: what would be here, and how it comes to be. */
export function Empty({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ComponentChildren;
}) {
  return (
    <div class="empty">
      <p class="empty-title">{title}</p>
      {children}
    </div>
  );
}

/** Draws an answer once it is there; before it the room it will take, beside it the fault of a later question. */
export function Answered<R>({
  answer,
  children,
}: {
  readonly answer: Shown<R>;
  readonly children: (value: R) => ComponentChildren;
}) {
  const { value, fault, atMs, refresh } = answer;
  if (value === undefined)
    return fault === undefined ? (
      <p class="waiting" aria-busy="true">
        Asking the node …
      </p>
    ) : (
      <FaultNote fault={fault} onRetry={refresh} />
    );
  return (
    <>
      {fault === undefined ? null : (
        <>
          <FaultNote fault={fault} onRetry={refresh} />
          {atMs === undefined ? null : (
            <p class="muted">
              What follows is from <When atMs={atMs} />.
            </p>
          )}
        </>
      )}
      {children(value)}
    </>
  );
}
