#!/bin/sh
# Run a console script of the gate: `run.sh PROGRAM`. One on the PATH counts if what is installed beside it is of this source's
# version; else this source is installed into a private environment, each package checked by its hash. Nothing is ever loaded from
# the checked-out repository: the working directory is left first, and Python runs isolated (-I).
set -eu
program=$1
source=$(cd "$(dirname "$0")/.." && pwd)
cd "$RUNNER_TEMP"
while IFS= read -r line; do
  case $line in 'version = "'*'"') version=${line#*\"} && version=${version%\"} && break ;; esac
done <"$source/pyproject.toml"

found=$(command -v "$program" || true)
for installed in "${found%/*}/../lib"/python3*/site-packages/"importer_healer-$version.dist-info"; do
  # Asking the program itself would start Python twice for each step.
  if [ -x "$found" ] && [ -d "$installed" ]; then exec "$program"; fi
done

home=$RUNNER_TEMP/healer-gate-$version
if [ ! -x "$home/bin/$program" ]; then
  python3 -I -m venv "$home"
  set -- "$home/bin/python" -I -m pip --quiet --disable-pip-version-check install
  "$@" --require-hashes --only-binary :all: -r "$source/actions/requirements.txt"
  "$@" --no-deps --no-build-isolation "$source"
fi
exec "$home/bin/$program"
