"""How many lookups relocation finds again on pages of real redesigns, how many it gets wrong, and how long a case takes.

Beside it Scrapling's adaptive mode, where `--scrapling` names the Python of an environment that has it.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from bench.figures import hardware, percentile, write
from bench.pairs import Case, build
from healer.element import Element, text_of
from healer.portrait import page_of
from healer.relocate import relocate
from healer.selector import select

RESULT: Final = Path(__file__).parent / "results" / "relocate.json"
_RIVAL: Final = """
import json, sys, time
from scrapling.parser import Selector
for line in sys.stdin:
    case = json.loads(line)
    start, found = time.process_time(), []
    try:
        old, new = (Selector(case[page], adaptive=False) for page in ("old_html", "new_html"))
        look = "xpath" if case["old_selector"].startswith("/") else "css"
        found = getattr(new, look)(case["old_selector"])
        if not found:
            found = new.relocate(getattr(old, look)(case["old_selector"])[0]._root, percentage=0, selector_type=True)
        found = [part._root.getroottree().getpath(part._root) for part in found or []]
    except Exception as error:
        print(repr(error)[:200], file=sys.stderr)
    print(json.dumps({"found": found, "cpu_ms": (time.process_time() - start) * 1000}), flush=True)
"""


def verdict(case: Case, found: Sequence[Element]) -> str:
    """Say whether an answer is right, wrong or none; none is right where nothing is there to be found."""
    page = page_of(case.new_html)
    if not found or page is None:
        return "null" if case.expected else "right"
    wanted = [part for path in case.expected for part in page.root.xpath(path) if isinstance(part, Element)]  # type: ignore[union-attr]
    taken = list(found) if case.many else list(found)[:1]
    same = len(taken) == len(wanted) and all(_is_same(one, other) for one, other in zip(taken, wanted, strict=True))
    return "right" if same else "wrong"


def _is_same(one: Element, other: Element) -> bool:
    """Say whether two are one element, or one wraps the other and shows no more."""
    nested = one in other.iterancestors() or other in one.iterancestors()
    return one is other or (nested and text_of(one) == text_of(other))


def ours(cases: Sequence[Case]) -> list[tuple[str, float]]:
    """Answer every case; give the verdict and the processor's milliseconds of each."""
    answers = []
    for case in cases:
        page_of.cache_clear()
        start = time.process_time()
        answer = relocate(case.old_html, case.old_selector, case.new_html, many=case.many)
        spent = (time.process_time() - start) * 1000
        page = page_of(case.new_html)
        found = select(page.root, answer.selector) if answer and page else []
        answers.append((verdict(case, found or []), spent))
    return answers


def scrapling(python: str, cases: Sequence[Case]) -> list[tuple[str, float]]:
    """Let Scrapling's adaptive mode answer the same cases, each asked for the element that it saved of the old page."""
    lines = "".join(
        json.dumps({"old_html": c.old_html, "old_selector": c.old_selector, "new_html": c.new_html}) + "\n"
        for c in cases
    )
    done = subprocess.run([python, "-c", _RIVAL], input=lines, capture_output=True, text=True, check=True)  # noqa: S603 - our own argv
    answers = []
    for case, line in zip(cases, done.stdout.splitlines(), strict=True):
        told, page = json.loads(line), page_of(case.new_html)
        found = [part for path in told["found"] for part in page.root.xpath(path)] if page else []  # type: ignore[union-attr]
        answers.append((verdict(case, [part for part in found if isinstance(part, Element)]), told["cpu_ms"]))
    return answers


def figures(cases: Sequence[Case], answers: Sequence[tuple[str, float]]) -> dict[str, Any]:
    """Give shares by kind of case, and the milliseconds."""
    told: dict[str, Any] = {}
    for kind in ("moved", "stands", "gone", "detour"):
        counted = Counter(what for case, (what, _) in zip(cases, answers, strict=True) if case.kind == kind)
        whole = counted.total()
        if whole:
            told[kind] = {"cases": whole, **{w: round(counted[w] / whole, 4) for w in ("right", "wrong", "null")}}
    spent = sorted(ms for _, ms in answers)
    told["cpu"] = (
        {f"p{round(100 * share)}_ms": round(percentile(spent, share), 1) for share in (0.5, 0.95, 0.99)}
        if spent
        else {}
    )
    return told


def main() -> None:
    """Measure, print, and write the result down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var/relocate"))
    parser.add_argument("--split", choices=("development", "held_out", "both"), default="development")
    parser.add_argument("--scrapling")
    parser.add_argument("--show", choices=("wrong", "null"))
    asked = parser.parse_args()
    every = build(asked.folder)
    told: dict[str, Any] = {"machine": hardware()}
    for split in ("development", "held_out"):
        if asked.split not in {split, "both"}:
            continue
        cases = [case for case in every if case.held_out == (split == "held_out")]
        answers = ours(cases)
        told[split] = {"projects": sorted({case.project for case in cases}), "healer": figures(cases, answers)}
        if asked.scrapling:
            told[split]["scrapling"] = figures(cases, scrapling(asked.scrapling, cases))
        for case, (what, _) in zip(cases, answers, strict=True):
            if what == asked.show and case.kind != "stands":
                sys.stdout.write(f"{case.kind}: {case.id}: {case.old_selector}\n")
    sys.stdout.write(json.dumps(told, indent=1) + "\n")
    if asked.split == "both":
        write(RESULT, told)


if __name__ == "__main__":
    main()
