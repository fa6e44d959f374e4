# Prefect server and runner: flows, git, the agents' programs. Build from the root of the checkout:
#   docker build --build-arg BASE=python@sha256:… -f deployments/images/worker.Dockerfile -t importer-healer-worker .
# BASE is an image with Python 3.11 and venv, named by its digest (`make bases` asks the registry, `make images` builds on it); there is no
# default, since a tag means other bytes tomorrow. Where no registry is reached, any Debian 12 image with python3-venv will do.
ARG BASE

# checkov:skip=CKV_DOCKER_7:The argument is a digest.
FROM ${BASE} AS build
ENV UV_PROJECT_ENVIRONMENT=/opt/healer UV_PYTHON_DOWNLOADS=never UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_SYSTEM_CERTS=true
WORKDIR /src
COPY localworld/setup/uv.txt uv.txt
RUN python3 -m venv /opt/uv && /opt/uv/bin/pip install --quiet --no-cache-dir --require-hashes -r uv.txt
COPY pyproject.toml uv.lock ./
RUN /opt/uv/bin/uv sync --frozen --no-dev --no-install-project --extra flows --extra aws --extra production --extra ecs --extra otel
COPY README.md LICENSE ./
COPY healer healer
COPY flows flows
COPY api api
COPY actions actions
COPY prompts prompts
COPY localworld/importers localworld/importers
RUN /opt/uv/bin/uv sync --frozen --no-dev --no-editable --extra flows --extra aws --extra production --extra ecs --extra otel

FROM ${BASE}
# git talks to GitHub, util-linux and bubblewrap isolate an agent where the host allows it.
RUN apt-get update -qq \
  && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends git openssh-client util-linux bubblewrap ca-certificates \
  && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/healer /opt/healer
COPY deployments/prefect.yaml /opt/healer/prefect.yaml
RUN install -d -o 10001 -g 10001 /var/lib/importer-healer /var/lib/prefect
ENV PATH=/opt/healer/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/var/lib/prefect \
    PREFECT_HOME=/var/lib/prefect HEALER_WORK_DIR=/var/lib/importer-healer
USER 10001:10001
WORKDIR /var/lib/importer-healer
# A runner serves nothing; it is well while it reaches the server that gives it work. The Prefect server has a check of its own.
HEALTHCHECK --interval=15s --timeout=5s --start-period=40s --retries=4 \
  CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen(os.environ['PREFECT_API_URL'] + '/ready', timeout=4)"]
CMD ["healer-runner", "--limit", "4", "--deployments", "/opt/healer/prefect.yaml"]
