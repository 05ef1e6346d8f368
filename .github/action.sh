#!/usr/bin/env bash
# What the Action runs: corslint with the formats that its inputs ask for. The step's exit status is given as an output,
# so that the upload runs before the job fails.
set -uo pipefail

cd "${INPUT_WORKING_DIRECTORY:-.}" || exit 2

fail() {
  echo "::error title=corslint::$1"
  exit 2
}

notice() { echo "::notice title=corslint::$1"; }

# Splits words as a shell does, quotes included, and expands nothing else.
words=()
split() {
  words=()
  local word
  while IFS= read -r -d '' word; do words+=("$word"); done < <(printf '%s' "$1" | xargs printf '%s\0' 2>/dev/null)
}

# Prints the commit that a pull request is compared with. A checkout usually has one commit only, so that what is missing is
# fetched; where that fails it prints nothing.
merge_base() {
  local more first=()
  # GitHub's own merge of both sides: its first parent is the base branch as it is, and what it brings in is the request.
  if [[ ${GITHUB_REF:-} == refs/pull/*/merge ]] && [ "$(git rev-parse HEAD)" = "${GITHUB_SHA:-}" ]; then
    git rev-parse --quiet --verify 'HEAD^1^{commit}' && return
    git fetch --quiet --no-tags --deepen=1 origin "$GITHUB_SHA" && git rev-parse --quiet --verify 'HEAD^1^{commit}' && return
  fi
  if shallow; then first=(--depth=1); fi # in a whole clone it would cut the history off
  git cat-file -e "$INPUT_BASE^{commit}" || git fetch --quiet --no-tags ${first[@]+"${first[@]}"} origin "$INPUT_BASE"
  git merge-base HEAD "$INPUT_BASE" && return
  for more in 32 256 2048; do
    shallow || return
    git fetch --quiet --no-tags --deepen="$more" origin "$INPUT_BASE" "$(git rev-parse HEAD)" || return
    git merge-base HEAD "$INPUT_BASE" && return
  done
}

shallow() { [ "$(git rev-parse --is-shallow-repository)" = true ]; }

# since is what findings have to be new to; empty: all are reported.
since=
case ${INPUT_SINCE:-merge-base} in
  all) ;;
  merge-base)
    if [ -n "${INPUT_BASE:-}" ]; then
      since=$(merge_base 2>/dev/null | head -n 1)
      [ -n "$since" ] || notice "The commit that this branch left is not known, so that all findings are reported and not only new ones. Give actions/checkout fetch-depth: 0."
    fi
    ;;
  *) since=$INPUT_SINCE ;;
esac

# Whether code scanning will take a report, as far as that can be known before: nothing says what a token may write, but one
# without security-events may not read what there is either, and that of a fork or of Dependabot reads only.
# https://docs.github.com/rest/code-scanning/code-scanning#list-code-scanning-analyses-for-a-repository
uploads() {
  [ "${INPUT_READ_ONLY:-false}" = false ] && [ -n "${INPUT_TOKEN:-}" ] || return
  local answer
  answer=$(curl --silent --max-time 20 --write-out '\n%{http_code}' --header @- \
    "${GITHUB_API_URL:-https://api.github.com}/repos/${GITHUB_REPOSITORY:-}/code-scanning/analyses?per_page=1" \
    <<<"Authorization: Bearer $INPUT_TOKEN") || return
  case ${answer##*$'\n'} in
    200) ;;
    404) [[ $answer == *"no analysis found"* ]] ;;
    *) return 1 ;;
  esac
}

report=${INPUT_REPORT:-auto}
sarif=${INPUT_SARIF_FILE:-corslint.sarif}
if [ "$report" = auto ]; then
  if uploads; then report=code-scanning; else report=annotations; fi
fi
refused= # what to print if the upload is
case $report in
  annotations | both) formats=(--format github) ;;
  code-scanning)
    refused=$(mktemp)
    formats=(--format text --format "github=$refused")
    ;;
  *) fail "report is \"$report\"; it must be auto, annotations, code-scanning or both" ;;
esac
case ${INPUT_FAIL_ON:-error} in
  never) judged=(--exit-zero) ;;
  *) judged=(--fail-on "${INPUT_FAIL_ON:-error}") ;;
esac
split "${INPUT_ARGS:-}"
arguments=(${words[@]+"${words[@]}"})
split "${INPUT_PATHS:-.}"
paths=(${words[@]+"${words[@]}"})

check() { "$CORSLINT" check "$@" ${arguments[@]+"${arguments[@]}"} -- ${paths[@]+"${paths[@]}"}; }

# Code scanning compares by itself, and closes an alert that it is not told of again: it gets all findings, in a run of its
# own where only new ones are shown.
if [ "$report" != annotations ] && [ -z "$since" ]; then formats+=(--format "sarif=$sarif"); fi
check "${formats[@]}" "${judged[@]}" ${since:+--since "$since"}
status=$?
if [ "$report" != annotations ] && [ -n "$since" ] && [ "$status" -lt 2 ]; then
  check --format "sarif=$sarif" --exit-zero >/dev/null || status=$?
fi

{
  echo "status=$status"
  if [ "$report" != annotations ] && [ -s "$sarif" ]; then
    echo "sarif-file=${INPUT_WORKING_DIRECTORY:-.}/$sarif"
    echo "annotations=$refused"
  fi
} >>"${GITHUB_OUTPUT:-/dev/null}"
exit 0
