import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly onInput: (value: string) => void;
  /** What the field means, below it. */
  readonly hint?: ComponentChildren;
  /** What is wrong with the value. */
  readonly error?: string;
  readonly isDisabled?: boolean;
}

/** A line of text. */
export function TextField({
  type = 'text',
  unit,
  placeholder,
  list,
  ...props
}: FieldProps & {
  readonly type?: 'text' | 'search' | 'number';
  readonly unit?: string;
  readonly placeholder?: string;
  /** What it may be, to choose from while typing. */
  readonly list?: readonly string[];
}) {
  const listId = useId();
  return (
    <Field {...props}>
      {(id, described) => (
        <span class="input-with-unit">
          <input
            id={id}
            class="input"
            type={type === 'number' ? 'text' : type}
            inputMode={type === 'number' ? 'decimal' : undefined}
            name={props.name}
            value={props.value}
            placeholder={placeholder}
            autocomplete="off"
            spellcheck={false}
            disabled={props.isDisabled}
            {...described}
            {...(list === undefined ? {} : { list: listId })}
            onInput={(event) => props.onInput(event.currentTarget.value)}
          />
          {unit === undefined ? null : <span class="unit">{unit}</span>}
          {list === undefined ? null : (
            <datalist id={listId}>
              {list.map((each) => (
                <option key={each} value={each} />
              ))}
            </datalist>
          )}
        </span>
      )}
    </Field>
  );
}

/** One of several. */
export function ChoiceField({
  choices,
  ...props
}: FieldProps & { readonly choices: readonly (readonly [value: string, words: string])[] }) {
  return (
    <Field {...props}>
      {(id, described) => (
        <select
          id={id}
          class="input"
          name={props.name}
          value={props.value}
          disabled={props.isDisabled}
          {...described}
          onChange={(event) => props.onInput(event.currentTarget.value)}
        >
          {choices.map(([value, words]) => (
            <option key={value} value={value}>
              {words}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** Yes or no. */
export function CheckField({
  label,
  name,
  isOn,
  onInput,
  hint,
}: {
  readonly label: string;
  readonly name: string;
  readonly isOn: boolean;
  readonly onInput: (isOn: boolean) => void;
  readonly hint?: ComponentChildren;
}) {
  const id = useId();
  return (
    <div class="field field-check">
      <input
        id={id}
        type="checkbox"
        name={name}
        checked={isOn}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={(event) => onInput(event.currentTarget.checked)}
      />
      <label for={id}>{label}</label>
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

function Field({
  label,
  hint,
  error,
  children,
}: FieldProps & {
  readonly children: (
    id: string,
    described: { readonly 'aria-describedby'?: string; readonly 'aria-invalid'?: 'true' },
  ) => ComponentChildren;
}) {
  const id = useId();
  const parts = [
    ...(hint === undefined ? [] : [`${id}-hint`]),
    ...(error === undefined ? [] : [`${id}-error`]),
  ];
  const described = {
    ...(parts.length === 0 ? {} : { 'aria-describedby': parts.join(' ') }),
    ...(error === undefined ? {} : { 'aria-invalid': 'true' as const }),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id, described)}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
      {error === undefined ? null : (
        <p id={`${id}-error`} class="field-error">
          {error}
        </p>
      )}
    </div>
  );
}
