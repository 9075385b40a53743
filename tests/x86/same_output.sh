#!/bin/sh
# same_output XARCH PROGRAM: runs the program natively and by xarch; fails if output or status differ.
native=$("$2" 2>&1; echo "status $?")
ours=$("$1" run "$2" 2>&1; echo "status $?")
[ "$native" = "$ours" ] && exit 0
printf 'natively:\n%s\nby xarch:\n%s\n' "$native" "$ours"
exit 1
