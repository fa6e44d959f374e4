"""Asking a portal whether it is back."""

import httpx
import pytest
import respx

from healer.clients.probe import is_up

URL = "https://my.tiny.example"
HOSTS = ("my.tiny.example",)


@respx.mock
@pytest.mark.parametrize(("status", "up"), [(200, True), (401, True), (404, True), (500, False), (503, False)])
def test_a_portal_is_up_below_500(status, up):
    """A portal that answers anything but a server error is up; it is asked once, without cookies or login."""
    route = respx.get(URL).respond(status)
    assert is_up(URL, HOSTS) is up
    assert route.call_count == 1
    assert not {"authorization", "cookie"} & set(route.calls.last.request.headers)


@respx.mock
def test_silence_is_down():
    """A portal that does not answer is down."""
    respx.get(URL).mock(side_effect=httpx.ConnectTimeout)
    assert not is_up(URL, HOSTS)


@respx.mock
def test_a_redirect_is_followed_within_the_importers_hosts():
    """A redirect to a maintenance page of the portal is down; one that leads elsewhere is not followed."""
    respx.get(URL).respond(302, headers={"location": "/maintenance"})
    respx.get(URL + "/maintenance").respond(503)
    assert not is_up(URL, HOSTS)
    respx.get(URL).respond(302, headers={"location": "https://elsewhere.example/"})
    assert is_up(URL, HOSTS)


@respx.mock
def test_a_circle_of_redirects_is_down():
    """Redirects without an end are no answer."""
    respx.get(URL).respond(302, headers={"location": "/"})
    respx.get(URL + "/").respond(302, headers={"location": "/"})
    assert not is_up(URL, HOSTS)
