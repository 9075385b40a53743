"""Debian's own tools in a Debian that was installed by them: apt, dpkg, users, logins. Nothing is fetched."""
import os
import re
import subprocess

import isolated

CONTROL = """Package: {name}
Version: {version}
Architecture: {arch}
Maintainer: Nobody <nobody@example.org>
Depends: {depends}
Description: a package for a test
"""

POSTINST = r"""#!/bin/sh
set -e
. /usr/share/debconf/confmodule
echo "postinst $1 ${2:-new} by $(id -un)" >&2
if [ "$1" = configure ]; then
  db_get xt/answer; echo "answer $RET" >&2
  getent passwd _xt >/dev/null || adduser --system --group --home /var/lib/xt --no-create-home --quiet _xt >&2
  install -d -o _xt -g _xt /var/lib/xt
  update-alternatives --install /usr/bin/xt xt /usr/lib/xt/first 10 >&2
  update-alternatives --install /usr/bin/xt xt /usr/lib/xt/second 20 >&2
  ldconfig
fi
"""

PRERM = "#!/bin/sh\nset -e\nupdate-alternatives --remove xt /usr/lib/xt/first\nupdate-alternatives --remove xt /usr/lib/xt/second\n"

POSTRM = r"""#!/usr/bin/perl
use strict;
print STDERR "postrm $ARGV[0] in perl\n";
if ($ARGV[0] eq 'purge') {
    system('deluser', '--system', '--quiet', '_xt') == 0 or die "deluser: $?";
    system('rm', '-rf', '/var/lib/xt');
}
"""

FILES = {
    "DEBIAN/postinst": POSTINST,
    "DEBIAN/prerm": PRERM,
    "DEBIAN/postrm": POSTRM,
    "DEBIAN/templates": "Template: xt/answer\nType: string\nDefault: forty-two\nDescription: an answer\n",
    "DEBIAN/triggers": "interest-noawait /usr/share/xt\n",
    "DEBIAN/conffiles": "/etc/xt.conf\n",
    "etc/xt.conf": "setting = 1\n",
    "usr/lib/xt/first": "#!/bin/sh\necho first\n",
    "usr/lib/xt/second": "#!/usr/bin/perl\nprint \"second by perl, \", `id -un`;\n",
    "usr/share/xt/data": "data\n",
}

SESSION = r"""
export DEBIAN_FRONTEND=noninteractive
cd /debs
echo '== install'; apt-get install -y -q ./xt_1_all.deb 2>&1 | grep -v -e '^Reading' -e '^Building' -e '^Get:' -e '^Need to get' -e '^After this' -e '^Preparing' -e '^(Reading' -e '^Note' -e ' newly installed'
dpkg -s xt | grep -e Status -e Version; dpkg -L xt | wc -l; xt
getent passwd _xt | cut -d: -f6,7; stat -c '%U %G %a' /var/lib/xt
echo '== a file of its own configuration'; echo 'setting = 2' > /etc/xt.conf
apt-get install -y -q ./xt_2_all.deb ./xt-user_1_all.deb > /tmp/log 2>&1; echo $?; grep -e '^postinst' -e '^Setting' -e 'Configuration' /tmp/log
cat /etc/xt.conf; ls /etc/xt.conf*
echo '== refused'; apt-get install -y -q ./xt-broken_1_all.deb 2>&1 | grep -e 'depends' -e '^E:'
dpkg -i xt-failing_1_all.deb 2>&1 | grep -v '^(Reading'; dpkg -s xt-failing | grep Status; dpkg --audit | head -n 1 | cut -c 1-40; dpkg -r xt-failing 2>&1 | tail -n 1
echo '== purge'; apt-get purge -y -q xt xt-user > /tmp/log 2>&1; echo $?; grep -e postrm -e '^Purging' /tmp/log; getent passwd _xt; ls /var/lib/xt /usr/bin/xt 2>&1
echo '== a repository'; cat > /etc/apt/sources.list <<END
deb [trusted=yes] file:/debs ./
END
apt-get update -q 2>&1 | grep -v -e '^Get' -e '^Fetched' -e '^Reading'; apt-cache policy xt | sed -n 1,3p; apt-get install -y -q xt-user >/tmp/log 2>&1; echo $?; dpkg -l 'xt*' | grep ^ii | tr -s ' ' | cut -d ' ' -f 2,3
ls -l /var/lib/apt/lists | grep -c _debs_
echo '== users'
adduser --quiet --disabled-password --gecos 'A B' anna; id anna; echo 'anna:secret' | chpasswd; useradd -r -M -s /usr/sbin/nologin svc; id -nG svc; addgroup --quiet helpers; adduser --quiet anna helpers; id -nG anna
passwd -S anna | cut -d ' ' -f 1,2; passwd -l anna; passwd -S anna | cut -d ' ' -f 1,2; usermod -aG sudo anna; chage -M 90 anna; chage -l anna | grep Maximum
echo '== su'
su anna -c 'id -un; id -u; cat /etc/shadow; touch /root/x; echo $HOME; readlink /proc/self/exe; grep ^Cap /proc/self/status; whoami; echo x > /tmp/by-anna'
stat -c %U /tmp/by-anna
su - anna -c 'pwd; echo $0 $SHELL $LOGNAME; shopt login_shell; umask; perl -e "print \$<, q( ), \$>, qq(\n)"'
echo 'echo "read by a login shell: $USER"' > /home/anna/.bash_profile; su -l anna -c true; bash -l -c 'echo $PATH'
echo 'exit 7' | su anna -s /bin/sh; echo $?
su svc 2>&1; echo $?
printf 'anna ALL=(ALL) NOPASSWD: ALL\n' > /etc/sudoers.d/anna; chmod 440 /etc/sudoers.d/anna; echo '127.0.0.1 localhost '$(hostname) > /etc/hosts
sudo -n -u anna sh -c 'id -un; echo $SUDO_USER'
setpriv --reuid=anna --regid=anna --init-groups --no-new-privs --bounding-set=-all sh -c 'id -nG; grep -e NoNewPrivs -e CapBnd /proc/self/status'
perl -e '$) = "1000 1000"; $( = 1000; $< = $> = 1000; print "$< $> $(\n"; eval { $> = 0 }; print "$>\n"; exec "id", "-u"'
echo '== others'
unshare -u sh -c 'hostname other; hostname'; unshare -n sh -c 'wc -l < /proc/net/dev'
chroot / /bin/sh -c 'cd /; pwd'; ldconfig -p | grep -c 'libc\.so\.6'
dpkg-reconfigure -f noninteractive tzdata 2>&1 | grep zone; date -d @0 +%Z
ls -l /proc/self/exe | sed 's/.*-> //'; ls -d /proc/self/task/* | wc -l; dpkg --verify; echo verified $?
find / -xdev -nouser | head; tar c /etc | tar t | wc -l | sed 's/[0-9]*/some/'
start-stop-daemon --start --background --make-pidfile --pidfile /run/d.pid --exec /bin/sleep -- 60; sleep 1; start-stop-daemon --stop --pidfile /run/d.pid --exec /bin/sleep --retry 5; echo $?
"""


def build(directory, name, version, depends, files):
    """A .deb in the directory."""
    tree = os.path.join(directory, "tree", name)
    all_files = dict(files)
    all_files["DEBIAN/control"] = CONTROL.format(name=name, version=version, arch="all", depends=depends)
    for path, text in all_files.items():
        full = os.path.join(tree, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "w") as f:
            f.write(text)
        os.chmod(full, 0o755 if text.startswith("#!") else 0o644)
    deb = os.path.join(directory, "debs", f"{name}_{version}_all.deb")
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", tree, deb], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["rm", "-rf", tree], check=True)


def repository(directory):
    debs = os.path.join(directory, "debs")
    os.mkdir(debs)
    build(directory, "xt", "1", "adduser, perl-base, debconf", FILES)
    newer = dict(FILES)
    newer["etc/xt.conf"] = "setting = 3\n"
    build(directory, "xt", "2", "adduser, perl-base, debconf", newer)
    build(directory, "xt-user", "1", "xt (>= 1)", {"usr/share/xt/more": "more\n"})
    build(directory, "xt-broken", "1", "no-such-package", {})
    build(directory, "xt-failing", "1", "dpkg", {"DEBIAN/postinst": "#!/bin/sh\necho 'it fails' >&2\nexit 3\n"})
    index = ""
    for deb in sorted(os.listdir(debs)):
        if deb.startswith("xt-failing") or deb.startswith("xt-broken"):
            continue
        path = os.path.join(debs, deb)
        fields = subprocess.run(["dpkg-deb", "-f", path], check=True, stdout=subprocess.PIPE, text=True).stdout
        digest = subprocess.run(["sha256sum", path], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[0]
        index += f"{fields}Filename: ./{deb}\nSize: {os.path.getsize(path)}\nSHA256: {digest}\n\n"
    with open(os.path.join(debs, "Packages"), "w") as f:
        f.write(index)
    os.chmod(debs, 0o755)


def packages(options, directory):
    """The session above in a bootstrapped arm64 Debian and in the same Debian natively: the same text."""
    if os.getuid() != 0:
        print("not root: files of several owners cannot be had; what needs none is in the other cases")
        return
    repository(directory)
    overlay = ('mount -t tmpfs none /mnt; mkdir /mnt/up /mnt/work /mnt/root; R=/mnt/root; '
               'mount -t overlay -o "lowerdir=$1,upperdir=/mnt/up,workdir=/mnt/work" overlay $R; '
               'mkdir $R/debs; cp "$2"/debs/* $R/debs; cp "$3" $R/xarch-run; shift 3; mount -t proc proc $R/proc; '
               'for d in null zero random urandom tty; do [ -e $R/dev/$d ] || touch $R/dev/$d; mount --bind /dev/$d $R/dev/$d; done; '
               'exec env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 chroot $R "$@"')
    out = {}
    for arch, start in (("amd64", ()), ("arm64", ("/xarch-run",))):
        root = os.path.join(options.roots, "debian-" + arch)
        status, text = isolated.run(overlay, root, directory, options.run, *start, "/bin/bash", "-c", SESSION, timeout=500)
        # Processor and library names.
        text = re.sub(r"x86_64|aarch64", "MACHINE", re.sub(r"amd64|arm64", "ARCH", text))
        out[arch] = f"{text}status {status}\n"
    print(out["arm64"])
    if out["arm64"] != out["amd64"]:
        import difflib
        raise isolated.Failure("".join(difflib.unified_diff(out["amd64"].splitlines(True), out["arm64"].splitlines(True), "natively", "xarch")))
