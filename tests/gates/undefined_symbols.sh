#!/bin/sh
# Compares what a static library (or one object in it) needs from outside with what it may need.
#
#   undefined_symbols.sh NM ALLOWED LIBRARY [MEMBER]
#
# ALLOWED has one symbol a line, as nm prints it (demangled with -C); "#" begins a comment, and a line
# may be a shell pattern. Symbols that the library itself defines are not counted when no MEMBER is
# given. Fails on any other symbol, and when there is nothing to look at.
set -eu

nm=$1 allowed=$2 library=$3 member=${4-}

# "archive:member: symbol type ..." a line; a member's name ends in .o.
symbols=$("$nm" -A -P -C "$library")
if [ -n "$member" ]; then
    symbols=$(printf '%s\n' "$symbols" | grep -F "[$member]:" || true)
fi
names() { printf '%s\n' "$symbols" | sed -E 's/^.*\]: //; s/ +$//' | sed -nE "s/^(.*) $1( [0-9a-f ]+)?\$/\\1/p"; }

defined=$(names '[TtWVDdBbRrC]' | sort -u)
undefined=$(names '[Uw]' | sort -u)
if [ -z "$defined" ]; then
    echo "$library${member:+($member)}: no symbols found: nothing was checked" >&2
    exit 1
fi

patterns=$(sed -E 's/[[:space:]]*#.*$//; /^[[:space:]]*$/d' "$allowed")

status=0
old_ifs=$IFS
IFS='
'
set -f
for symbol in $undefined; do
    if [ -z "$member" ] && printf '%s\n' "$defined" | grep -qxF -- "$symbol"; then
        continue
    fi
    found=no
    for pattern in $patterns; do
        # shellcheck disable=SC2254 # a pattern on purpose
        case $symbol in
            $pattern) found=yes; break ;;
        esac
    done
    if [ "$found" = no ]; then
        echo "$library${member:+($member)}: needs \"$symbol\", which $allowed does not allow" >&2
        status=1
    fi
done
IFS=$old_ifs
exit $status
