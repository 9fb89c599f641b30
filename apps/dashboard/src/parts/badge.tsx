import type { ComponentChildren } from 'preact';

/** A state in a word; `tone` never says what the word does not. */
export function Badge({
  tone = 'plain',
  children,
}: {
  readonly tone?: 'plain' | 'good' | 'warn' | 'bad';
  readonly children: ComponentChildren;
}) {
  return <span class={`badge badge-${tone}`}>{children}</span>;
}

/** How much of a whole, drawn and said. */
export function Meter({
  label,
  share,
  text,
}: {
  readonly label: string;
  /** 0 to 1. */
  readonly share: number;
  readonly text: string;
}) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div class="meter">
      <span class="meter-bar" aria-hidden="true">
        <span class="meter-fill" style={{ width: `${percent}%` }} />
      </span>
      <span class="meter-text">
        <span class="visually-hidden">{label}: </span>
        {text}
      </span>
    </div>
  );
}
