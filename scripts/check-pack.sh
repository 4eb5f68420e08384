#!/usr/bin/env bash
# The package as a stranger gets it: packed, installed into an empty folder, run, imported with types.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$root"
# The build is done by now; prepare would only do it again.
tarball=$(npm pack --silent --ignore-scripts --pack-destination "$work" | tail -n 1)
mkdir "$work/app"
cd "$work/app"
npm init -y >/dev/null
npm install --no-audit --no-fund --silent "$work/$tarball"
npx ferrata --version
npx ferrata init --no-color
cat > check.mjs <<'JS'
import { assessSql, FerrataError } from 'ferrata';
const assessment = await assessSql('CREATE INDEX i ON t (a)');
if (!assessment.findings.some((finding) => finding.id === 'index-create-blocking')) {
  throw new FerrataError('internal', 'the library does not assess');
}
JS
node check.mjs
test -f node_modules/ferrata/dist/index.d.ts
echo "package ok: $tarball"
