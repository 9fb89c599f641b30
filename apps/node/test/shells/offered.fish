# Prints what fish offers for each line.
source $HYPERMESH_SCRIPTS/hypermesh.fish
for line in $argv
    echo "LINE $line"
    complete -C "$line"
end
