#!/bin/sh
# As the registry's image does: make user and database at the first start, then serve. POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB.
set -eu
data=/var/lib/postgresql/data/main
as() { setpriv --reuid postgres --regid postgres --clear-groups "$@"; }
chown postgres:postgres /var/lib/postgresql/data /run/postgresql
if [ ! -s "$data/PG_VERSION" ]; then
  as sh -c 'umask 077; printf "%s" "$POSTGRES_PASSWORD" > /tmp/password'
  as initdb -D "$data" -U "$POSTGRES_USER" --pwfile=/tmp/password --auth=scram-sha-256 --encoding=UTF8 >/dev/null
  rm /tmp/password
  echo "host all all all scram-sha-256" >> "$data/pg_hba.conf"
  as pg_ctl -D "$data" -w -o "-c listen_addresses=''" start >/dev/null
  PGPASSWORD=$POSTGRES_PASSWORD createdb -h /run/postgresql -U "$POSTGRES_USER" "$POSTGRES_DB"
  as pg_ctl -D "$data" -w -m fast stop >/dev/null
fi
exec setpriv --reuid postgres --regid postgres --clear-groups postgres -D "$data" -c listen_addresses='*'
