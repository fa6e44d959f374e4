#!/bin/sh
# Make a Docker engine and the Ruby base image available. Uses what runs; starts at most one engine; never a second one,
# because a second dockerd deletes the first one's bridge. Exit 0: both are there. Exit 3: not, and it said why.
set -eu
cd "$(dirname "$0")/../.."
image=${HEALER_BASE_IMAGE:-healer-ruby-base:bookworm}
say() { printf 'setup: %s\n' "$*" >&2; }
lacking() { say "$*"; exit 3; }
may_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }
install() { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null; }

start_engine() {
  if [ -d /run/systemd/system ]; then systemctl start docker; return; fi
  mountpoint -q /sys/fs/cgroup || [ -e /sys/fs/cgroup/cgroup.controllers ] || cgroupfs-mount
  setsid nohup dockerd --host unix:///var/run/docker.sock >/var/log/dockerd.log 2>&1 </dev/null &
}

if ! docker info >/dev/null 2>&1; then
  grep -qsx dockerd /proc/[0-9]*/comm && lacking "A Docker engine runs but does not answer this user. Add yourself to the docker group, or set DOCKER_HOST."
  may_install || lacking "No Docker engine answers. Install and start one (https://docs.docker.com/engine/install), then run make again."
  if ! command -v dockerd >/dev/null; then
    say "installing docker.io, iptables, cgroupfs-mount (apt) and starting the engine"
    install docker.io iptables cgroupfs-mount ca-certificates
  fi
  start_engine
  tries=0
  until docker info >/dev/null 2>&1; do
    tries=$((tries + 1)); [ "$tries" -lt 150 ] || lacking "dockerd did not come up within 30 s; see /var/log/dockerd.log."
    sleep 0.2
  done
fi

docker image inspect "$image" >/dev/null 2>&1 && exit 0
packages=$(cat localworld/setup/ruby-packages.txt)
if timeout 120 docker pull -q debian:bookworm-slim >/dev/null 2>&1; then
  say "building $image on debian:bookworm-slim"
  printf 'FROM debian:bookworm-slim\nENV LANG=C.UTF-8\nRUN apt-get update -qq && apt-get install -y -qq --no-install-recommends %s && rm -rf /var/lib/apt/lists/*\n' \
    "$(printf '%s' "$packages" | tr '\n' ' ')" | docker build -q -t "$image" - >/dev/null
  exit 0
fi
# Debian's Ruby 3.1.
localworld/setup/debootstrap.sh "$image" $packages
