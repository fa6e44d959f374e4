"""What becomes of one sealed value when all are sealed anew under the writing key."""

from enum import StrEnum


class Rewrapped(StrEnum):
    """Seen from the end: under the writing key already, now under it, gone (expired, or taken away), or not to be opened."""

    CURRENT = "current"
    RENEWED = "renewed"
    GONE = "gone"
    UNREADABLE = "unreadable"
