# In place of the registry's `postgres`, to try deployments/compose where no registry answers: Debian's Postgres behind the same variables.
ARG BASE
# checkov:skip=CKV_DOCKER_7:localworld/setup/bases.sh names it.
FROM ${BASE}
RUN apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql \
  && rm -rf /var/lib/apt/lists/* && ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/ 2>/dev/null; mkdir -p /var/lib/postgresql/data
COPY postgres.sh /usr/local/bin/entrypoint
VOLUME /var/lib/postgresql/data
ENTRYPOINT ["/usr/local/bin/entrypoint"]
CMD ["postgres"]
