# One command each; set-up is part of it. `make` alone prints the targets.
PY := .venv/bin
UV := $(firstword $(wildcard var/uv/bin/uv) uv)
# A test process waits half of its time for the programs that it has started, so three keep two cores busy; more than four only
# wait for the one that drives the local world.
PYTEST := $(PY)/pytest --numprocesses=$(shell [ "$$(nproc)" -gt 2 ] && echo 4 || echo 3) --dist=loadfile --no-loadscope-reorder
# Tests start Python hundreds of times: where an environment forbids bytecode, each start would compile our modules anew.
export PYTHONDONTWRITEBYTECODE :=
LINTERS := lint-ruff lint-mypy lint-imports lint-workflows
.DEFAULT_GOAL := help
.PHONY: help setup docker agent demo world test lint $(LINTERS) test-fast crash crash-gate soak crash-intake fleet-load screenshots bench bench-gateway bench-envelope bench-redact bench-relocate bench-deciders bench-journey bench-scale bench-agent checkov cheats bench-gate sbom wheel bases images compose-up clean

help: ## print the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## Python environment from uv.lock
	@localworld/setup/python.sh

docker: ## Docker engine and the Ruby base image
	@localworld/setup/docker.sh

agent: ## bubblewrap, within which agents run
	@localworld/setup/agent.sh

demo: setup docker $(if $(AGENT),agent) ## break portals, heal the importers, show the scoreboard; AGENT=claude with a key, AGENT=scripted without
	@$(PY)/python -m localworld demo $(if $(AGENT),--agent "$(AGENT)")

# A portal command may hold $PORT, which make must not take for a variable of its own.
export WORLD_PORTAL := $(value PORTAL)
world: setup docker ## leave the local world up until Ctrl-C; IMPORTERS=path PORTAL='command' bring your own, AGENT as above
	@$(PY)/python -m localworld world $(if $(IMPORTERS),--importers "$(IMPORTERS)") $(if $(value PORTAL),--portal "$$WORLD_PORTAL") $(if $(CREDENTIALS),--credentials "$(CREDENTIALS)") $(if $(AGENT),--agent "$(AGENT)")

lint: setup ## ruff, mypy, import rules, workflow linters
	@$(MAKE) --no-print-directory --jobs --output-sync=target $(LINTERS)

lint-ruff:
	@$(PY)/ruff check .
	@$(PY)/ruff format --check .

lint-mypy:
	@$(PY)/mypy

lint-imports:
	@$(PY)/lint-imports --no-cache --no-logo

lint-workflows:
	@$(PY)/zizmor --offline --quiet .github actions localworld/importers/.github
	@$(PY)/actionlint .github/workflows/*.yml localworld/importers/.github/workflows/*.yml

test: setup docker agent lint ## lint, then all tests
	@$(PYTEST)

test-fast: setup agent lint ## lint, then the tests that need neither Docker nor the agent, and kill nothing for minutes
	@$(PYTEST) -m "not docker and not world and not agent and not crash"

crash: setup ## every step of a healing struck by every fault, resumed where it was left; CELL=text JOBS=2 FRESH=1; out/crash.json
	@$(PY)/python -m localworld.crash --cell "$(CELL)" --jobs $(or $(JOBS),1) $(if $(FRESH),--fresh)

crash-gate: setup docker ## the cells of the crash matrix in which the real gate takes part; CELL=text FRESH=1; out/crash-gate.json
	@$(PY)/python -m localworld.crash --real-gate --cell "$(CELL)" $(if $(FRESH),--fresh) --out out/crash-gate.json

soak: setup ## random cells of the crash matrix; MINUTES=30 SEED=1 JOBS=2; out/soak.json
	@$(PY)/python -m localworld.crash --minutes $(or $(MINUTES),30) --seed $(or $(SEED),1) --jobs $(or $(JOBS),1) --out out/soak.json

crash-intake: setup ## kill -9 gateway, Redis and Prefect under load, by chance; SECONDS=60 SEED=3
	@HEALER_TEST_CRASH_SECONDS=$(or $(SECONDS),60) HEALER_TEST_CRASH_SEED=$(or $(SEED),3) $(PY)/pytest -q tests/api/test_intake_survives.py

fleet-load: setup ## many open cases at once on two workers and a Postgres server, one worker killed on the way; CASES=200
	@localworld/setup/database.sh
	@$(PY)/python -m localworld.load --cases $(or $(CASES),200)

screenshots: setup ## take the README's pictures anew, in headless Chromium: localworld/pictures
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; }
	@$(PY)/python -m localworld.photograph

bench-gateway: setup ## measure intake beside a bare handler and under a flood; figures go to bench/results/gateway.json
	@$(PY)/python -m bench.gateway

bench-envelope: setup ## measure the sealing of records beside Fernet, and look for a salt that comes twice; figures go to bench/results/envelope.json
	@$(PY)/python -m bench.envelope

bench-redact: setup ## measure redaction beside `re` and a search for each value; figures go to bench/results/redact.json
	@$(PY)/python -m bench.redact

bench-relocate: setup ## count what relocation finds again on real redesigns, beside Scrapling; figures go to bench/results/relocate.json
	@test -x var/scrapling/bin/python || { python3 -m venv var/scrapling && var/scrapling/bin/pip install -q "scrapling==0.5"; } || echo "without Scrapling: it cannot be installed"
	@$(PY)/python -m bench.relocate --split both $$(test -x var/scrapling/bin/pip && var/scrapling/bin/python -c "import scrapling" 2>/dev/null && echo "--scrapling var/scrapling/bin/python")

bench-deciders: setup ## measure relocation and guard beside the parsing under them; figures go to bench/results/deciders.json
	@$(PY)/python -m bench.deciders

bench-agent: setup agent ## measure what is around Claude Code, from brief to diff, beside the SDK's plain run; figures go to bench/results/agent.json
	@$(PY)/python -m bench.agent

bench-journey: setup docker ## heal 20 cases, time by phase, beside a bare flow run, an empty job and a push; bench/results/journey.json
	@$(PY)/python -m bench.journey

bench-scale: setup ## heal cases while ledger, registry, memory of ids and repository grow; bench/results/scale.json
	@$(PY)/python -m bench.scale

bench: bench-gateway bench-envelope bench-redact bench-deciders bench-agent bench-gate bench-journey bench-scale ## all of them, one after another
	@$(PY)/python -m bench.table

checkov: ## judge the deployments by checkov, in an environment of its own (its pins are old)
	@test -x var/checkov/bin/checkov || { python3 -m venv var/checkov && var/checkov/bin/pip install --quiet checkov==3.3.30; }
	@var/checkov/bin/checkov --directory deployments --framework terraform dockerfile --compact --quiet

bench-gate: setup docker ## measure what the gate costs beyond its fetches and its replay, beside an empty act job; figures go to bench/results/gate.json
	@$(PY)/python -m bench.gate

cheats: setup docker ## try all cheats and honest fixes against guard and gate, print the table, write out/cheats.json
	@$(PY)/pytest --quiet --capture=no tests/actions/test_cheats.py

sbom: setup ## what the product is made of, as CycloneDX 1.5 from uv.lock: out/sbom.cdx.json
	@mkdir -p out
	@$(UV) export --quiet --frozen --no-dev --all-extras --format cyclonedx1.5 --preview-features sbom-export -o out/sbom.cdx.json >/dev/null

wheel: setup ## the product as a wheel: out/dist
	@$(PY)/hatchling build --target wheel --directory out/dist >/dev/null

bases: ## what images and compose stand on, by the digest of now, as deployments/compose/.env wants it; made here where no registry answers
	@localworld/setup/bases.sh

images: ## the gateway's and the worker's images, and what each is made of as CycloneDX in out/; BASE=image with Python 3.11, else Docker's official one by its present digest
	@base=$$(BASE="$(BASE)" localworld/setup/bases.sh BASE) || exit 1; base=$${base#BASE=}; \
	echo "images on $$base"; for image in gateway worker; do \
	  docker build --quiet --build-arg BASE="$$base" -f deployments/images/$$image.Dockerfile -t importer-healer-$$image . || exit 1; \
	  python3 -m localworld.image_sbom importer-healer-$$image out/sbom-$$image.cdx.json || exit 1; done

compose-up: setup docker ## start deployments/compose with whatever Compose is here, prove that it takes a ticket, take it down again
	@HEALER_TEST_COMPOSE=1 $(PY)/pytest -n0 --quiet --capture=no --timeout=1200 tests/deployments/test_compose_up.py

clean: ## remove what the local world wrote
	@rm -rf var/world out
