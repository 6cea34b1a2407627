#!/usr/bin/env bash
# Fails if code, a test or a page cites a heading of docs/spec that does not exist.
set -euo pipefail
cd "$(dirname "$0")/.."

# The anchors of a page, as GitHub makes them of its headings.
anchors() {
  sed -nE '/^```/,/^```/!s/^#{1,6} +(.*)$/\1/p' "$1" \
    | tr '[:upper:]' '[:lower:]' | sed -E 's/[^[:alnum:] _-]//g; s/ /-/g'
}

# Every citation, as FILE:LINE:PAGE#ANCHOR: the path from the root anywhere, links relative to it in docs/.
citations() {
  git grep --untracked -noE 'docs/spec/[A-Za-z0-9_-]+\.md(#[A-Za-z0-9_-]+)?' -- . ':!scripts/check-spec.sh'
  git grep --untracked -noE '\]\((\.\./)*(spec/)?[A-Za-z0-9_-]+\.md(#[A-Za-z0-9_-]+)?\)' -- docs/spec \
    | sed -E 's|\]\(([A-Za-z0-9_-]+\.md)|docs/spec/\1|; s|\)$||' | grep docs/spec/ | grep -v '](' || true
  git grep --untracked -noE '\]\((\.\./)*spec/[A-Za-z0-9_-]+\.md(#[A-Za-z0-9_-]+)?\)' -- docs \
    | sed -E 's|\]\((\.\./)*spec/|docs/spec/|; s|\)$||' || true
}

missing=$(citations | sort -u | while IFS=: read -r file line cited; do
  page=${cited%%#*}
  if [ ! -f "$page" ]; then
    printf '%s:%s: no page %s\n' "$file" "$line" "$page"
  elif [ "$cited" != "$page" ] && ! anchors "$page" | grep -qxF -- "${cited#*#}"; then
    printf '%s:%s: no heading #%s in %s\n' "$file" "$line" "${cited#*#}" "$page"
  fi
done)
if [ -n "$missing" ]; then
  printf '%s\n' "$missing" >&2
  exit 1
fi
