# The gateway: no Prefect, no agent, no git. Build from the root of the checkout:
#   docker build --build-arg BASE=python@sha256:… -f deployments/images/gateway.Dockerfile -t importer-healer-gateway .
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
RUN /opt/uv/bin/uv sync --frozen --no-dev --no-install-project --extra api --extra aws --extra otel
COPY README.md LICENSE ./
COPY healer healer
COPY flows flows
COPY api api
COPY actions actions
COPY prompts prompts
COPY localworld/importers localworld/importers
RUN /opt/uv/bin/uv sync --frozen --no-dev --no-editable --extra api --extra aws --extra otel

FROM ${BASE}
COPY --from=build /opt/healer /opt/healer
ENV PATH=/opt/healer/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HOME=/tmp
USER 10001:10001
WORKDIR /tmp
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/livez', timeout=2)"]
# One process: two would each have a dispatcher, which is allowed, and share nothing else.
CMD ["healer-gateway", "--host", "0.0.0.0", "--port", "8000"]
