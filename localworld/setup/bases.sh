#!/bin/sh
# Name what our images and compose's stand on, one NAME=IMAGE a line, as deployments/compose/.env wants them: by the digest that the
# registry gives now, so that the next build stands on the same bytes. Where no registry answers they are made here from Debian's
# packages, to try it all. What is set in the environment stays; `bases.sh BASE` names the
# first alone. Exit 3: one cannot be had, and it said why.
set -eu
cd "$(dirname "$0")/../.."

# name, image of the registry, image made here
base() {
  eval "given=\${$1:-}"
  if [ -n "$given" ]; then echo "$1=$given"; return; fi
  if timeout 120 docker pull -q "$2" >/dev/null 2>&1; then
    echo "$1=$(docker image inspect --format '{{index .RepoDigests 0}}' "$2")"; return
  fi
  docker image inspect "$3" >/dev/null 2>&1 || "make_$1" "$3"
  echo "$1=$3"
}
make_BASE() { localworld/setup/debootstrap.sh "$1" python3 python3-venv ca-certificates; }
make_REDIS_IMAGE() { docker build -q -t "$1" --build-arg BASE="$python" -f localworld/setup/redis.Dockerfile localworld/setup >/dev/null; }
make_POSTGRES_IMAGE() { docker build -q -t "$1" --build-arg BASE="$python" -f localworld/setup/postgres.Dockerfile localworld/setup >/dev/null; }

first=$(base BASE python:3.11-slim-bookworm healer-python-base:bookworm)
echo "$first"
[ "${1:-}" = BASE ] && exit 0
python=${first#BASE=}
base REDIS_IMAGE redis:7.4-bookworm healer-redis:bookworm
base POSTGRES_IMAGE postgres:16-bookworm healer-postgres:bookworm
