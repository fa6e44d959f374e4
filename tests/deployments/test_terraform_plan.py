"""What Terraform itself says of our configuration, with AWS' own provider and without an account."""

import os
import shutil
import subprocess
from itertools import chain
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "deployments/terraform"
TERRAFORM = shutil.which("terraform")


def mirror() -> Path | None:
    """Give a folder from which Terraform can install providers without a network: a named one, or one of the usual places."""
    named = os.environ.get("HEALER_TEST_TERRAFORM_PROVIDERS")
    usual = (
        Path.home() / ".terraform.d/plugins",
        *map(Path, ("/usr/local/share", "/usr/share")),
        *Path("/opt").glob("*"),
    )
    places = [Path(named)] if named else chain.from_iterable((place, place / "terraform/plugins") for place in usual)
    return next((place for place in places if (place / "registry.terraform.io/hashicorp/aws").is_dir()), None)


@pytest.fixture(scope="module")
def terraform(tmp_path_factory):
    """Give what runs Terraform on a copy of our files, with the providers that are here."""
    providers = mirror()
    if TERRAFORM is None:
        pytest.skip("no terraform here")
    if providers is None:
        pytest.skip("no mirror of Terraform's providers here (HEALER_TEST_TERRAFORM_PROVIDERS)")
    root = tmp_path_factory.mktemp("terraform")
    copied = shutil.copytree(FOLDER, root / "copy", ignore=shutil.ignore_patterns(".terraform*"))
    config = root / "config"
    config.write_text(f'provider_installation {{\n  filesystem_mirror {{\n    path = "{providers}"\n  }}\n}}\n')
    env = {"PATH": os.environ["PATH"], "TF_CLI_CONFIG_FILE": str(config), "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1"}

    def run(*argv: str) -> tuple[int, str]:
        done = subprocess.run(
            [TERRAFORM, *argv], cwd=copied, env=env, capture_output=True, text=True, check=False, timeout=100
        )
        return done.returncode, done.stdout + done.stderr

    code, said = run("init", "-backend=false", "-input=false")
    assert code == 0, said
    return run


def test_files_have_terraforms_own_form(terraform):
    """`terraform fmt` would change nothing."""
    assert terraform("fmt", "-check", "-recursive") == (0, "")


def test_the_plan_is_accepted_and_keeps_our_rules(terraform):
    """Provider and language take every resource, each address is known, and the rules of `plan.tftest.hcl` hold."""
    code, said = terraform("test")
    assert code == 0, said
    assert "4 passed, 0 failed" in said


def test_the_configuration_is_valid(terraform):
    """`terraform validate` finds nothing."""
    assert terraform("validate", "-json")[0] == 0
