#!/bin/sh
# Make .venv hold exactly what uv.lock says. Wants python3.11 or newer; gets uv (pinned by hash) when there is none.
set -eu
cd "$(dirname "$0")/../.."
say() { printf 'setup: %s\n' "$*" >&2; }
lock=$(cat uv.lock pyproject.toml | sha256sum | cut -d' ' -f1)
if [ -x .venv/bin/healer ] && [ "$(cat .venv/.locked 2>/dev/null)" = "$lock" ]; then exit 0; fi

# A machine's own certificates count, so that a company's proxy is trusted where the machine trusts it.
bundle=/etc/ssl/certs/ca-certificates.crt
[ ! -r "$bundle" ] || export SSL_CERT_FILE="${SSL_CERT_FILE:-$bundle}" PIP_CERT="${PIP_CERT:-$bundle}"

python=$(command -v python3.11 || command -v python3) || { say "python3.11 is missing. Install it (Debian: apt-get install python3.11), then run make again."; exit 2; }
uv=$(command -v uv || true)
if [ -z "$uv" ] || [ "$("$uv" --version | cut -d' ' -f2)" != 0.13.9 ]; then
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { say "Python's venv module is missing. Install it (Debian: apt-get install python3-venv), then run make again."; exit 2; }
    say "installing python3-venv (apt)"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null
  fi
  say "installing uv 0.13.9 into var/uv (pinned by hash)"
  "$python" -m venv var/uv
  var/uv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r localworld/setup/uv.txt
  uv=var/uv/bin/uv
fi
say "installing the locked Python packages into .venv"
UV_PYTHON_DOWNLOADS=never "$uv" sync --frozen --all-extras --quiet --python "$python"
printf '%s' "$lock" > .venv/.locked
