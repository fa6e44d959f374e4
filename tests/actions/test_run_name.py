"""What a gate run makes, among others on one engine."""

from pathlib import Path

from actions.run_name import run_name
from healer.settings import ActionsSettings


def a_job(**fields):
    return ActionsSettings(
        **{
            "github_server_url": "https://github.example",
            "github_repository": "acme/importers",
            "github_run_id": 7001,
            "github_run_attempt": 1,
            "github_ref": "refs/heads/main",
            "github_sha": "a" * 40,
            "github_workspace": Path(),
            "runner_temp": Path(),
            "actions_id_token_request_url": "https://github.example/token",
            "actions_id_token_request_token": "t",
            **fields,
        }
    )


def test_runs_of_two_servers_on_one_engine_do_not_meet():
    """Two servers number their runs alike; their images and containers have names of their own all the same."""
    jobs = [a_job(), a_job(github_server_url="https://ghes.example"), a_job(github_repository="other/importers")]
    assert len({run_name(job) for job in jobs}) == 3
    assert run_name(a_job()) == run_name(a_job())
