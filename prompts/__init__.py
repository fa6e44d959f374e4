"""Prose for agents, versioned and rendered; no decision is made here.

A prompt speaks about foreign text (pages, source, failures): such text is a value, never part of a template, and stands in a fence
that it cannot close.
"""

import re
from functools import cache
from typing import Final, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from healer.clients.agents.seam import Prompt
from healer.contracts import Brief

PROMPT_VERSION: Final = "5"
"""Counts up with every change of a prompt's text; commits name it, so that outcomes can be compared."""

Name = Literal["system", "brief", "review"]
_SHORTEST_FENCE: Final = 3
_LONGEST_PAGE: Final = 40_000


def _fence(text: str, language: str = "") -> str:
    """Give text as a Markdown block whose fence is longer than any run of backticks in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(_SHORTEST_FENCE, longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _clip(text: str) -> str:
    """Give a page as far as a brief carries it."""
    left = len(text) - _LONGEST_PAGE
    return text if left <= 0 else f"{text[:_LONGEST_PAGE]}\n[{left} characters more]"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader(__name__, "."),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - Markdown for a model, not HTML for a browser
    )
    environment.filters |= {"fence": _fence, "clip": _clip}
    return environment


def render(name: Name, **values: object) -> str:
    """Give a prompt's text with its values set.

    Raises: jinja2.UndefinedError where a value that the prompt names is absent.
    """
    return _environment().get_template(f"{name}.md").render(**values)


def write(brief: Brief) -> Prompt:
    """Put a brief into words, with the rules that hold for every case: one with a proposed change is judged, any other mended."""
    return Prompt(system=render("system"), task=render("review" if brief.proposed else "brief", brief=brief))
