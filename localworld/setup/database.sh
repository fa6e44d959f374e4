#!/bin/sh
# Make PostgreSQL available, on which Prefect's server stands under load. Without it the load runs on SQLite, and says so.
set -eu
say() { printf 'setup: %s\n' "$*" >&2; }
{ command -v initdb || ls /usr/lib/postgresql/*/bin/initdb; } >/dev/null 2>&1 && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  say "installing postgresql (apt)"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >/dev/null && exit 0
fi
say "PostgreSQL is missing, so the Prefect server keeps SQLite here. Install it (Debian: apt-get install postgresql)."
