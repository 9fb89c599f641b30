import { Icon, type IconName } from '../parts/icon.tsx';
import { type Theme, theme } from './theme.ts';

const choices: readonly (readonly [Theme, string, IconName])[] = [
  ['system', 'As the machine is set', 'machine'],
  ['light', 'Light', 'sun'],
  ['dark', 'Dark', 'moon'],
];

/** Light, dark, or as the machine is set. */
export function ThemeSwitch() {
  return (
    <fieldset class="switch">
      <legend class="visually-hidden">Colours</legend>
      {choices.map(([value, words, icon]) => (
        <button
          key={value}
          type="button"
          class="icon-button"
          aria-pressed={theme.value === value}
          aria-label={words}
          title={words}
          onClick={() => {
            theme.value = value;
          }}
        >
          <Icon name={icon} />
        </button>
      ))}
    </fieldset>
  );
}
