"""The rules of the house that neither ruff nor import-linter can see."""

import ast
import importlib
import pkgutil
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from pydantic import SecretStr

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


def test_no_contract_has_a_field_for_a_secret():
    """No contract holds a SecretStr, nor a field whose name promises a secret."""
    models = [m for m in vars(contracts).values() if isinstance(m, type) and issubclass(m, contracts.Contract)]
    fields = [(m.__name__, name, f) for m in models for name, f in m.model_fields.items()]
    assert [
        f"{model}.{name}" for model, name, f in fields if "SecretStr" in repr(f.annotation) or f.annotation is SecretStr
    ] == []
    assert [f"{model}.{name}" for model, name, _ in fields if re.search(r"password|secret|token$|api_key", name)] == []


def test_packages_belong_to_this_distribution():
    """No other distribution of this environment brings a package of one of our generic names."""
    owners = packages_distributions()
    assert {room: owners[room] for room in WHEEL if set(owners.get(room, [])) - {"importer-healer"}} == {}


def test_the_wheel_has_no_local_world():
    """Stand-ins stay out of what is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert tuple(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == WHEEL


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
