#!/usr/bin/env bash
# The package as a stranger gets it: packed, installed into an empty folder, run, imported with types; nothing in it that
# is not meant to be.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
fail() {
  echo "package: $*" >&2
  exit 1
}
# The build is done by now; prepare would only do it again.
tarball=$(npm pack --silent --ignore-scripts --pack-destination "$work" | tail -n 1)

# What is in it.
tar -tzf "$work/$tarball" | sed 's#^package/##' >"$work/files"
grep -vE '^(bin/|dist/|docs/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)' "$work/files" && fail "holds files that nobody needs"
for wanted in bin/ferrata.js dist/index.js dist/index.d.ts dist/cli/main.js dist/program/main.js README.md LICENSE CHANGELOG.md; do
  grep -qx "$wanted" "$work/files" || fail "lacks $wanted"
done
# A module whose source is gone stays in dist/ until somebody removes it.
while read -r module; do
  source="src/${module#dist/}"
  test -f "${source%.js}.ts" || fail "holds $module, which has no source: remove dist/ and build again"
done < <(grep -E '^dist/.*\.js$' "$work/files" | grep -v '^dist/program/')

mkdir "$work/app"
cd "$work/app"
npm init -y >/dev/null
npm pkg set type=module
npm install --no-audit --no-fund --silent "$work/$tarball"
test "$(npx ferrata --version)" = "$(node -p "require('$root/package.json').version")" || fail "--version is another"
npx ferrata init --no-color
npx ferrata servers >/dev/null
echo 'CREATE INDEX i ON t (a)' | npx ferrata assess - | grep -q index-create-blocking || fail "assess finds nothing"

# The library, with its types, as a strict program sees it.
cat >check.ts <<'TS'
import { assessSql, FerrataError } from 'ferrata';
const assessment = await assessSql('CREATE INDEX i ON t (a)');
const found: boolean = assessment.findings.some((finding) => finding.id === 'index-create-blocking');
if (!found) throw new FerrataError('internal', 'the library does not assess');
// @ts-expect-error a code that there is not
new FerrataError('no-such-code', 'x');
TS
# Of other packages' types only node's, as every program for node has them.
node "$root/node_modules/typescript/bin/tsc" --strict --target es2023 --module nodenext \
  --typeRoots "$root/node_modules/@types" --types node check.ts ||
  fail "its types do not hold by themselves"
node check.js
echo "package ok: $tarball, $(wc -l <"$work/files") files"
