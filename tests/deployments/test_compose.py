"""The one-machine production: what the compose file and the images promise."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from healer.settings import AuditSettings, FlowSettings, GatewaySettings, SinkSettings

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "deployments/compose/compose.yaml"
IMAGES = {name: ROOT / f"deployments/images/{name}.Dockerfile" for name in ("gateway", "worker")}
OURS = ("prefect", "gateway", "worker")


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load(COMPOSE.read_text())["services"]


@pytest.mark.parametrize("name", ["redis", "messages", "postgres", *OURS])
def test_every_service_is_hardened_and_says_whether_it_is_well(services, name):
    """No service writes to its image, keeps a capability that it does not need, or gains rights; each has a health check."""
    service = services[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert service["restart"] == "unless-stopped"
    assert "healthcheck" in service or "HEALTHCHECK" in IMAGES[name].read_text()
    assert "privileged" not in service
    assert not any("docker.sock" in volume for volume in service.get("volumes", []))


@pytest.mark.parametrize("name", OURS)
def test_our_services_run_as_nobody(services, name):
    """Ours run under a uid that owns nothing."""
    assert services[name]["user"] == "10001:10001"


def test_the_ledger_does_not_forget(services):
    """Redis runs as the processes demand it, on a volume."""
    command = " ".join(services["redis"]["command"])
    for option in ("--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction"):
        assert option in command
    assert services["redis"]["volumes"] == ["ledger:/data"]


def test_nothing_is_open_but_the_gateway_and_the_ui_on_this_machine(services):
    """Ports are published on loopback alone, and only two; data services hang on a network without a way out."""
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {
        "prefect": ["127.0.0.1:${PREFECT_PORT:-4200}:4200"],
        "gateway": ["127.0.0.1:${GATEWAY_PORT:-8000}:8000"],
    }
    for name in ("redis", "messages", "postgres"):
        assert services[name]["networks"] == ["inside"]
    assert yaml.safe_load(COMPOSE.read_text())["networks"]["inside"] == {"internal": True}


def test_no_secret_stands_in_the_file():
    """Secrets come from a file beside it, or from the environment; the file names none of their values."""
    secret = [f"HEALER_{name}".upper() for name in SinkSettings.model_fields if name != "redis_url"]
    text = COMPOSE.read_text()
    assert [name for name in secret if name in text] == []
    assert set(re.findall(r"PASSWORD: (\S+)", text)) == {"${POSTGRES_PASSWORD:?set"}
    lines = (ROOT / "deployments/compose/healer.env.example").read_text().splitlines()
    assert [line for line in lines if line.partition("=")[0] in secret and line.partition("=")[2]] == []


def test_the_example_names_settings_that_there_are():
    """Each line of the example is a setting of the gateway or of the flows, and none that must be set is missing."""
    text = (ROOT / "deployments/compose/healer.env.example").read_text()
    named = {line.partition("=")[0] for line in text.splitlines() if line and not line.startswith("#")}
    rooms = (GatewaySettings, FlowSettings, AuditSettings)
    known = {f"HEALER_{name}".upper() for room in rooms for name in room.model_fields}
    assert named <= known
    demanded = {f"HEALER_{name}".upper() for name, field in GatewaySettings.model_fields.items() if field.is_required()}
    assert demanded - named == {"HEALER_REDIS_URL", "HEALER_PREFECT_API_URL"}


@pytest.mark.parametrize("name", IMAGES)
def test_images_run_as_nobody_from_locked_packages(name):
    """An image installs what uv.lock says, with hashes, ends as a uid without rights, and tells whether it is well."""
    text = IMAGES[name].read_text()
    users = re.findall(r"^USER (.+)$", text, re.MULTILINE)
    assert users[-1] == "10001:10001"
    assert "HEALTHCHECK" in text
    assert "--require-hashes" in text
    assert text.count("uv sync --frozen --no-dev") == 2
    assert not re.search(r"^ADD |curl |:latest", text, re.MULTILINE)


def test_the_gateways_image_has_neither_prefect_nor_git():
    """What the gateway does not need is not there to be used against it."""
    text = IMAGES["gateway"].read_text()
    assert "--extra flows" not in text
    assert "apt-get" not in text


@pytest.mark.parametrize(
    "path", [*IMAGES.values(), *ROOT.glob("localworld/setup/*.Dockerfile")], ids=lambda path: path.stem
)
def test_no_image_stands_on_a_tag(path):
    """A tag means other bytes tomorrow: each base is an argument without a default, which its caller names by digest or has made here."""
    text = path.read_text()
    assert set(re.findall(r"^ARG BASE.*$", text, re.MULTILINE)) == {"ARG BASE"}
    assert {name.partition(" ")[0] for name in re.findall(r"^FROM (.+)$", text, re.MULTILINE)} == {"${BASE}"}


def test_compose_stands_on_what_the_operator_pins(services):
    """Images of others, and the base of ours, come from `.env`, without a default; `bases.sh` names each of them."""
    images = {name: services[name]["image"] for name in ("redis", "messages", "postgres")}
    assert set(re.findall(r"\$\{(\w+):\?", str(images))) == {"REDIS_IMAGE", "POSTGRES_IMAGE"}
    assert {services[name]["build"]["args"]["BASE"][:8] for name in OURS} == {"${BASE:?"}
    script = (ROOT / "localworld/setup/bases.sh").read_text()
    assert set(re.findall(r"^(?:first=\$\()?base (\w+) ", script, re.MULTILINE)) == {
        "BASE",
        "REDIS_IMAGE",
        "POSTGRES_IMAGE",
    }


def test_what_is_set_is_not_asked_of_the_registry():
    """A base that the operator has pinned is named as it is."""
    pinned = {
        "BASE": "python@sha256:" + "a" * 64,
        "REDIS_IMAGE": "redis@sha256:" + "b" * 64,
        "POSTGRES_IMAGE": "p@sha256:c",
    }
    env = {"PATH": "/usr/bin:/bin", **pinned}
    done = subprocess.run(
        [ROOT / "localworld/setup/bases.sh"],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines() == [f"{name}={image}" for name, image in pinned.items()]


def test_compose_takes_the_file(tmp_path):
    """Compose of version 2 reads the file and finds nothing wrong; version 1, where it is what there is, once the project's name is off."""
    new = (
        shutil.which("docker")
        and not subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode
    )
    if not new and shutil.which("docker-compose") is None:
        pytest.skip("no Docker Compose here")
    named = [f"{name}=made-up" for name in ("POSTGRES_PASSWORD", "BASE", "REDIS_IMAGE", "POSTGRES_IMAGE")]
    (tmp_path / ".env").write_text("\n".join(named))
    (tmp_path / "healer.env").touch()
    text = COMPOSE.read_text()
    (tmp_path / "compose.yaml").write_text(text if new else re.sub(r"^name: .*\n", "", text, flags=re.MULTILINE))
    argv = ["docker", "compose"] if new else ["docker-compose"]
    done = subprocess.run([*argv, "config", "--quiet"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_what_the_wheel_takes_in_is_sent_to_the_images_build():
    """A file that the wheel is made of and that `.dockerignore` keeps away would break each build of an image."""
    sent = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {*wheel["packages"], *wheel["force-include"]}
    for text in (path.read_text() for path in IMAGES.values()):
        needed |= {
            name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE) for name in line.split()
        }
    assert [name for name in needed if not any(one == name or one.startswith(f"{name}/") for one in sent)] == []
