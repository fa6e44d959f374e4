# In place of the registry's `redis`, to try deployments/compose where no registry answers: Debian's Redis behind the same command.
ARG BASE
# checkov:skip=CKV_DOCKER_7:localworld/setup/bases.sh names it.
FROM ${BASE}
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server \
  && rm -rf /var/lib/apt/lists/* /etc/redis && install -d -o redis -g redis /data
COPY redis.sh /usr/local/bin/entrypoint
VOLUME /data
WORKDIR /data
ENTRYPOINT ["/usr/local/bin/entrypoint"]
CMD ["redis-server"]
