#!/usr/bin/env bash
# What the Action runs: corslint with the formats that its inputs ask for. The step's exit status is given as an output,
# so that the upload runs before the job fails.
set -uo pipefail

cd "${INPUT_WORKING_DIRECTORY:-.}" || exit 2

# Splits words as a shell does, quotes included, and expands nothing else.
words=()
split() {
  words=()
  local word
  while IFS= read -r -d '' word; do words+=("$word"); done < <(printf '%s' "$1" | xargs printf '%s\0' 2>/dev/null)
}

report=${INPUT_REPORT:-annotations}
arguments=(check)
case $report in
  annotations) arguments+=(--format github) ;;
  code-scanning) arguments+=(--format text --format "sarif=$INPUT_SARIF_FILE") ;;
  both) arguments+=(--format github --format "sarif=$INPUT_SARIF_FILE") ;;
  *) echo "::error title=corslint::report is \"$report\"; it must be annotations, code-scanning or both"; exit 2 ;;
esac
case ${INPUT_FAIL_ON:-error} in
  never) arguments+=(--exit-zero) ;;
  *) arguments+=(--fail-on "${INPUT_FAIL_ON:-error}") ;;
esac
split "${INPUT_ARGS:-}"
arguments+=(${words[@]+"${words[@]}"})
split "${INPUT_PATHS:-.}"
arguments+=(-- ${words[@]+"${words[@]}"})

"$CORSLINT" "${arguments[@]}"
status=$?

{
  echo "status=$status"
  case $report in
    code-scanning | both) [ -s "$INPUT_SARIF_FILE" ] && echo "sarif-file=${INPUT_WORKING_DIRECTORY:-.}/$INPUT_SARIF_FILE" ;;
  esac
} >>"${GITHUB_OUTPUT:-/dev/null}"
exit 0
