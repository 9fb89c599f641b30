import { type Accepts, type Command, commandsOf, commonFlags, type Entry, isGroup } from '../command.ts';

/** A script for bash 4 or newer, to be read by the shell: words and flags come from the tree, names from the running node. */
export function bashCompletion(tree: readonly Entry[]): string {
  const first = tree.filter((entry) => isGroup(entry) || entry.isHidden !== true).map(({ name }) => name);
  const groups = tree.filter(isGroup);
  return `# bash completion of hypermesh: . <(hypermesh completion bash)

# Offers what begins as the word does; readline takes the part behind its last word break.
_hypermesh_offer() {
  local word tail=$cur
  [[ $COMP_WORDBREAKS == *:* ]] && tail=\${tail##*:}
  [[ $COMP_WORDBREAKS == *=* ]] && tail=\${tail##*=}
  [[ $COMP_WORDBREAKS == *@* ]] && tail=\${tail##*@}
  local head=\${cur%"$tail"}
  while IFS= read -r word; do
    [[ -n $word && $word == "$cur"* ]] && COMPREPLY+=("$(printf %q "\${word#"$head"}")")
  done
}

# Prints the values of one kind: one=A,B or from=LIST.
_hypermesh_values() {
  case $1 in
    one=*) tr , '\\n' <<< "\${1#one=}" ;;
    from=*) "\${words[0]}" __complete "\${1#from=}" \${data:+--data "$data"} 2> /dev/null ;;
  esac
}

# Offers values of one kind; files are left to readline, which knows tildes and quotes.
_hypermesh_kind() {
  case $1 in
    file) compopt -o default ;;
    folder) compopt -o dirnames ;;
    *) _hypermesh_offer < <(_hypermesh_values "$1") ;;
  esac
}

_hypermesh() {
  local IFS=$' \\t\\n' line=\${COMP_LINE:0:COMP_POINT} cur path data= flags= values= arguments= kind= word
  local -a words kinds
  local at position=0 last
  COMPREPLY=()
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  last=$((\${#words[@]} - 1))
  cur=\${words[last]}
  if ((last <= 1)); then
    _hypermesh_offer <<< '${first.join('\n')}'
    return
  fi
  path=\${words[1]}
  at=2
  case $path in
${groups
  .map(({ name, commands }) => {
    const names = commands.map((command) => command.name).join('\n');
    return `    ${name})
      if ((last == 2)); then
        _hypermesh_offer <<< '${names}'
        return
      fi
      path="$path \${words[2]}"
      at=3
      ;;`;
  })
  .join('\n')}
  esac
  # What the command takes: its flags, the kinds of their values, and the kinds of its arguments.
  case $path in
${commandsOf(tree)
  .map(({ path, command }) => commandCase(path, command))
  .join('\n')}
    *) return ;;
  esac
  for (( ; at < last; at++)); do
    word=\${words[at]}
    if [[ $word == --*=* ]]; then
      [[ $word == --data=* ]] && data=\${word#--data=}
    elif [[ $word == -* ]]; then
      if [[ " $values " == *" $word:"* ]]; then
        if ((at + 1 == last)); then
          kind=\${values#*"$word:"}
          kind=\${kind%% *}
          break
        fi
        at=$((at + 1))
        [[ $word == --data ]] && data=\${words[at]}
      fi
    else
      position=$((position + 1))
    fi
  done
  data=\${data/#\\~/$HOME}
  if [[ -z $kind && $cur == --*=* ]]; then
    word=\${cur%%=*}
    [[ " $values " == *" $word:"* ]] || return
    kind=\${values#*"$word:"}
    kind=\${kind%% *}
    cur=\${cur#*=}
  fi
  if [[ -n $kind ]]; then
    _hypermesh_kind "$kind"
  elif [[ $cur == -* ]]; then
    _hypermesh_offer <<< "\${flags// /$'\\n'}"
  else
    read -ra kinds <<< "$arguments"
    ((\${#kinds[@]} > 0 && position >= \${#kinds[@]})) && [[ \${kinds[-1]} == *+ ]] && position=$((\${#kinds[@]} - 1))
    kind=\${kinds[position]-}
    kind=\${kind%+}
    _hypermesh_kind "$kind"
  fi
}
complete -F _hypermesh hypermesh
`;
}

function commandCase(path: string, command: Command): string {
  const all = [...command.flags, ...commonFlags];
  const flags = all.map(({ name }) => `--${name}`).join(' ');
  const values = all
    .filter(({ value }) => value !== undefined)
    .map(({ name, accepts }) => `--${name}:${kindOf(accepts)}`)
    .join(' ');
  const kinds = command.positionals
    .map(({ accepts, many }) => `${kindOf(accepts)}${many === true ? '+' : ''}`)
    .join(' ');
  return `    '${path}')
      flags='${flags}'
      values='${values}'
      arguments='${kinds}'
      ;;`;
}

function kindOf(accepts: Accepts | undefined): string {
  if (accepts === undefined || 'whole' in accepts) return 'any';
  if ('oneOf' in accepts) return `one=${accepts.oneOf.join(',')}`;
  if ('from' in accepts) return `from=${accepts.from}`;
  return 'file' in accepts ? 'file' : 'folder';
}
