# Read by an interactive zsh: TAB prints what is offered between <BEGIN> and <END> instead of showing a menu.
unsetopt zle_bracketed_paste prompt_cr prompt_sp 2> /dev/null
autoload -Uz compinit && compinit -u -D
source $HYPERMESH_SCRIPTS/hypermesh.zsh
bindkey -e
bindkey '^I' complete-word
zstyle ':completion:*' insert-tab false
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits
  builtin compadd -O hits "$@"
  (( $#hits )) || return 1
  print -rl -- $hits
  builtin compadd "$@"
}
begin() { compprefuncs=( begin ); print -n -- '<BEGIN>' }
finish() { comppostfuncs=( finish ); print -- '<END>'; compstate[insert]= ; compstate[list]= }
compprefuncs=( begin )
comppostfuncs=( finish )
print READ''Y
