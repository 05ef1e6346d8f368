#!/usr/bin/env bash
# Prints the version that this source is released as: that of the first section of CHANGELOG.md. It prints nothing where
# that is "Unreleased": then there is no binary to download, and everybody builds from source. The changelog decides and
# not a tag, because those who need it (a hook's shallow clone, an Action pinned to a commit) do not see tags.
set -euo pipefail
sed -n '/^## /{s/^## \([0-9][0-9A-Za-z.-]*\).*/\1/p;q;}' "$(dirname "$0")/../CHANGELOG.md"
