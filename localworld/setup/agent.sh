#!/bin/sh
# Make bubblewrap available, within which agents run. Without it agents are refused, or run behind their rules alone: so it only says.
set -eu
say() { printf 'setup: %s\n' "$*" >&2; }
command -v bwrap >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  say "installing bubblewrap (apt)"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends bubblewrap >/dev/null && exit 0
fi
say "bubblewrap is missing, so agents with a model get no namespaces of their own here. Install it (Debian: apt-get install bubblewrap)."
