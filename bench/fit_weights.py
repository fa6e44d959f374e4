"""Fits the beliefs of `healer/weights.py` to pairs of the development projects, and writes them there: `python -m bench.fit_weights`.

Logistic regressions, each weight held to the sign that its evidence must have, with projects kept apart in the cross-validation. Nothing
is random. The points between elements (`WEIGHTS`) stay as they are: what the pairs hardly show is set by hand there.
"""

import argparse
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from multiprocessing import Pool
from pathlib import Path
from typing import Final

import healer.weights
from bench.examples import Example, examples
from bench.pairs import cases
from bench.sources import SOURCES

_FILE: Final = Path(healer.weights.__file__)
_FOLDS: Final = 5
_ROUNDS: Final = 250
_STEP: Final = 0.5
_HELD: Final = 0.0003
"""How strongly a weight is held to 0, for each example."""
_WRONG: Final = 3.0
"""How much more a wrong answer counts than a missing one."""
_SPEAKS: Final = """
margin claim claim_neg lead same ahead portrayed share anchor same_text labels same_label same_address leads_there before after
same_before same_after between just_between same_shape same_value words same_words class_words id_words same_id same_name path
attributes row_heads headings around inside same_addresses same_tag counts marks name_words
"""
_CONTRADICTS: Final = """
near text_gone other_label other_after other_value other_words words_appear one_repeated one_text far_family other_row_head
other_address other_suffix one_leads address_lost address_foreign other_goal name_lost name_foreign text_foreign texts_apart
other_type
"""
_SIGNS: Final = {**dict.fromkeys(_SPEAKS.split(), 1.0), **dict.fromkeys(_CONTRADICTS.split(), -1.0)}
_ONLY: Final = {
    "ahead": {"FOUND"},
    "lead": {"STANDS"},
    "same": {"STANDS"},
    "counts": {"STANDS"},
    "share": {"SECOND"},
    "anchor": {"SECOND"},
}
Weights = dict[str, float]


def names_of(model: str) -> list[str]:
    """Give what a model looks at."""
    return [name for name in _SIGNS if model in _ONLY.get(name, {model})]


def fit(given: Sequence[Example], model: str) -> Weights:
    """Give the weights of a model, by Adam's method over all examples at once."""
    names = names_of(model)
    rows = [([(name, one.known[name]) for name in names if one.known.get(name)], one) for one in given]
    weights: Weights = {**dict.fromkeys(names, 0.0), "bias": 0.0}
    first, second = dict.fromkeys(weights, 0.0), dict.fromkeys(weights, 0.0)
    whole = sum(one.share * (1.0 if one.right else _WRONG) for one in given) or 1.0
    for turn in range(1, _ROUNDS + 1):
        slope = {name: _HELD * weight if name != "bias" else 0.0 for name, weight in weights.items()}
        for row, one in rows:
            sure = _sure(weights, row)
            off = (sure - one.right) * one.share * (1.0 if one.right else _WRONG) / whole
            slope["bias"] += off
            for name, value in row:
                slope[name] += off * value
        for name, tilt in slope.items():
            first[name] = 0.9 * first[name] + 0.1 * tilt
            second[name] = 0.99 * second[name] + 0.01 * tilt * tilt
            mean, spread = first[name] / (1 - 0.9**turn), second[name] / (1 - 0.99**turn)
            weights[name] -= _STEP * (1 - turn / (_ROUNDS + 1)) * mean / (math.sqrt(spread) + 1e-6)
            if name != "bias" and weights[name] * _SIGNS[name] < 0:
                weights[name] = 0.0
    return {**weights, "bias": weights["bias"] + math.log(_WRONG)}  # so that a belief says again how often it is right


def _sure(weights: Mapping[str, float], row: Sequence[tuple[str, float]]) -> float:
    total = weights["bias"] + sum(weights[name] * value for name, value in row)
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, total))))


def judged(given: Sequence[Example], model: str) -> Iterator[tuple[float, Example]]:
    """Give each example with what a model says of it that saw no page of its project."""
    for fold in range(_FOLDS):
        known = [one for one in given if _fold(one.project) != fold]
        weights = fit(known, model)
        for one in given:
            if _fold(one.project) == fold:
                yield _sure(weights, [(name, one.known.get(name, 0.0)) for name in names_of(model)]), one


def _fold(project: str) -> int:
    return sha256(project.encode()).digest()[0] % _FOLDS


def told(scored: Sequence[tuple[float, Example]], model: str) -> Iterator[str]:
    """Say what each bar would let through: shares of the right and of the wrong answers, by sort of case."""
    for bar in (0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97):
        line = f"{model} {bar:.2f}"
        for sort in ("moved", "stands", "further", "gone"):
            mine = [(sure, one) for sure, one in scored if one.sort == sort]
            passed = [one for sure, one in mine if sure >= bar]
            right = sum(one.right for one in passed)
            line += (
                f"  {sort} {100 * right / max(1, len(mine)):.1f}/{100 * (len(passed) - right) / max(1, len(mine)):.1f}"
            )
        yield line


def write(fitted: Mapping[str, Weights]) -> None:
    """Put the weights in the place of those in the file."""
    text = _FILE.read_text(encoding="utf-8")
    for model, weights in fitted.items():
        kept = {name: weight for name, weight in weights.items() if abs(weight) >= 0.005}  # noqa: PLR2004 - two digits
        body = "".join(f'    "{name}": {weight:.2f},\n' for name, weight in kept.items())
        begin = text.index("{\n", text.index(f"{model}: Final")) + 2
        text = text[:begin] + body + text[text.index("}\n", begin) :]
    _FILE.write_text(text, encoding="utf-8")


def main() -> None:
    """Gather the examples, fit, say what the cross-validation shows, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path("var/relocate"))
    parser.add_argument("--nth", type=int, default=1, help="take each nth case only")
    asked = parser.parse_args()
    every = [case for source in SOURCES for case in cases(asked.folder, *source)][:: asked.nth]
    with Pool() as pool:
        given = [one for some in pool.map(examples, every, chunksize=40) for one in some]
    fitted = {}
    for model in ("FOUND", "SECOND", "STANDS"):
        mine = [one for one in given if one.model == model]
        sys.stdout.write("\n".join(told(list(judged(mine, model)), model)) + "\n")
        fitted[model] = fit(mine, model)
    write(fitted)


if __name__ == "__main__":
    main()
