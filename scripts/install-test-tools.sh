#!/usr/bin/env bash
# Installs what the tests need beside npm's packages, where it is missing: PostgreSQL 15 (server and client programs),
# PgBouncer, Chromium. Debian and Ubuntu; elsewhere it says what to install. Does nothing when all is there.
set -euo pipefail

missing=()
find_server() { compgen -G "/usr/lib/postgresql/15/bin/postgres" >/dev/null || { command -v postgres >/dev/null && postgres --version | grep -q ' 15'; }; }
find_server || missing+=(postgresql-15)
PATH="$PATH:/usr/sbin" command -v pgbouncer >/dev/null || missing+=(pgbouncer)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)

if [ ${#missing[@]} -eq 0 ]; then
  echo "All test tools are here."
  exit 0
fi
echo "Missing: ${missing[*]}"
if ! command -v apt-get >/dev/null; then
  echo "There is no apt-get on this machine: install them with its own package manager." >&2
  exit 1
fi
sudo=()
if [ "$(id -u)" -ne 0 ]; then sudo=(sudo); fi
export DEBIAN_FRONTEND=noninteractive

# The packages must not start services of their own: the tests start servers on free ports.
if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
  "${sudo[@]}" mkdir -p /etc/postgresql-common
  echo 'create_main_cluster = false' | "${sudo[@]}" tee /etc/postgresql-common/createcluster.conf >/dev/null
fi
"${sudo[@]}" apt-get update -qq
"${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
