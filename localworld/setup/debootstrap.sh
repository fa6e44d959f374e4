#!/bin/sh
# Make an image of Debian 12 where no registry answers: debootstrap.sh IMAGE PACKAGES… The machine's own certificates go with it.
set -eu
image=$1; shift
say() { printf 'setup: %s\n' "$*" >&2; }
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { say "no registry answers and this user cannot debootstrap. Make $image another way."; exit 3; }
say "no registry answers: building $image with debootstrap"
command -v debootstrap >/dev/null || { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends debootstrap >/dev/null; }
root=$(mktemp -d); trap 'rm -rf "$root"' EXIT
debootstrap --variant=minbase --include="$(echo "$*" | tr ' ' ',')" bookworm "$root/r" >"$root/log" 2>&1 || { tail -5 "$root/log" >&2; say "debootstrap failed."; exit 3; }
bundle=/etc/ssl/certs/ca-certificates.crt
if [ -r "$bundle" ] && [ -e "$root/r$bundle" ]; then cp "$bundle" "$root/r$bundle"; fi
rm -rf "$root"/r/var/cache/apt/archives/*.deb "$root"/r/var/lib/apt/lists/*
tar -C "$root/r" -c . | docker import -c 'ENV LANG=C.UTF-8' -c "ENV PIP_CERT=$bundle" -c "ENV SSL_CERT_FILE=$bundle" - "$image" >/dev/null
