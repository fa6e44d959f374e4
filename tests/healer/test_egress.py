"""Whom a container asks for."""

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer.egress import Contacts, allowed, asked_host, check_hosts, dns_reply, spelled

HOSTS = ("My.Brightwater.example", "172.17.0.1:8123")
QUERY = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02my\x0bbrightwater\x07example\x00\x00\x01\x00\x01"


def client_hello(name):
    context, outgoing = ssl.create_default_context(), ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@pytest.mark.parametrize(
    ("name", "port", "passes"),
    [
        ("my.brightwater.example", 443, True),
        ("my.brightwater.example", 80, True),
        ("my.brightwater.example", 8443, False),
        ("brightwater.example", 443, False),
        ("my.brightwater.example.evil.example", 443, False),
        ("172.17.0.1", 8123, True),
        ("172.17.0.1", 80, False),
        ("", 443, False),
    ],
)
def test_only_an_importers_own_hosts_are_allowed(name, port, passes):
    """A host without a port stands for the ports of HTTP, one with a port for that port; nothing above or below a name is meant."""
    assert allowed(name, port, HOSTS) is passes


def test_tls_tells_its_name():
    """The name is read from a client's first message, as soon as that is whole."""
    hello = client_hello("My.Brightwater.example")
    assert asked_host(hello) == "my.brightwater.example"
    assert asked_host(hello[:40]) is None
    assert asked_host(b"") is None


def test_http_tells_its_host():
    """The Host header counts, without its port and as soon as the head is whole."""
    head = b"GET http://other.example/ HTTP/1.1\r\nHost: My.Brightwater.example:80\r\n\r\n"
    assert asked_host(head) == "my.brightwater.example"
    assert asked_host(head[:-2]) is None


@pytest.mark.parametrize(
    "first", [b"SSH-2.0-x\r\n\r\n", b"\x16\x03\x01nonsense" * 9, b"GET / HTTP/1.0\r\n\r\n", b"\x00\r\n\r\n"]
)
def test_what_names_nobody_is_nobody(first):
    """Other protocols and broken ones name no host, so that the address counts."""
    assert asked_host(first) == ""


def test_every_name_has_the_same_address():
    """A question for an address gets one, any other question an empty answer; no name is ever passed on."""
    name, reply = dns_reply(QUERY, "203.0.113.1")
    assert name == "my.brightwater.example"
    assert reply[:2] == QUERY[:2]
    assert reply.endswith(bytes([203, 0, 113, 1]))
    _, empty = dns_reply(QUERY[:-3] + b"\x1c\x00\x01", "203.0.113.1")
    assert int.from_bytes(empty[6:8]) == 0


@given(st.binary(max_size=80))
def test_any_bytes_are_read_without_an_error(data):
    """Whatever a container sends, nothing raises."""
    dns_reply(data, "203.0.113.1")
    asked_host(data)


@given(st.text(max_size=300), st.integers(0, 65535))
def test_a_made_up_name_is_shown_as_a_name(name, port):
    """What is reported of a host has a name's characters only, and an end."""
    shown = spelled(name, port)
    assert len(shown) <= 106
    assert set(shown) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-?:")


def test_hosts_are_judged_where_they_were_watched():
    """A refused host fails the check and is named; without a fence there is no check."""
    [good] = check_hosts(Contacts(contacted=("a.example",)))
    [bad] = check_hosts(Contacts(contacted=("a.example",), refused=("b.example",)))
    assert (good.passed, good.detail, bad.passed, bad.detail) == (True, "a.example", False, "asked for b.example")
    assert check_hosts(Contacts(unfenced="no root")) == ()
