#!/usr/bin/env bash
# Prints the first section of CHANGELOG.md, without its heading: the notes of a release.
set -euo pipefail
awk '/^## / { if (section++) exit; next } section' "$(dirname "$0")/../CHANGELOG.md"
