"""Redaction of a text that comes in pieces: the same output as for the whole, however it is cut.

Held back is only what may be the beginning of a secret; what stands before it goes out at once.
"""

from typing import Final

from healer.redact import MASK, MINIMUM, Redactor, merged
from healer.views import Span

LONGEST_HELD: Final = 262_144
"""Characters. A beginning that goes on for longer is let go: nothing that is searched for is that long."""


class RedactedStream:
    """One text on its way through a redactor."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._text = ""
        # Indices of _text: all that begins before the first is decided; all before the second has been given out.
        self._decided = self._given = 0
        self._after_mask = False

    def feed(self, text: str) -> str:
        """Take the next piece; give what can go out now."""
        self._text += text
        return self._look(final=len(self._text) - self._decided > LONGEST_HELD)

    def pause(self) -> str:
        """Give what is held back where it is too short to be a secret: for a reader who waits while nothing comes.

        If the rest of a secret comes later, it is masked; the few characters of its beginning are out.
        """
        held = self._text[self._given :]
        if len(held) >= MINIMUM:
            return ""
        self._given, self._after_mask = len(self._text), self._after_mask and not held
        return held

    def finish(self) -> str:
        """Say that nothing more comes; give the rest."""
        return self._look(final=True)

    def _look(self, *, final: bool) -> str:
        scan = self._redactor.scan(self._text, self._decided, final=final)
        told = self._told(scan.spans, scan.decided)
        self._decided = max(self._decided, scan.decided)
        needed = min(scan.needed, self._given)
        self._text = self._text[needed:]
        self._decided, self._given = self._decided - needed, self._given - needed
        return told

    def _told(self, spans: list[Span], until: int) -> str:
        out = []
        for start, end in merged(spans):
            if start > self._given:
                out.append(self._plain(start))
            if end > self._given:
                out += [] if self._after_mask and start <= self._given else [MASK]
                self._given, self._after_mask = end, True
        return "".join([*out, self._plain(until)])

    def _plain(self, until: int) -> str:
        plain = self._text[self._given : until]
        if plain:
            self._given, self._after_mask = until, False
        return plain
