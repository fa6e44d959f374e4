"""What an importers repository gets for the gate."""

from healer.installer import CALLER, RECORDER, diff, wanted

TEMPLATE = "uses: __GATE_REPOSITORY__/.github/workflows/verify-fetch.yml@__GATE_SHA__\n"
GATE = ("acme/importer-healer", "a" * 40)


def install(have, owners="@acme/keepers"):
    return wanted(have, {CALLER: TEMPLATE}, "# recorder\n", gate=GATE, owners=owners, recorder_path=RECORDER)


def test_a_bare_repository_gets_all_of_it():
    """The caller is pinned to the gate's commit; recorder and owners come along."""
    files = install({})
    assert set(files) == {CALLER, RECORDER, ".github/CODEOWNERS"}
    assert files[CALLER] == f"uses: acme/importer-healer/.github/workflows/verify-fetch.yml@{'a' * 40}\n"
    assert "/importers.toml @acme/keepers" in files[".github/CODEOWNERS"].splitlines()


def test_a_second_time_changes_nothing():
    """What was installed is recognised; a newer commit of the gate changes the caller alone."""
    have = install({})
    assert install(have) == {}
    assert set(install({**have, CALLER: TEMPLATE})) == {CALLER}


def test_nothing_of_the_repository_is_lost():
    """A CODEOWNERS of its own is added to where it lies, without a line break at its end too; a recorder of its own stays."""
    files = install({"CODEOWNERS": "* @acme/all", RECORDER: "# ours"})
    assert set(files) == {CALLER, "CODEOWNERS"}
    assert files["CODEOWNERS"].startswith("* @acme/all\n\n#")


def test_without_owners_the_lines_are_a_hint():
    """A made-up team would block every pull request: without a name the lines are comments."""
    text = install({}, owners="")[".github/CODEOWNERS"]
    assert all(line.startswith("#") for line in text.splitlines())


def test_the_change_can_be_read_before_it_is_made():
    """The diff names new files as new, and applies."""
    have = {"CODEOWNERS": "* @acme/all\n"}
    text = diff(have, install(have))
    assert "--- /dev/null\n+++ b/.github/workflows/healer-gate.yml" in text
    assert "--- a/CODEOWNERS\n+++ b/CODEOWNERS" in text
