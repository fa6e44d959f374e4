"""Plays JIRA, Cloud or Data Center, from one store: REST, a page a person can read, faults and a record."""
