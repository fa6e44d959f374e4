"""Search for many needles at once, also for those of which a text holds only the beginning so far.

The automaton knows the needles' heads alone, which keeps it small enough for the processor's caches; what follows a head is
compared byte by byte, which is rare.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation

from healer.views import Span

_HEAD: Final = 8


class Sight(NamedTuple):
    """What a search saw: where needles are, which hints are where, and from where on the data may be the beginning of one."""

    found: set[Span]
    hints: list[tuple[int, bytes]]
    live: int


class Search:
    """The needles, ready to be searched for, and hints (short needles), which are told apart from them."""

    def __init__(self, needles: Iterable[bytes], hints: Iterable[bytes] = ()) -> None:
        by_head: dict[bytes, list[bytes]] = {}
        for needle in needles:
            by_head.setdefault(needle[:_HEAD], []).append(needle)
        self._groups = list(by_head.values())
        words = [*by_head, *hints]
        self._begun = frozenset(word[:size] for word in words for size in range(1, len(word)))
        self._longest_begun = max(map(len, self._begun), default=0)
        self._automaton = BytesAhoCorasick(words, implementation=Implementation.DFA)

    def look(self, data: bytes) -> Sight:
        """Find every occurrence of every needle and hint, overlapping ones too."""
        found, hints, live = set(), [], self._begun_at(data)
        for number, start, end in self._automaton.find_matches_as_indexes(data, overlapping=True):
            if number >= len(self._groups):
                hints.append((start, data[start:end]))
                continue
            for needle in self._groups[number]:
                if data.startswith(needle, start):
                    found.add((start, start + len(needle)))
                elif start + len(needle) > len(data) and needle.startswith(data[start:]):
                    live = min(live, start)
        return Sight(found, hints, live)

    def _begun_at(self, data: bytes) -> int:
        """Give where the longest beginning stands of which the automaton says nothing."""
        sizes = range(min(self._longest_begun, len(data)), 0, -1)
        return len(data) - next((size for size in sizes if data[-size:] in self._begun), 0)
