#!/usr/bin/env bash
# Writes the completions and manual pages that go into the archives of a release.
set -euo pipefail
cd "$(dirname "$0")/.."
to=packaging/extras

rm -rf "$to"
mkdir -p "$to/completions" "$to/man"
stamp="-X main.version=$(bash packaging/version.sh) -X main.commit=$(git rev-parse HEAD) -X main.date=$(git log -1 --format=%cI)"
CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags "$stamp" -o "$to/corslint" ./cmd/corslint
"$to/corslint" completion bash >"$to/completions/corslint.bash"
"$to/corslint" completion zsh >"$to/completions/_corslint" # the name that zsh looks for
"$to/corslint" completion fish >"$to/completions/corslint.fish"
"$to/corslint" completion powershell >"$to/completions/corslint.ps1"
"$to/corslint" man "$to/man"
rm "$to/corslint"
