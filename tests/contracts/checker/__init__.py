"""Judges recorded exchanges with GitHub and JIRA by the vendors' own contracts."""

from contracts.checker.finding import Finding, Kind
from contracts.checker.judging import judge, tally

__all__ = ["Finding", "Kind", "judge", "tally"]
