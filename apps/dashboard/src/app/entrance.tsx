import { useSignal } from '@preact/signals';
import { TextField } from '../parts/fields.tsx';
import { remember } from './token.ts';

/** What is shown without a token, or with one that the node refuses: how to come in. */
export function Entrance({ isRefused }: { readonly isRefused: boolean }) {
  const token = useSignal('');
  const error = useSignal<string | undefined>(undefined);
  return (
    <main class="entrance">
      <h1 tabIndex={-1}>{isRefused ? 'The node refuses this link' : 'This node asks who you are'}</h1>
      <p>
        {isRefused
          ? 'The token that this browser kept is not, or no longer, one of this node. Ask the node for a link again.'
          : 'Its pages show and change what this machine lends, so the node lets in only those who have its token.'}
      </p>
      <h2>Get the link</h2>
      <p>On the machine of the node, as the user who runs it:</p>
      <pre>
        <code>hypermesh dashboard</code>
      </pre>
      <p>It prints a link, and this browser keeps its token for later visits.</p>
      <h2>Or give the token</h2>
      <p>
        It is the text of the file <code>api-token</code> in the data folder of the node;{' '}
        <code>api-token-read</code> is one that may look at everything and change nothing.
      </p>
      <form
        class="entrance-form"
        onSubmit={(event) => {
          event.preventDefault();
          const given = token.value.trim();
          if (given === '') {
            error.value = 'Paste the token first';
            return;
          }
          remember(given);
          window.location.reload();
        }}
      >
        <TextField
          label="Token"
          name="token"
          value={token.value}
          onInput={(value) => {
            token.value = value;
            error.value = undefined;
          }}
          {...(error.value === undefined ? {} : { error: error.value })}
        />
        <button type="submit" class="button button-main">
          Come in
        </button>
      </form>
    </main>
  );
}
