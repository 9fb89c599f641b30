import { type Accepts, type Command, commandsOf, commonFlags, type Entry, isGroup } from '../command.ts';

/** A script for fish: to be read by the shell, or put into its completions folder. */
export function fishCompletion(tree: readonly Entry[]): string {
  const first = tree.filter((entry) => isGroup(entry) || entry.isHidden !== true);
  return `# fish completion of hypermesh: hypermesh completion fish | source

# Names that the running node knows.
function __hypermesh_names
    set -l words (commandline -opc)
    set -l data
    for at in (seq (count $words))
        if test $words[$at] = --data; and test $at -lt (count $words)
            set data --data (string replace -r '^~' $HOME $words[(math $at + 1)])
        else if string match -q -- '--data=*' $words[$at]
            set data --data (string replace -r '^--data=' '' $words[$at])
        end
    end
    command $words[1] __complete $argv[1] $data 2>/dev/null
end

# Whether the words so far are exactly these.
function __hypermesh_after
    set -l words (commandline -opc)
    test "$words[2..]" = "$argv"
end

# Whether the words so far begin so.
function __hypermesh_at
    set -l words (commandline -opc)
    set -l most (math 1 + (count $argv))
    test (count $words) -ge $most; and test "$words[2..$most]" = "$argv"
end

# Whether argument NUMBER of a command comes next: NUMBER[+] FLAGS-WITH-VALUES WORDS...
function __hypermesh_argument
    __hypermesh_at $argv[3..]; or return
    set -l words (commandline -opc)
    set -l given 0
    set -l isValue 0
    for word in $words[(math (count $argv))..]
        if test $isValue = 1
            set isValue 0
        else if contains -- $word (string split -- ' ' $argv[2])
            set isValue 1
        else if not string match -q -- '-*' $word
            set given (math $given + 1)
        end
    end
    test $isValue = 0; or return
    if string match -q '*+' $argv[1]
        test $given -ge (string trim -rc + $argv[1])
    else
        test $given -eq $argv[1]
    end
end

complete -c hypermesh -f
${[
  ...first.map(({ name, summary }) => line({ when: '__hypermesh_after', words: name, describe: summary })),
  ...tree
    .filter(isGroup)
    .flatMap((group) =>
      group.commands.map(({ name, summary }) =>
        line({ when: `__hypermesh_after ${group.name}`, words: name, describe: summary }),
      ),
    ),
  ...commandsOf(tree).flatMap(({ path, command }) => commandLines(path, command)),
].join('\n')}
`;
}

function commandLines(path: string, command: Command): readonly string[] {
  const all = [...command.flags, ...commonFlags];
  const valued = all.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`);
  return [
    ...all.map(({ name, short, value, describe, accepts }) => {
      const names = `-l ${name}${short === undefined ? '' : ` -s ${short}`}`;
      const values = value === undefined ? '' : ` -r${valuesOf(accepts) || ' -f'}`;
      return `complete -c hypermesh -n '__hypermesh_at ${path}' ${names}${values} -d ${quoted(describe)}`;
    }),
    ...command.positionals.flatMap(({ name, many, accepts }, index) => {
      const values = valuesOf(accepts);
      const place = `${index}${many === true ? '+' : ''}`;
      const when = `__hypermesh_argument ${place} "${valued.join(' ')}" ${path}`;
      return values === '' ? [] : [`complete -c hypermesh -n '${when}'${values} -d ${quoted(name)}`];
    }),
  ];
}

function line(entry: { readonly when: string; readonly words: string; readonly describe: string }): string {
  return `complete -c hypermesh -n '${entry.when}' -a ${entry.words} -d ${quoted(entry.describe)}`;
}

function valuesOf(accepts: Accepts | undefined): string {
  if (accepts === undefined || 'whole' in accepts) return '';
  if ('oneOf' in accepts) return ` -f -a '${accepts.oneOf.join(' ')}'`;
  if ('from' in accepts) return ` -f -a '(__hypermesh_names ${accepts.from})'`;
  return 'file' in accepts ? ' -F' : " -f -a '(__fish_complete_directories (commandline -ct))'";
}

function quoted(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
