# Round trips, and the same bytes in between; damaged and truncated files; pipes.
cp /tmp/data/text text; head -c 100000 /dev/zero > zero; : > empty
i=0; while [ $i -lt 20000 ]; do echo $((i * 2654435761 % 4294967296)); i=$((i + 1)); done > numbers
for f in text zero empty numbers; do
  for c in "gzip -1n" "gzip -9n" "xz -0 -T1" "xz -2 -T2" "xz --format=lzma -1" "zstd -1q" "zstd -12q" "zstd -3q -T2" "bzip2 -1" "bzip2 -9" "lz4 -1q" "lz4 -9q"; do
    $c -c < $f > packed && ${c%% *} -dc < packed | cmp - $f && echo "$f $c $(md5sum < packed)"
  done
done
for c in gzip xz zstd bzip2 lz4; do
  $c -c < text > packed; head -c 2000 packed > cut; $c -dc < cut 2>/dev/null | wc -c; echo "${PIPESTATUS[0]}"
  $c -t packed 2>/dev/null < packed; echo $?
  { head -c 1000 packed; echo damage; tail -c +1100 packed; } > bad; $c -dc < bad >/dev/null 2>&1; echo $?
done
gzip -k text && gzip -l text.gz && zcat text.gz | md5sum; xz -k text && xz --robot -l text.xz | grep -v name; zstd -q --rm zero && ls zero*
tar -c --sort=name --mtime=@0 --owner=0 --group=0 text numbers | tee >(xz -0 -T1 | md5sum >&2) | zstd -q | zstd -dq | tar -t
wait
