#!/bin/sh
# The ledger's machine at its first start: the disk (made once, kept for ever), Redis, and its password from SSM.
set -eu
dnf install -y -q redis6 awscli-2
for _ in $(seq 60); do [ -e /dev/sdf ] && break; sleep 2; done
blkid /dev/sdf || mkfs.xfs -q /dev/sdf
mkdir -p /var/lib/ledger
grep -q /var/lib/ledger /etc/fstab || echo '/dev/sdf /var/lib/ledger xfs defaults,noatime,nofail 0 2' >> /etc/fstab
mount -a
chown redis6:redis6 /var/lib/ledger
umask 077
password=$(aws ssm get-parameter --region ${region} --name ${parameter} --with-decryption --query Parameter.Value --output text)
cat > /etc/redis6/redis6.conf <<CONF
bind 0.0.0.0
port 6379
requirepass $password
dir /var/lib/ledger
appendonly yes
appendfsync always
maxmemory-policy noeviction
save ""
supervised systemd
CONF
chown redis6:redis6 /etc/redis6/redis6.conf
systemctl enable redis6
systemctl restart redis6
