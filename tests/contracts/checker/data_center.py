"""Where JIRA Data Center rightly differs from the Cloud document; there is no published document of its own."""

from collections.abc import Iterable

from contracts.checker.dialect import Json
from contracts.checker.listed import Listed

DIFFERENCES = (
    Listed(
        "DATA_CENTER",
        r"GET /rest/api/3/search",
        r"query parameter validateQuery=.* is not one of",
        "validateQuery is true or false on Data Center, strict, warn or none on Cloud; the jira library sends True",
    ),
    Listed(
        "DATA_CENTER",
        r"GET /rest/api/3/user/search",
        r"query parameter (includeActive|includeInactive) is not documented",
        "Data Center alone can leave out active or inactive people",
    ),
)


def speaks_data_center(entries: Iterable[Json]) -> bool:
    """Tell by the server's own word (`deploymentType` of serverInfo), which the jira library asks for first."""
    answers = (e.get("response_body") for e in entries if isinstance(e, dict) and "/serverInfo" in str(e.get("url")))
    return any(isinstance(answer, dict) and answer.get("deploymentType") == "Server" for answer in answers)
