# What any POSIX shell does, with the common utilities.
set -u
count=0
while [ $count -lt 5 ]; do
  count=$((count + 1))
  case $count in
    1 | 2) echo "small $count" ;;
    [34]) echo "middle $count" ;;
    *) echo "large $count" ;;
  esac
done
greet() {
  local_name=${1:-nobody}
  echo "hello, $local_name"
  return $((${#local_name} % 256))
}
greet
greet world || echo "status $?"
for word in $(sort words | uniq); do
  printf '%s:%d ' "$word" ${#word}
done
echo
path=/usr/lib/file.tar.gz
echo "${path##*/} ${path%/*} ${path%%.*} ${path#*.}"
cat <<END
here: $count $((count * 7)) $(echo nested $(echo deeper))
END
cat <<'END'
literal: $count
END
trap 'echo "at the end: $?"' EXIT
trap 'echo "got USR1"' USR1
kill -USR1 $$
(
  trap 'echo "subshell ends"; exit 3' TERM
  kill -TERM "$(sh -c 'echo $PPID')"
  sleep 5
)
echo "subshell: $?"
sleep 0.05 &
first=$!
(exit 9) &
second=$!
wait $first
echo "first $?"
wait $second || echo "second $?"
i=0
while read -r line; do
  i=$((i + 1))
  [ $i -gt 3 ] && break
  echo "$i $line"
done <words
echo one >out
echo two >>out
cat out 2>&1 | tr a-z A-Z
ls no-such-file 2>/dev/null || echo "no such file"
set -- a 'b c' d
echo $# "$2"
shift
echo "$@" "$*"
IFS=:
set -- $(echo x:y:z)
echo $1 $3
exec 3<words
read -r word <&3
exec 3<&-
echo "$word"
false | true && echo "last of the pipe counts"
! true || echo "negated"
exit 7
