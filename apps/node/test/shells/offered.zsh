# Prints what zsh offers for each line: it completes at a prompt alone, so one is opened in a terminal of its own.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PROMPT= ; source ${0:h}/capture.zsh"
zpty -r shell part $'*READY*'
for line in "$@"; do
  zpty -w -n shell "$line"$'\t'
  zpty -r shell part $'*<END>*'
  print -r -- "LINE $line"
  print -r -- "${${${part##*<BEGIN>}%%<END>*}//$'\r'}"
  zpty -w -n shell $'\C-u'
done
zpty -d shell
