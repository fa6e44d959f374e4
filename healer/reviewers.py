"""Who is asked to review a pull request: the code owners of its files, else the importer's owner where that is a name at GitHub. Pure.

Form of CODEOWNERS: docs.github.com, "About code owners". Addresses of e-mail are passed over: nobody can be asked by one.
"""

import re
from collections.abc import Iterable
from typing import Final

from healer.contracts import Contract

PLACES: Final = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks for it, in this order; the first one counts."""
_MOST: Final = 10
_PERSON: Final = re.compile(r"@([A-Za-z0-9][A-Za-z0-9-]{0,38})")
_TEAM: Final = re.compile(r"@[\w.-]+/([\w.-]+)")
_PARTS: Final = re.compile(r"\*\*/|/\*\*$|\*\*|\*|\?|.")
_GLOBS: Final = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}


class Reviewers(Contract):
    """Logins of people, and slugs of teams in the organization that owns the repository."""

    people: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()


def of(codeowners: str, paths: Iterable[str], owner: str) -> Reviewers:
    """Give who reviews a change of these paths; `codeowners` is empty where the repository has none."""
    names = [name for path in paths for name in _owners(codeowners, path)] or [owner]
    people = [found[1] for found in map(_PERSON.fullmatch, names) if found]
    teams = [found[1] for found in map(_TEAM.fullmatch, names) if found]
    return Reviewers(people=tuple(dict.fromkeys(people))[:_MOST], teams=tuple(dict.fromkeys(teams))[:_MOST])


def _owners(codeowners: str, path: str) -> list[str]:
    """Give the owners of one path: those of the last line that matches."""
    owners: list[str] = []
    for line in codeowners.splitlines():
        words = line.partition("#")[0].split()
        if words and _expression(words[0]).fullmatch(path):
            owners = words[1:]
    return owners


def _expression(pattern: str) -> re.Pattern[str]:
    """Give a pattern's regular expression: of a folder it means all that is in it, without a slash it means any depth."""
    body = pattern.strip("/")
    glob = "".join(_GLOBS.get(part, re.escape(part)) for part in _PARTS.findall(body))
    anywhere = "" if pattern.startswith("/") or "/" in body else "(?:.*/)?"
    below = "/.*" if pattern.endswith("/") else "" if "*" in body.rpartition("/")[2] else "(?:/.*)?"
    return re.compile(f"{anywhere}{glob}{below}")
