# Prints what bash offers for each line whose cursor is at its end; FILES and FOLDERS where it leaves that to readline.
. "$HYPERMESH_SCRIPTS/hypermesh.bash"
compopt() { [[ $2 == dirnames ]] && left=FOLDERS || left=FILES; }
for line in "$@"; do
  COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=() left=
  _hypermesh hypermesh
  echo "LINE $line"
  printf '%s\n' "${COMPREPLY[@]}" "$left"
done
