#!/bin/sh
# Fails if anybody but one file includes a library's headers, or that one does not.
#
#   only_includer.sh LIBRARY FILE TREE
set -eu

library=$1 file=$2
cd "$3"

found=$(grep -rlE --include='*.[ch]pp' "#include [<\"]$library/" src include)
if [ "$found" != "$file" ]; then
    printf '%s is to be included by %s alone, and is by:\n%s\n' "$library" "$file" "$found" >&2
    exit 1
fi
