# init, add, commit, branches, merge with a conflict, rebase, stash, log, blame, gc, fsck, clone and push, bundle, worktree.
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@example.org GIT_COMMITTER_NAME=C GIT_COMMITTER_EMAIL=c@example.org
export GIT_CONFIG_NOSYSTEM=1 GIT_PAGER=cat HOME=/tmp
date=1600000000
commit() { date=$((date + 60)); GIT_AUTHOR_DATE="$date +0000" GIT_COMMITTER_DATE="$date +0000" git commit -q "$@"; }
git config --global init.defaultBranch main; git config --global advice.detachedHead false; git config --global protocol.file.allow always
mkdir work && cd work && git init -q . && git status --short
for i in $(seq 1 30); do seq "$i" $((i * 20)) > "file$i"; mkdir -p "dir$((i % 4))"; echo "$i" > "dir$((i % 4))/f$i"; done
git add -A && commit -m first && git ls-files | wc -l
for i in $(seq 1 15); do sed -i "${i}s/.*/changed $i/" file2$((i % 10)); git add -u; commit -m "change $i"; done
git log --oneline | head -n 5; git log --stat -n 2 --format='%h %an %ad %s' --date=iso
git diff HEAD~3 | md5sum; git show HEAD:file21 | md5sum; git blame -s file21 | head -n 3
git checkout -q -b side HEAD~5 && echo side >> file1 && sed -i '1s/.*/here/' file2 && git add -u && commit -m side
git checkout -q main && sed -i '1s/.*/there/' file2 && git add -u && commit -m main
git merge side -m merged; echo "merge $?"; git status --short; git diff | tail -n 8
echo solved > file2; git add -u; commit -m merged; git log --graph --oneline -n 6
git checkout -q -b topic HEAD~2; echo topic > topic; git add topic; commit -m topic
GIT_COMMITTER_DATE="1700000000 +0000" git rebase -q main && git log --format='%h %p %s' -n 3
echo dirty >> file3; GIT_AUTHOR_DATE=@1700000000 GIT_COMMITTER_DATE=@1700000000 git stash -q && git status --short && git stash pop -q && git status --short; git checkout -q -- file3
git tag -a v1 -m one 2>/dev/null; git describe --always >/dev/null && git tag
git gc -q && git count-objects -v | grep -E 'packs|in-pack'; git fsck --full 2>/dev/null; echo "fsck $?"
cd .. && git clone -q --no-hardlinks work copy && git clone -q file:///tmp/work second && git clone -q --bare file:///tmp/work bare.git
git -C second log --oneline -n 1; git -C copy branch -a
cd second && git remote set-url origin /tmp/bare.git && echo new > new && git add new && commit -m new && git push -q origin HEAD:refs/heads/pushed; echo "push $?"
git -C ../bare.git log --oneline -n 1 pushed; git bundle create -q ../b HEAD && git ls-remote ../b; git worktree add -q ../tree HEAD~1 && git worktree list | wc -l
git grep -c 17 | head -n 4; git archive HEAD dir1 | tar -t | head -n 4; git rev-list --count --all; git cat-file --batch-check <<< 'HEAD^{tree}'
git bisect start -q HEAD HEAD~10 >/dev/null 2>&1; git bisect run sh -c '! grep -q "changed 9" file29' 2>&1 | grep 'first bad'
cd .. && git -C nowhere log 2>&1; echo $?
