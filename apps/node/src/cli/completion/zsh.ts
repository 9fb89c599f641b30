import {
  type Accepts,
  type Command,
  commonFlags,
  type Entry,
  type Flag,
  isGroup,
  type Positional,
} from '../command.ts';

/** A script for zsh: to be read by the shell, or put into a folder of `fpath` as `_hypermesh`. */
export function zshCompletion(tree: readonly Entry[]): string {
  const first = tree.filter((entry) => isGroup(entry) || entry.isHidden !== true);
  return `#compdef hypermesh
# zsh completion of hypermesh: source <(hypermesh completion zsh), after compinit

# Names that the running node knows.
_hypermesh_names() {
  local -a found
  local data=\${opt_args[--data]-}
  found=(\${(f)"$(hypermesh __complete $1 \${data:+--data} \${data:+\${(Q)~data}} 2> /dev/null)"})
  (( $#found )) && compadd -a found
}

_hypermesh() {
  local -A opt_args
  local -a commands
  if (( CURRENT == 2 )); then
    commands=(
${described(first, 6)}
    )
    _describe -t commands command commands
    return
  fi
  case $words[2] in
${first.map((entry) => entryCase(entry)).join('\n')}
  esac
}

if [[ $funcstack[1] == _hypermesh ]]; then
  _hypermesh "$@"
else
  compdef _hypermesh hypermesh
fi
`;
}

function described(entries: readonly Entry[], indent: number): string {
  return entries
    .map(({ name, summary }) => `${' '.repeat(indent)}${quoted(`${name}:${summary.replaceAll(':', '\\:')}`)}`)
    .join('\n');
}

function entryCase(entry: Entry): string {
  if (!isGroup(entry)) return `    ${entry.name})\n${argumentsOf(entry, 1, 6)}\n      ;;`;
  return `    ${entry.name})
      if (( CURRENT == 3 )); then
        commands=(
${described(entry.commands, 10)}
        )
        _describe -t commands command commands
        return
      fi
      case $words[3] in
${entry.commands.map((command) => `        ${command.name})\n${argumentsOf(command, 2, 10)}\n          ;;`).join('\n')}
      esac
      ;;`;
}

function argumentsOf(command: Command, words: number, indent: number): string {
  const space = ' '.repeat(indent);
  const specs = [
    ...[...command.flags, ...commonFlags].flatMap(flagSpecs),
    ...command.positionals.map(positionalSpec),
  ];
  const lines = specs.map((spec) => `${space}  ${quoted(spec)}`).join(' \\\n');
  return `${space}shift ${words} words; (( CURRENT -= ${words} ))\n${space}_arguments -S \\\n${lines}`;
}

function flagSpecs({ name, short, value, describe, accepts }: Flag): readonly string[] {
  const words = `[${escaped(describe)}]`;
  const takes = value === undefined ? '' : `:${escaped(value)}:${actionOf(accepts)}`;
  return [
    `--${name}${value === undefined ? '' : '='}${words}${takes}`,
    ...(short === undefined ? [] : [`-${short}${words}${takes}`]),
  ];
}

function positionalSpec({ name, required, many, accepts }: Positional, index: number): string {
  const place = many === true ? '*' : required ? `${index + 1}` : `${index + 1}:`;
  return `${place}:${escaped(name)}:${actionOf(accepts)}`;
}

function actionOf(accepts: Accepts | undefined): string {
  if (accepts === undefined || 'whole' in accepts) return ' ';
  if ('oneOf' in accepts) return `(${accepts.oneOf.join(' ')})`;
  if ('from' in accepts) return `{_hypermesh_names ${accepts.from}}`;
  return 'file' in accepts ? '_files' : '_files -/';
}

/** Text inside a specification of `_arguments`. */
function escaped(text: string): string {
  return text.replace(/[[\]:\\]/g, '\\$&');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
