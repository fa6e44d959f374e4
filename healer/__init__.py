"""Importer Healer: from a JIRA ticket about a broken importer to a pull request that a gate has proved.

Read the file list as the story: `intake`, `triage`, `brief`, `patch`, `push`, `verify`, `publish` decide; `clients` do.
Deciders take values and return values. Clients are one door each to one outside system. Stages meet only in `contracts`.
"""

__version__ = "0.1.0"
