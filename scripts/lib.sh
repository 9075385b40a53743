# shellcheck shell=bash
# What the scripts share. Sourced, after `set -euo pipefail`; leaves the shell in the repository's root.

script=$(realpath "$0") # however it was called
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

# Prints its arguments as a heading that is easy to find in a long log.
heading() {
  printf '\n=== %s (%(%H:%M:%S)T)\n' "$*" -1
}

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

# no_arguments ARGUMENT…: of a script that takes none, --help prints what stands at its beginning.
no_arguments() {
  case ${1:-} in
    '') ;;
    -h | --help)
      sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$script"
      exit 0
      ;;
    *) fail "it takes no arguments; --help tells what it does" ;;
  esac
}

# Makes build/, or says in one line why it cannot be written.
make_build() {
  mkdir -p build 2>/dev/null && [ -w build ] || fail "cannot write into $PWD/build; clone into a directory of your own"
}

# free_mb DIR: the megabytes that are free there.
free_mb() {
  df -Pm "$1" | awk 'NR == 2 {print $4}'
}

# install_packages PURPOSE…: the packages that scripts/packages lists for these purposes, those that are missing.
# Changes nothing, and needs neither network nor rights, when none is.
install_packages() {
  local purpose names missing=() name as_root=()
  names=$(for purpose in "$@"; do sed -n "s/^$purpose: //p" scripts/packages; done)
  for name in $names; do
    dpkg-query -W -f '${db:Status-Abbrev}' "$name" 2>/dev/null | grep -q '^ii' || missing+=("$name")
  done
  [ ${#missing[@]} != 0 ] || return 0
  echo "installing ${missing[*]}"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || fail "missing packages, and neither root nor sudo to install them: ${missing[*]}"
    as_root=(sudo)
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q update >/dev/null ||
    fail "apt-get update failed (no network?); needed: ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dpkg::Use-Pty=0 install --no-install-recommends \
    "${missing[@]}" >/dev/null || fail "apt-get could not install: ${missing[*]}"
}

# configure PRESET [CMAKE-OPTION…]: GCC 12 unless the preset, or the user with CC and CXX, says otherwise.
configure() {
  local preset=$1
  shift
  CC=${CC:-gcc-12} CXX=${CXX:-g++-12} cmake --preset "$preset" "$@" >"build/$preset.log" 2>&1 || {
    cat "build/$preset.log" >&2
    fail "configuring build/$preset failed"
  }
}
