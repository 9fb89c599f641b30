import type { Result } from '@hypermesh/client';
import { useSignal } from '@preact/signals';
import { useAction } from '../../data/node.ts';
import { formatCount } from '../../format/numbers.ts';
import { Acts } from '../../parts/acts.tsx';
import { TextField } from '../../parts/fields.tsx';
import { FaultNote } from '../../parts/notes.tsx';
import { Panel } from '../../parts/panel.tsx';
import { bytesOfWord, wordOfHex } from './word.ts';

/** Reads, writes and counts in one word of a region: eight bytes at an address. */
export function Words({ usable }: { readonly usable: Result<'memory-list'>['usable'] }) {
  const address = useSignal('');
  const number = useSignal('1');
  const said = useSignal('');
  const fault = useSignal<string | undefined>(undefined);
  const reading = useAction('memory-read');
  const writing = useAction('memory-write');
  const adding = useAction('memory-add');
  const at = address.value === '' ? (usable[0]?.address ?? '') : address.value.trim();
  const actions = [reading, writing, adding];
  const isBusy = actions.some(({ isRunning }) => isRunning);

  const begin = () => {
    for (const action of actions) action.reset();
    said.value = '';
  };
  const read = async () => {
    begin();
    const result = await reading.start({ address: at, length: 8 });
    if (result !== undefined) said.value = `${at} holds ${formatCount(wordOfHex(result.bytes))}.`;
  };
  const write = async () => {
    begin();
    const bytes = bytesOfWord(number.value);
    fault.value = bytes === undefined ? 'A whole number of at most 64 bits' : undefined;
    if (bytes === undefined) return;
    if ((await writing.start({ address: at, bytes })) !== undefined)
      said.value = `${at} holds ${formatCount(number.value)} now.`;
  };
  const add = async () => {
    begin();
    fault.value = bytesOfWord(number.value) === undefined ? 'A whole number of at most 64 bits' : undefined;
    if (fault.value !== undefined) return;
    const result = await adding.start({ address: at, delta: number.value });
    if (result !== undefined) said.value = `${at} held ${formatCount(result.before)} before.`;
  };

  return (
    <Panel title="Use a word">
      <p class="muted">
        Eight bytes, read as a number with its lowest byte first. Adding happens in one instant.
      </p>
      <form class="form" onSubmit={(event) => event.preventDefault()} noValidate>
        <TextField
          label="Address"
          name="address"
          value={at}
          list={usable.map((region) => region.address)}
          onInput={(value) => {
            address.value = value;
          }}
        />
        <TextField
          label="Number"
          name="number"
          type="number"
          value={number.value}
          {...(fault.value === undefined ? {} : { error: fault.value })}
          onInput={(value) => {
            number.value = value;
          }}
        />
        <div class="form-foot">
          <button type="button" class="button" disabled={isBusy || at === ''} onClick={read}>
            Read
          </button>
          <Acts>
            <button type="button" class="button" disabled={isBusy || at === ''} onClick={write}>
              Write
            </button>
            <button type="button" class="button" disabled={isBusy || at === ''} onClick={add}>
              Add
            </button>
          </Acts>
        </div>
      </form>
      <p role="status">{said.value}</p>
      {actions.map(({ fault: each }) =>
        each === undefined ? null : <FaultNote key={each.code} fault={each} />,
      )}
    </Panel>
  );
}
