#!/usr/bin/env bash
# Verifies a build on a machine that has neither Python nor the sources: bash verify.sh BUILD [BILL]
#
# BUILD is the folder qv-desktop or an archive of it; BILL is packaging/sbom.json of the sources that it should be made from. Compares
# every file with SHA256SUMS, looks for files that are not in it, compares the bill, then starts the program: --version, doctor, and
# ten seconds of the demo without a screen. Exit code 0 when all is as it should be; 1 with a sentence on standard error otherwise.
set -euo pipefail

fail() { printf '%s\n' "NOT VERIFIED. $*" >&2; exit 1; }
said() { printf '%s\n' "$*"; }

[ $# -ge 1 ] && [ $# -le 2 ] || fail "usage: bash verify.sh BUILD [BILL]"
build=$1 bill=${2:-}
if [ -n "$bill" ]; then
  [ -f "$bill" ] || fail "There is no $bill."
  bill=$(cd "$(dirname "$bill")" && pwd)/$(basename "$bill")
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/qv-verify.XXXXXX")
chmod 755 "$work"   # the database runs as an account of its own where root starts it
trap 'rm -rf "$work"' EXIT

if [ -f "$build" ]; then   # an archive
  mkdir "$work/unpacked"
  tar -xf "$build" -C "$work/unpacked" || fail "$build cannot be unpacked."
  build=$work/unpacked/qv-desktop
fi
[ -d "$build" ] || fail "There is no folder $build."
cd "$build"
[ -f SHA256SUMS ] || fail "There is no SHA256SUMS in $build."
if command -v sha256sum >/dev/null 2>&1; then sums="sha256sum"; else sums="shasum -a 256"; fi   # the second is of macOS

# 1. Every file is the one that was built, and there is no other.
$sums --check --strict SHA256SUMS > "$work/checked" 2>&1 || fail "These are other files than were built: $(grep -v ': OK$' "$work/checked" | head -5)"
find . -type f ! -path ./SHA256SUMS | sed 's|^\./||' | LC_ALL=C sort > "$work/there"
cut -c 67- SHA256SUMS | LC_ALL=C sort > "$work/named"
cmp -s "$work/there" "$work/named" || fail "These files do not belong to the build: $(LC_ALL=C comm -23 "$work/there" "$work/named" | head -5)"
outside=$(find . -type l -exec sh -c 'for link; do case "$(readlink "$link")" in /* | *../..*) printf "%s " "$link" ;; esac; done' sh {} +)
[ -z "$outside" ] || fail "These links lead out of the build: $outside"
said "$(wc -l < SHA256SUMS) files are as they were built."

# 2. What it is made of is what the sources' bill says.
grep -q '"bomFormat": "CycloneDX"' sbom.json || fail "sbom.json is no bill of materials in CycloneDX."
said "The bill of materials names $(grep -c '"type": "library"' sbom.json) packages."
if [ -n "$bill" ]; then
  cmp -s sbom.json "$bill" || fail "sbom.json is not the bill of the sources ($bill)."
  said "It is the sources' own."
fi

# 3. It starts, with nothing of Python's from outside and nobody's settings.
program=./qv-desktop
[ -f qv-desktop.exe ] && program=./qv-desktop.exe
run() { env -i PATH="$PATH" HOME="$work" TMPDIR="$work" LANG=C.UTF-8 QV_HOME="$work/home" QT_QPA_PLATFORM=offscreen ${SYSTEMROOT:+SYSTEMROOT="$SYSTEMROOT"} "$program" "$@"; }
mkdir "$work/home" && chmod 755 "$work/home"
run --version || fail "The program does not start."
run doctor > "$work/doctor" 2>&1 || fail "doctor: $(tail -3 "$work/doctor")"
run demo --headless --for 10 --out "$work/out" > "$work/demo" 2>&1 || fail "demo: $(tail -5 "$work/demo")"
grep -Eq '"audit_verified": *true' "$work/out/summary.json" || fail "The demo's audit trail does not verify."
grep -Eq '"breaks": *0' "$work/out/summary.json" || fail "The demo's books do not agree with its broker's."
said "The demo ran: $(grep -Eo '"(fills|ticks_stored|window_s)": *[0-9.]+' "$work/out/summary.json" | tr -d '"' | tr '\n' ' ')"

# 4. What it ran has changed nothing in it.
$sums --check --strict --quiet SHA256SUMS >/dev/null 2>&1 || fail "The program changed its own files."
said "VERIFIED."
