import { useSignal } from '@preact/signals';
import { shortId } from '../format/ids.ts';
import { Icon } from './icon.tsx';
import { toast } from './toasts.tsx';

/** An id in short, whole in its title; `what` says what it is the id of, for the button that copies it. */
export function Id({
  value,
  what,
  href,
  isPlain = false,
}: {
  readonly value: string;
  readonly what: string;
  readonly href?: string;
  /** Without the button: in tables, where the page behind the link has it. */
  readonly isPlain?: boolean;
}) {
  const short = (
    <code class="id" title={value}>
      {shortId(value)}
    </code>
  );
  return (
    <span class="id-with-copy">
      {href === undefined ? short : <a href={href}>{short}</a>}
      {isPlain ? null : <CopyButton text={value} what={what} />}
    </span>
  );
}

/** A button that puts a text into the clipboard and says so. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const isDone = useSignal(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      isDone.value = true;
      setTimeout(() => {
        isDone.value = false;
      }, 1_500);
      toast('done', `Copied the ${what}`);
    } catch {
      toast('bad', `The browser did not let the ${what} be copied: select it and copy by hand`);
    }
  };
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Copy the ${what}`}
      title={`Copy the ${what}`}
      onClick={copy}
    >
      <Icon name={isDone.value ? 'check' : 'copy'} />
    </button>
  );
}
