#!/bin/sh
# Fails if a static library needs from outside what it must not need.
#
#   forbidden_symbols.sh NM FORBIDDEN LIBRARY [EXCEPT]
#
# FORBIDDEN is an extended regular expression of whole symbols; the member EXCEPT is not looked at.
set -eu

nm=$1 forbidden=$2 library=$3 except=${4-}

needed=$("$nm" -A -P -u "$library")
if [ -n "$except" ]; then
    needed=$(printf '%s\n' "$needed" | grep -vF "[$except]:")
fi
if [ -z "$needed" ]; then
    echo "$library: needs nothing: nothing was checked" >&2
    exit 1
fi
if printf '%s\n' "$needed" | grep -E "\]: ($forbidden) [Uw]"; then
    echo "$library: needs what it must not" >&2
    exit 1
fi
