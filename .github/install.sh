#!/usr/bin/env bash
# Puts the binary of the release that this source is into a directory. It prints "released" where that was done, and
# "source" where there is none to be had and the binary must be built. A wrong checksum is a failure.
#
#   install.sh DIRECTORY
set -euo pipefail
to=$1
root=$(cd "$(dirname "$0")/.." && pwd)

source_instead() {
  echo "corslint: $1; it is built from source" >&2
  echo source
  exit 0
}

version=$(bash "$root/packaging/version.sh")
[ -n "$version" ] || source_instead "this revision is no release"

system=$(uname -s)
case $system in
  Linux) system=linux ;;
  Darwin) system=darwin ;;
  MINGW* | MSYS* | CYGWIN*) system=windows ;;
  *) source_instead "no release is made for $system" ;;
esac
machine=$(uname -m)
case $machine in
  x86_64 | amd64) machine=amd64 ;;
  aarch64 | arm64) machine=arm64 ;;
  *) source_instead "no release is made for $machine" ;;
esac
archive=corslint_${version}_${system}_${machine}
if [ "$system" = windows ]; then archive+=.zip; else archive+=.tar.gz; fi

from=${CORSLINT_RELEASES:-https://github.com/corslint/corslint/releases/download}/v$version
download=$(mktemp -d)
trap 'rm -rf "$download"' EXIT
for name in checksums.txt "$archive"; do
  curl --fail --silent --show-error --location --retry 3 --max-time 120 --output "$download/$name" "$from/$name" ||
    source_instead "$from/$name cannot be downloaded"
done

cd "$download"
grep "  $archive\$" checksums.txt >expected || { echo "corslint: checksums.txt does not list $archive" >&2; exit 1; }
if command -v sha256sum >/dev/null; then sha256sum --check --status expected; else shasum -a 256 --check --status expected; fi ||
  { echo "corslint: the checksum of $archive is wrong" >&2; exit 1; }
mkdir -p "$to"
if [ "$system" = windows ]; then unzip -q -o "$archive" corslint.exe -d "$to"; else tar -xzf "$archive" -C "$to" corslint; fi
echo released
