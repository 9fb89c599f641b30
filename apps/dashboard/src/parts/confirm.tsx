import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { Dialog } from './dialog.tsx';

interface Question {
  readonly title: string;
  readonly body: ComponentChildren;
  /** The word on the button that does it. */
  readonly act: string;
  readonly isDangerous: boolean;
  readonly answer: (isYes: boolean) => void;
}

const question = signal<Question | undefined>(undefined);

/** Asks a person before something is done that spends, shares or removes. `act` is the word on the button that does it. */
export function confirm(
  title: string,
  {
    act,
    body,
    isDangerous = false,
  }: { readonly act: string; readonly body: ComponentChildren; readonly isDangerous?: boolean },
): Promise<boolean> {
  question.peek()?.answer(false);
  return new Promise((resolve) => {
    question.value = {
      ...{ title, act, body, isDangerous },
      answer(isYes) {
        question.value = undefined;
        resolve(isYes);
      },
    };
  });
}

/** Where questions appear; once, in the layout. */
export function Questions() {
  const asked = question.value;
  if (asked === undefined) return null;
  return (
    <Dialog title={asked.title} onClose={() => asked.answer(false)}>
      <div class="dialog-text">{asked.body}</div>
      <footer class="dialog-foot">
        <button type="button" class="button" onClick={() => asked.answer(false)}>
          Leave it
        </button>
        <button
          type="button"
          class={asked.isDangerous ? 'button button-bad' : 'button button-main'}
          onClick={() => asked.answer(true)}
        >
          {asked.act}
        </button>
      </footer>
    </Dialog>
  );
}
