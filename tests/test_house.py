"""The rules of the house that neither ruff nor import-linter can see."""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from importlib.metadata import packages_distributions
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic import AwareDatetime, SecretStr, ValidationError
from typing_extensions import TypeAliasType

from healer import contracts

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("healer", "flows", "api", "actions", "prompts", "localworld", "bench")
WHEEL = ("healer", "flows", "api", "actions", "prompts")
MODULE_LINES, FUNCTION_LINES = 300, 40


def _sources(*rooms: str) -> Iterator[Path]:
    return (path for room in rooms for path in sorted((ROOT / room).rglob("*.py")))


def _functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))


def _code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    return (function.end_lineno or 0) - first.lineno + 1


@pytest.mark.parametrize("path", list(_sources(*ROOMS)), ids=lambda p: str(p.relative_to(ROOT)))
def test_modules_and_functions_stay_small(path):
    """A module has at most 300 lines, a function at most 40 without its docstring."""
    assert len(path.read_text().splitlines()) <= MODULE_LINES
    assert [f.name for f in _functions(path) if _code_lines(f) > FUNCTION_LINES] == []


@pytest.mark.parametrize("path", list(_sources("tests")), ids=lambda p: str(p.relative_to(ROOT)))
def test_every_test_states_its_rule(path):
    """Each test's docstring begins with the rule that it keeps."""
    tests = [f for f in _functions(path) if f.name.startswith("test_")]
    assert [f.name for f in tests if not ast.get_docstring(f)] == []


def test_no_ticket_is_of_two_modules_of_stories():
    """They share Prefect's server, which knows each ticket's runs by their keys and would not start another module's a second time."""
    named = re.compile(r"UTIL-(\d+)|ticket\((\d+)\)|(?:other|in_line)\(desk, (\d+)\)")
    modules = [path.read_text() for path in (ROOT / "tests/flows").glob("test_*.py")]
    tickets = Counter(ticket for text in modules for ticket in {"".join(found) for found in named.findall(text)})
    assert [ticket for ticket, count in tickets.items() if count > 1] == []


def test_importing_any_module_has_no_effect_and_needs_no_environment():
    """Every module of the wheel imports with an empty environment and prints nothing."""
    names = [m.name for room in WHEEL for m in pkgutil.walk_packages([str(ROOT / room)], f"{room}.")]
    script = "import importlib; [importlib.import_module(n) for n in " + repr(names) + "]"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b""), done.stderr.decode()


def _contracts() -> list[type[contracts.Contract]]:
    """Give every contract, also those that a decider keeps to itself."""
    for module in pkgutil.walk_packages([str(ROOT / "healer")], "healer."):
        importlib.import_module(module.name)
    found, todo = set(), [contracts.Contract]
    while todo:
        children = todo.pop().__subclasses__()
        found |= set(children)
        todo += children
    return sorted((model for model in found if model.__module__.startswith("healer.")), key=lambda m: m.__name__)


def _leaves(annotation: Any) -> Iterator[Any]:
    """Give the types that a field is made of, whatever unions, tuples, dicts and annotations are around them."""
    if isinstance(annotation, TypeAliasType):
        yield from _leaves(annotation.__value__)
    elif get_origin(annotation) is Literal:
        yield from (type(value) for value in get_args(annotation))
    elif get_origin(annotation) is Annotated:
        yield from _leaves(get_args(annotation)[0])
    elif inner := [one for one in get_args(annotation) if one is not Ellipsis]:
        yield from (leaf for one in inner for leaf in _leaves(one))
    else:
        yield annotation


_PLAIN = (str, int, float, bool, NoneType, datetime, AwareDatetime, date, Decimal, Enum, contracts.Contract)
_SECRET_NAME = re.compile(
    r"passw|secret|token(?!s$)|api_?key|private|credential(?!s$)|login(?!s_used|_(ceiling|window_s|cooloff_s)$)|\benv\b"
)
_SECRET_TYPE = re.compile(r"Secret|bytes|Any\b|object\b")


@pytest.mark.parametrize("model", _contracts(), ids=lambda m: m.__name__)
def test_no_contract_can_hold_a_secret(model):
    """However deep it lies, a contract's field is plain data or another contract: no secret, no bytes, nothing that holds anything."""
    for name, field in model.model_fields.items():
        kinds = list(_leaves(field.annotation))
        assert kinds, name
        assert [k for k in kinds if not (isinstance(k, type) and issubclass(k, _PLAIN))] == [], name
        assert not _SECRET_TYPE.search(repr(field.annotation)), name
        assert not _SECRET_NAME.search(name), name
    assert model.model_config["extra"] == "forbid"


def test_the_walk_over_contracts_sees_what_is_hidden():
    """The rule above is no empty one: a secret inside a union, a dict, a tuple or an annotation is found."""
    for hidden in (
        SecretStr | None,
        dict[str, SecretStr],
        tuple[SecretStr, ...],
        Annotated[SecretStr, "x"],
        dict[str, list[tuple[int, Any]]],
        dict[str, bytes],
    ):
        assert [k for k in _leaves(hidden) if not (isinstance(k, type) and issubclass(k, _PLAIN))]
    assert {"Case", "GateReport", "LeaseGrant", "LoginStanding", "Next"} <= {model.__name__ for model in _contracts()}


def test_what_a_contract_shows_of_a_secret_is_nothing():
    """A secret that is put where a text belongs is refused, and the refusal's own words are ours to hide: see each client."""
    with pytest.raises(ValidationError):
        contracts.LoginStanding(ref=SecretStr("brightwater-main"), used=0, ceiling=1)


def test_packages_belong_to_this_distribution():
    """No other distribution of this environment brings a package of one of our generic names."""
    owners = packages_distributions()
    assert {room: owners[room] for room in WHEEL if set(owners.get(room, [])) - {"importer-healer"}} == {}


def test_the_wheel_has_no_local_world():
    """Stand-ins stay out of what is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert tuple(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == WHEEL


def test_each_decision_has_a_number_of_its_own():
    """Decisions are numbered from 1 without a gap or a double."""
    numbers = sorted(int(path.name[:4]) for path in (ROOT / "adr").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", sorted((ROOT / "adr").glob("*.md")), ids=lambda p: p.stem)
def test_each_decision_says_what_keeps_it_true(path):
    """An ADR has all headings of the form, and a Confirmation that is not empty."""
    text = path.read_text()
    for heading in ("Context and problem", "Considered options", "Decision outcome", "Consequences", "Confirmation"):
        assert re.search(rf"^## {heading}\n\n\S", text, re.MULTILINE), heading
    assert re.match(r"---\nstatus: (accepted|superseded by \d{4})\ndate: \d{4}-\d\d-\d\d\n---\n", text)


def test_the_makefile_prints_its_targets():
    """`make` alone lists every target with a word about it."""
    done = subprocess.run(["make", "-C", str(ROOT)], capture_output=True, text=True, check=True)
    for target in ("demo", "test", "world", "lint"):
        assert f"make {target}" in done.stdout


def test_readme_names_only_what_is_there():
    """Paths and make targets that README names exist."""
    readme = (ROOT / "README.md").read_text()
    targets = set(re.findall(r"`make ([a-z-]+)", readme)) | set(
        re.findall(r"^    make ([a-z-]+)", readme, re.MULTILINE)
    )
    assert targets <= set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    paths = re.findall(r"`((?:healer|localworld|deployments|actions|api|flows|prompts|\.github)/[\w./-]*)`", readme)
    assert [p for p in paths if not (ROOT / p).exists()] == []


def test_every_module_says_what_it_is():
    """Each module has a docstring."""
    assert [str(p) for p in _sources(*ROOMS) if not ast.get_docstring(ast.parse(p.read_text()))] == []


def test_modules_import_by_their_dotted_names():
    """Prefect's entry points are dotted names that import."""
    for entry in re.findall(r"entrypoint: (\S+)", (ROOT / "deployments/prefect.yaml").read_text()):
        module, name = entry.rsplit(".", 1)
        assert "/" not in entry
        assert hasattr(importlib.import_module(module), name)


_WRITERS = {
    "actions/console.py": {"sys.stdout"},
    "flows/progress.py": {"get_run_logger"},  # in a flow run, whose records are redacted where they are made
    "healer/cli_audit.py": {"sys.stdout", "print"},  # rich's, for a table of places and counts
    "healer/cli_credential.py": {"sys.stdout"},  # asks whether it is a terminal
    "healer/cli_doctor.py": {
        "sys.stdout",
        "print",
    },  # rich's, for a table of findings, each by our own words or a redacted error
    "healer/clients/pdf_reader.py": {"sys.stdout"},  # a child's answer to the process that started it
    "healer/logs.py": {"sys.stderr", "StreamHandler", "setLogRecordFactory", "excepthook", "captureWarnings"},
}
_BYPASSES = {
    "print",
    "sys.stdout",
    "sys.stderr",
    "StreamHandler",
    "FileHandler",
    "addHandler",
    "basicConfig",
    "dictConfig",
    "fileConfig",
}
_BYPASSES |= {
    "setLogRecordFactory",
    "captureWarnings",
    "excepthook",
    "print_exc",
    "print_exception",
    "print_stack",
    "get_run_logger",
}
_PROCESSES = {
    "healer": "healer/cli.py",
    "healer-gate": "actions/gating.py",
    "healer-report": "actions/reporting.py",
    "healer-approval": "actions/approving.py",
    "healer-prefect-server": "flows/server.py",
    "healer-runner": "flows/runner.py",
    "healer-gateway": "api/main.py",
    "a flow run": "flows/story.py",
    "a round": "flows/rounds.py",
    "a warm child": "flows/child.py",
}


def _names(path: Path) -> Iterator[str]:
    """Give the names that a module uses, by themselves, as a member, and as `module.member`."""
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Name(id=name) | ast.alias(name=name):
                yield name
            case ast.Attribute(value=ast.Name(id=owner), attr=name):
                yield from (name, f"{owner}.{name}")
            case ast.Attribute(attr=name):
                yield name


@pytest.mark.parametrize("path", list(_sources(*WHEEL)), ids=lambda p: str(p.relative_to(ROOT)))
def test_nothing_is_written_past_redaction(path):
    """No module prints, brings a handler of its own or takes Prefect's run logger, but for those listed here by name."""
    assert set(_names(path)) & _BYPASSES - _WRITERS.get(str(path.relative_to(ROOT)), set()) == set()


def test_every_process_installs_redacted_logging():
    """Each console script, the gateway and each flow run logs through `healer.logs`."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert set(scripts) <= set(_PROCESSES)
    assert [name for name, path in _PROCESSES.items() if "logs.install" not in set(_names(ROOT / path))] == []
