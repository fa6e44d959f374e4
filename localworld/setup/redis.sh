#!/bin/sh
# As the registry's image does: give the data to redis, and become it; the network is the wall, so no protected mode.
set -eu
[ "$1" = redis-server ] || exec "$@"
shift
set -- redis-server --protected-mode no "$@"
[ "$(id -u)" = 0 ] || exec "$@"
chown redis:redis /data
exec setpriv --reuid redis --regid redis --clear-groups "$@"
