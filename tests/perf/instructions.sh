#!/usr/bin/env bash
# How many instructions fixed inputs take, and the ten functions with most: a number that a busy machine does not change.
#
#   tests/perf/instructions.sh            prints the counts, and what changed against instructions.txt
#   tests/perf/instructions.sh --record   writes them there, for a change that is meant
#
# Compared is what the code of `pql` itself takes, the crates in it included: from run to run that differs by at most 0.05 %, since tables
# have random seeds. What the C library takes (allocation, copies) differs by 0.2 % and from machine to machine. Counts depend on the compiler
# too, so the recorded ones are those of the version named there. Nothing fails here; a person reads it. Needs valgrind and python3.
set -euo pipefail
cd "$(dirname "$0")/../.."
for tool in valgrind callgrind_annotate python3; do
  command -v "$tool" >/dev/null || { echo "instructions: not counted, since there is no $tool; install valgrind and python3"; exit 0; }
done

cargo build --release --locked --quiet
target="$(cargo metadata --format-version 1 --no-deps --locked | python3 -c 'import json, sys; print(json.load(sys.stdin)["target_directory"])')"
work="$target/perf/instructions"
record=tests/perf/instructions.txt
mkdir -p "$work"
python3 tests/perf/gen_events.py --events 20000 --users 800 --accounts 80 >"$work/generated.ndjson"
: >"$work/counts"

# count NAME ARGUMENTS...: runs pql on one thread under callgrind, and prints what it came to.
count() {
  local name="$1" total own before change
  shift
  valgrind --quiet --tool=callgrind --callgrind-out-file="$work/$name.callgrind" "$target/release/pql" "$@" >"$work/$name.rows"
  # Lines of functions: count (share) file:function [object], the most first.
  callgrind_annotate --threshold=100 "$work/$name.callgrind" | sed -nE 's/^ *([0-9,]+) \( *([0-9.]+%)\) +(.*)$/\1 \2 \3/p' >"$work/$name.functions"
  total="$(awk '/PROGRAM TOTALS/ { gsub(",", "", $1); print $1 }' "$work/$name.functions")"
  own="$(awk '/\/pql\]$/ { gsub(",", "", $1); sum += $1 } END { printf "%d", sum }' "$work/$name.functions")"
  echo "$name $own" >>"$work/counts"
  before="$(awk -v name="$name" '$1 == name { print $2 }' "$record" 2>/dev/null || true)"
  change="$(awk -v now="$own" -v before="${before:-0}" 'BEGIN { if (before > 0) printf ", %+.2f %% against the %d of instructions.txt", (now / before - 1) * 100, before }')"
  echo "instructions: $name: $own in pql's own code$change; $total with the C library's"
  grep -v 'PROGRAM TOTALS' "$work/$name.functions" | awk 'NR <= 10 {
    count = $1; share = $2; $1 = $2 = ""; sub(/^ *[^ :]*:/, ""); sub(/ \[[^]]*\]$/, "")
    printf "  %14s %6s %s\n", count, share, substr($0, 1, 110) }'
}

count fixture score fixtures/events.ndjson --users fixtures/users.csv --accounts fixtures/accounts.csv -m scoring.example.toml \
  --as-of 2026-10-31 --level user --threads 1 --quiet
count generated score "$work/generated.ndjson" -m scoring.example.toml --as-of 2026-10-31 --level user --threads 1 --quiet
count check check scoring.example.toml

if [ "${1:-}" = --record ]; then
  { echo "# Instructions of instructions.sh, by its names. $(rustc --version), $(uname -m)."; cat "$work/counts"; } >"$record"
fi
