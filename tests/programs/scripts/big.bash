# A long bash script: what real scripts use, with output that is the same on every machine.
set -u
section() {
  printf '\n== %s\n' "$*"
}

section expansion
path=/usr/local/lib/libfoo.so.1.2
echo "${path##*/}" "${path%.*}" "${path/lib/LIB}" "${path//lib/LIB}" "${path:5:5}" "${#path}"
unset nothing
echo "${nothing:-default}" "${nothing:+set}" "${path:+set}"
name=path
echo "${!name}"
word=hello
echo "${word^}" "${word^^}" "${word:1:3}" "${word: -2}"
echo {a,b}{1..3} {10..0..-5}
echo $((2 ** 10)) $((0x1f & 7)) $((17 % 5)) $((-7 / 2)) $((1 << 40)) $((16#ff))
((x = 5, y = x * 3))
echo "$x $y" $((x > 3 ? 1 : 0))
printf '%q ' 'a b' "it's" $'tab\there'
echo
printf -v padded '%08.3f|%-6s|%+d' 3.14159 ab 7
echo "$padded"

section arrays
list=(zero one two 'three four')
list+=(five)
echo "${#list[@]}" "${list[3]}" "${list[@]:1:2}" "${!list[@]}"
unset 'list[1]'
echo "${!list[@]}"
for item in "${list[@]}"; do
  echo "<$item>"
done
declare -A ages=([ann]=31 [bob]=42)
ages[cid]=27
for who in $(printf '%s\n' "${!ages[@]}" | sort); do
  echo "$who ${ages[$who]}"
done
mapfile -t lines <words
echo "${#lines[@]} ${lines[2]}"
IFS=, read -r first second rest <<<'a,b,c,d'
echo "$first|$second|$rest"
matrix=()
for ((i = 0; i < 5; i++)); do
  for ((j = 0; j < 5; j++)); do
    matrix[i * 5 + j]=$((i * j))
  done
done
echo "${matrix[*]}"

section functions
factorial() {
  local n=$1
  if ((n <= 1)); then
    echo 1
  else
    echo $((n * $(factorial $((n - 1)))))
  fi
}
factorial 10
by_reference() {
  local -n target=$1
  target+=(added)
}
by_reference list
echo "${list[-1]}"
depth() {
  if (($1 == 0)); then
    echo "${#FUNCNAME[@]}"
  else
    depth $(($1 - 1))
  fi
}
depth 50
fib() {
  local a=0 b=1 t i
  for ((i = 0; i < $1; i++)); do
    t=$((a + b))
    a=$b
    b=$t
  done
  echo $a
}
fib 80

section tests
[[ abcdef == abc* ]] && echo glob
[[ abc123 =~ ^([a-z]+)([0-9]+)$ ]] && echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
[[ -f words && ! -d words && -L link && -s text ]] && echo files
[[ 10 -gt 9 && 10 < 9 ]] && echo 'number and string order'
if test -e no-such-file -o -e words; then echo either; fi
case abc.tar.gz in
  *.zip) echo zip ;;
  *.tar.*) echo tar ;;&
  *.gz) echo gz ;;
esac
shopt -s extglob nullglob
echo @(words|text) !(*[a-m]*)
echo no-match-*
shopt -u nullglob
select_count=0
until ((select_count >= 3)); do
  ((select_count++))
done
echo $select_count

section pipes
seq 1 100 | while read -r n; do
  ((n % 7 == 0)) && echo "$n"
done | tr '\n' ' '
echo
printf '%s\n' c a b | sort | tee sorted | wc -l
cat sorted
false | true | false
echo "${PIPESTATUS[@]}"
set -o pipefail
false | true
echo $?
set +o pipefail
shopt -s lastpipe
echo kept | read -r variable
echo "${variable:-lost}"
for i in 1 2 3 4 5 6 7 8; do
  echo $i
done | (
  read -r first
  cat >/dev/null
  echo "first $first"
)
yes | head -n 3
seq 100000 | tail -n 1
{ echo out; echo err >&2; } 2>&1 | sort
cat words | cat | cat | cat | cat | md5sum

section redirections
exec 5>collected
echo first >&5
echo second >&5
exec 5>&-
cat collected
exec 6<words
read -r a <&6
read -r b <&6
exec 6<&-
echo "$a $b"
echo replaced >|collected
{ echo grouped; } >>collected
wc -l <collected
ls no-such-file >out 2>&1
wc -l <out
cat <<END
expanded: $x $(echo command) ${#list[@]}
END
cat <<-'END'
	literal: $x `no`
	END
cat <<<"here string $y"
while read -r left right; do
  echo "$right-$left"
done <<END
1 one
2 two
END

section processes
diff <(sort words) <(sort -u words)
paste -d: <(seq 3) <(seq 4 6)
echo "written through a process" > >(tr a-z A-Z >upper)
wait $!
cat upper
coproc echoer { while read -r line; do echo "echo: $line"; done; }
echo hi >&"${echoer[1]}"
coproc_pid=$echoer_PID
read -r answer <&"${echoer[0]}"
echo "$answer"
eval "exec ${echoer[1]}>&-"
wait "$coproc_pid" 2>/dev/null
echo "coproc $?"

section jobs
for i in 3 1 2; do
  (sleep 0.$((i * 3)); exit $i) &
done
for i in 1 2 3; do
  wait -n
  echo "ended with $?"
done
sleep 0.05 &
wait $!
echo "waited $?"
# Jobs that are asked for by number must still run by then, on a busy machine, too.
(sleep 0.5; exit 77) &
wait %%  2>/dev/null || echo "job $?"
sleep 20 &
victim=$!
kill -TERM $victim
wait $victim 2>/dev/null
echo "terminated $?"
sleep 20 &
victim=$!
kill -STOP $victim
kill -CONT $victim
kill -KILL $victim
wait $victim 2>/dev/null
echo "killed $?"
set -m
sleep 1 &
jobs -r | wc -l
fg %1 >/dev/null
echo "foreground $?"
(sleep 0.01; exit 5) &
wait
set +m
wait
jobs | wc -l

section traps
trap 'echo "USR1 caught"' USR1
kill -USR1 $$
for i in 1 2 3; do
  kill -USR1 $$
done
trap 'echo "USR2 in $FUNCNAME"' USR2
in_function() {
  kill -USR2 $$
  echo 'function goes on'
}
in_function
trap '' HUP
kill -HUP $$
echo 'HUP ignored'
trap - HUP
(
  trap 'echo "subshell exit $?"' EXIT
  exit 4
)
echo "status $?"
count_debug=0
trap '((count_debug++))' DEBUG
:
:
trap - DEBUG
echo "debug $((count_debug > 0))"
set -E
trap 'echo "error in line: $?"' ERR
false
trap - ERR
bash -c 'trap "echo TERM; exit 9" TERM; kill -TERM $$; sleep 1'
echo "child $?"
{ bash -c 'kill -SEGV $$'; } 2>/dev/null
echo "segv $?"
(sleep 0.1; kill -USR1 $$) &
sleep 0.3
wait

section forks
n=0
for ((i = 0; i < 500; i++)); do
  (exit $((i % 5))) || ((n++))
done
echo "$n of 500"
total=0
for i in {1..60}; do
  v=$(echo $i)
  total=$((total + v))
done
echo $total
for i in {1..30}; do
  /usr/bin/true
done
pids=()
for i in {1..20}; do
  (exit $i) &
  pids+=($!)
done
sum=0
for p in "${pids[@]}"; do
  wait "$p"
  sum=$((sum + $?))
done
echo "$sum"
deep=$(echo $(echo $(echo $(echo $(echo deep)))))
echo "$deep"

section text
awk_sum=$(mawk '{s += $3} END {print s}' table)
echo "$awk_sum"
sed -n 's/line \([0-9]*\).*number \([0-9]*\)/\1=\2/p' text | tail -n 2
grep -c quick text
sort words | uniq -c | sort -k1,1nr -k2 | head -n 3
find dir -type f | sort | xargs cat | wc -c
tar -cf - words text 2>/dev/null | tar -tf -
gzip -nc text | gzip -dc | cmp - text && echo same
head -c 1000 binary | od -A n -t u1 | mawk '{for (i = 1; i <= NF; i++) s += $i} END {print s}'

section strings
s=
for ((i = 0; i < 300; i++)); do
  s+=$((i % 10))
done
echo "${#s} ${s:295}"
reversed=
for ((i = ${#word} - 1; i >= 0; i--)); do
  reversed+=${word:i:1}
done
echo "$reversed"
sieve=()
for ((i = 2; i < 200; i++)); do
  if [[ -z ${sieve[i]:-} ]]; then
    printf '%d ' $i
    for ((j = i * i; j < 200; j += i)); do
      sieve[j]=1
    done
  fi
done
echo
text=$(<text)
echo "${#text}"
echo "${text//[^0-9]/}" | md5sum
printf '%s\n' "${path//\// }" | (read -ra parts; echo "${#parts[@]}")
getopts_demo() {
  local OPTIND=1 option
  while getopts ab:c option "$@"; do
    echo "option $option ${OPTARG:-}"
  done
  shift $((OPTIND - 1))
  echo "rest $*"
}
getopts_demo -a -b value -c one two

section limits
(
  ulimit -n 64
  ulimit -n
)
(
  ulimit -S -c 0
  ulimit -c
)
umask 027
touch masked
stat -c %a masked
umask 022
cd dir/sub || exit 1
pwd | sed 's|.*/dir|dir|'
cd - >/dev/null || exit 1
pushd dir >/dev/null && popd >/dev/null && echo 'stack of directories'
exec 2>/dev/null
no-such-command-here
echo "missing $?"
./words
echo "not executable $?"
trap 'echo "last words: $?"' EXIT
exit 42
