"""Builds pairs of pages of real redesigns from the templates that packages ship: an old page, a selector, a new page, where it is now.

The same variable, field, route, loop or words shown once in both versions of a template is the same element. Nothing of the packages is
kept in the repository: they are fetched by `pip download` into a folder of one's own.
"""

import json
import re
import subprocess
import sys
import venv
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

from lxml import etree, html

from bench.authors import selectors
from bench.inherit import whole
from bench.sources import HELD_OUT, SOURCES
from bench.templates import Shown, page
from healer.element import Element
from healer.portrait import page_of
from healer.selector import select

Kind = Literal["moved", "stands", "gone", "detour"]
_SUFFIXES: Final = frozenset({".html", ".htm", ".jinja", ".jinja2", ".j2"})
_UNSEEN: Final = frozenset(project for project, *_ in HELD_OUT)
_LARGEST: Final = 200_000
_MOST_OF_ONE: Final = 8
_MOST_OF_SORT: Final = {"said": 2, "href": 3, "action": 1, "row": 2, "field": 3}
_MOST_OF_THING: Final = 2
_MOST_OF_PROJECT: Final = 160
_DATA: Final = re.compile(r"[#.][\w-]*\d\d\d")
_FEWEST: Final = 12
_DETOURS: Final = re.compile(r"(?:^|/)(?:404|403|500|503|login|maintenance|error)\.\w+$")


@dataclass(frozen=True, slots=True)
class Case:
    """One question. `expected` are the places (XPath) on the new page, empty where the answer is none.

    `everywhere` are all places of the thing there, also where only the first is asked for.
    """

    id: str
    project: str
    held_out: bool
    kind: Kind
    old_html: str
    old_selector: str
    many: bool
    new_html: str
    expected: tuple[str, ...]
    everywhere: tuple[str, ...] = ()


def fetch(folder: Path, project: str, version: str) -> Path | None:
    """Fetch one version of a package by pip, unless it is there; None where it cannot be had."""
    place = folder / project / version
    if not any(place.glob("*.whl")):
        argv = [_pip(folder), "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
        argv += [
            "--ignore-requires-python",
            "--disable-pip-version-check",
            "--dest",
            str(place),
            f"{project}=={version}",
        ]
        subprocess.run(argv, check=False, capture_output=True)  # noqa: S603 - our own argv
    return next(place.glob("*.whl"), None)


def _pip(folder: Path) -> str:
    """Give a pip: uv's environments have none."""
    if not (folder / "pip").exists():
        venv.create(folder / "pip", with_pip=True)
    return str(folder / "pip/bin/pip")


def templates(wheel: Path) -> dict[str, str]:
    """Give the templates of a wheel by their path below `templates/`."""
    found = {}
    with zipfile.ZipFile(wheel) as archive:
        for item in archive.infolist():
            name = item.filename
            if Path(name).suffix in _SUFFIXES and "templates/" in name and item.file_size <= _LARGEST:
                found[name.rpartition("templates/")[2]] = archive.read(item).decode("utf-8", "replace")
    return found


def cases(folder: Path, project: str, old_version: str, new_version: str) -> list[Case]:
    """Give the cases of one project, at most so many, or none where it cannot be fetched."""
    wheels = fetch(folder, project, old_version), fetch(folder, project, new_version)
    if wheels[0] is None or wheels[1] is None:
        return []
    old, new = templates(wheels[0]), templates(wheels[1])
    asked: Counter[str] = Counter()
    found: list[Case] = []
    for name in sorted(set(old) & set(new)):
        if old[name] != new[name]:
            found += _of_template(project, name, whole(name, old), whole(name, new), asked)
    found = [case for case in found if not _DATA.search(case.old_selector)]
    found.sort(key=lambda case: sha256(case.id.encode()).digest())
    chosen = found[:_MOST_OF_PROJECT]
    return [*chosen, *_gone(chosen), *_detours(chosen, new)]


def _of_template(project: str, name: str, old: str, new: str, asked: Counter[str]) -> Iterator[Case]:
    """Give the cases of one template; `asked` counts how often the project was asked for a thing, as a base is in many templates."""
    try:
        old_html, old_shown = page(old, f"old {project}", 3)
        new_html, new_shown = page(new, f"new {project}", 2 + len(name) % 3)
    except ValueError:
        return
    mine, theirs = _once(old_shown), _once(new_shown)
    both = sorted(set(mine) & set(theirs), key=lambda key: sha256(f"{name}{key}".encode()).digest())
    sorts: Counter[str] = Counter()
    for thing in both:
        was, now, sort = mine[thing], theirs[thing], thing.partition(":")[0]
        if was.looped != now.looped or (len(was.paths) > 1) != (len(now.paths) > 1):
            continue
        if asked[thing] >= _MOST_OF_THING or sorts[sort] >= _MOST_OF_SORT.get(sort, _MOST_OF_ONE):
            continue
        made = list(_case(f"{project}/{name}/{thing}", project, old_html, was, new_html, now))
        asked[thing] += bool(made)
        sorts[sort] += bool(made)
        yield from made


def _once(shown: list[Shown]) -> dict[str, Shown]:
    """Give what is shown at one place of the template only."""
    by_name: dict[str, list[Shown]] = {}
    for one in shown:
        by_name.setdefault(one.thing, []).append(one)
    return {name: places[0] for name, places in by_name.items() if len(places) == 1}


def _case(ident: str, project: str, old_html: str, was: Shown, new_html: str, now: Shown) -> Iterator[Case]:
    old, new = page_of(old_html), page_of(new_html)
    if old is None or new is None or min(len(old.elements), len(new.elements)) < _FEWEST:
        return
    targets = _at(old.root, was.paths)
    expected = _at(new.root, now.paths)
    if (
        len(targets) != len(was.paths)
        or len(expected) != len(now.paths)
        or any(part not in old.order for part in targets)
    ):
        return
    many = len(targets) > 1 and sha256(ident.encode()).digest()[0] % 2 == 0
    options = selectors(old.root, targets if many else targets[:1])
    stands = [text for text in options if _still(select(new.root, text) or [], expected, many=many)]
    broken = [text for text in options if text not in stands]
    paths = now.paths if many else now.paths[:1]
    sorts: tuple[tuple[Kind, list[str]], ...] = (("moved", broken), ("stands", stands))
    for kind, texts in sorts:
        if texts:
            text = min(texts[:6], key=lambda text: sha256(f"{ident}{text}".encode()).digest())
            yield Case(
                f"{ident} {kind}", project, project in _UNSEEN, kind, old_html, text, many, new_html, paths, now.paths
            )


def _still(found: list[Element], expected: list[Element], *, many: bool) -> bool:
    return found == expected if many else found[:1] == expected[:1]


def _at(root: Element, paths: tuple[str, ...]) -> list[Element]:
    found = [part for path in paths for part in (select(root, path) or [])[:1]]
    return [part for part in found if isinstance(part, Element)]


# ---------------------------------------------------------------- what must be answered by none


def _gone(chosen: list[Case]) -> Iterator[Case]:
    """Take the element out of the new page, of a list each, with what names it: the row, the item or the box that holds nothing else."""
    for case in chosen[::4]:
        without = _without(case.new_html, case.everywhere)
        if case.kind == "moved" and without:
            yield Case(
                f"{case.id} gone",
                case.project,
                case.held_out,
                "gone",
                case.old_html,
                case.old_selector,
                case.many,
                without,
                (),
            )


def _without(html_text: str, paths: tuple[str, ...]) -> str | None:
    root = html.document_fromstring(html_text.encode(), html.HTMLParser(encoding="utf-8"))
    for part in _at(root, paths):
        before = part.getprevious()
        if before is not None and before.tag in {"dt", "th", "label", "strong", "b"} and part.tag not in {"tr", "li"}:
            part.getparent().remove(before)  # type: ignore[union-attr]
        box = _box(part)
        parent = box.getparent()
        if parent is None:
            return None
        parent.remove(box)
    return etree.tostring(root, encoding="unicode", method="html")


def _box(part: Element) -> Element:
    """Give the outermost element that holds nothing but this one."""
    parent = part.getparent()
    while (
        parent is not None
        and parent.tag not in {"html", "body"}
        and len(parent) == 1
        and not (parent.text or "").strip()
    ):
        part, parent = parent, parent.getparent()
    return part


def _detours(chosen: list[Case], new: dict[str, str]) -> Iterator[Case]:
    """Ask for the element on the project's own login and error pages."""
    pages = [name for name in sorted(new) if _DETOURS.search(name)][:3]
    for number, case in enumerate(chosen[:: max(1, len(chosen) // 6)]):
        if not pages:
            return
        name = pages[number % len(pages)]
        if name in case.id:
            continue
        try:
            text, _ = page(whole(name, new), "detour", 2)
        except ValueError:
            continue
        old = page_of(case.old_html)
        if old is not None and not list(old.root.iter("input")):
            yield Case(
                f"{case.id} at {name}",
                case.project,
                case.held_out,
                "detour",
                case.old_html,
                case.old_selector,
                case.many,
                text,
                (),
            )


def build(folder: Path) -> list[Case]:
    """Fetch all projects and give all cases.

    Raises: SystemExit where no project can be fetched.
    """
    found = [case for source in (*SOURCES, *HELD_OUT) for case in cases(folder, *source)]
    if not found:
        raise SystemExit("no package could be fetched: see that pip reaches its index, then run this again.")
    return found


if __name__ == "__main__":
    for one in build(Path(sys.argv[1])):
        print(json.dumps(asdict(one)))  # noqa: T201 - the result
