"""The doctor's look at this machine's Docker, in earnest."""

import pytest

from gate_runner import BASE_IMAGE
from healer.clients import hardening
from healer.doctor import hardening as judged
from healer.errors import UpstreamError

pytestmark = pytest.mark.docker


def test_walls_of_the_gate_stand_on_this_machine():
    """A container with the gate's options finds each of its walls, as the kernel tells it."""
    assert [found for found in judged(hardening.facts(BASE_IMAGE)) if found.mark != "good"] == []


def test_image_that_is_not_there_is_an_error_with_its_reason():
    """Nothing is pulled for the doctor: an image that the machine lacks is told."""
    with pytest.raises(UpstreamError, match="docker create failed"):
        hardening.facts("healer-no-such-image:1")
