"""The way to the model, on real HTTP."""

import contextlib
import json

import httpx
import pytest
from pydantic import SecretStr

from healer.clients.agents import home
from healer.clients.agents.model_proxy import Endpoint, ModelProxy, serving
from healer.clients.agents.walls import Walls
from localworld.model.app import Model
from localworld.model.script import Step, text
from localworld.redis import free_port
from serving import serving as served

KEY = "sk-ant-planted"
ASK = {"model": "m-1", "messages": [], "stream": True}


@contextlib.contextmanager
def proxied(folder, url):
    """Serve a proxy to the model at `url`; give what asks it."""
    (folder / "clone").mkdir()
    endpoint = Endpoint(url, SecretStr(KEY), frozenset({"/v1/messages"}), "m-1")
    proxy, walls = ModelProxy(endpoint), Walls(None, namespaces=False)
    with home.made(folder / "clone", None) as place, serving(proxy, place, walls) as way:
        token = proxy.token.get_secret_value()
        with httpx.Client(base_url=way, headers={"x-api-key": token}, trust_env=False) as http:
            yield http, proxy


@pytest.fixture
def model():
    """Give a model that says one thing."""
    return Model(lambda: iter([Step([text("hello")])]))


def test_the_key_is_put_in_the_tokens_place(tmp_path, model):
    """The model sees the key in the header in which the token came, and its answer streams back."""
    with served(lambda _url: model.app) as url, proxied(tmp_path, url) as (http, proxy):
        answer = http.post("/v1/messages?beta=true", json=ASK)
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert "hello" in answer.text
        assert (model.keys, proxy.answered) == ({KEY}, 1)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"headers": {"x-api-key": KEY}}, 401),
        ({"headers": {"x-api-key": ""}}, 401),
        ({"url": "/v1/files"}, 404),
        ({"json": {**ASK, "model": "m-2"}}, 400),
        ({"json": []}, 400),
        ({"json": None, "content": b"{"}, 400),
    ],
    ids=["key", "nobody", "path", "model", "list", "junk"],
)
def test_what_is_not_the_runs_is_refused(tmp_path, model, change, status):
    """Another token, path or model, and what is no request, never comes to the model."""
    with served(lambda _url: model.app) as url, proxied(tmp_path, url) as (http, proxy):
        answer = http.post(**{"url": "/v1/messages", "json": ASK, **change})
        assert answer.status_code == status
        assert json.loads(answer.text)["type"] == "error"
        assert (model.asked, proxy.answered) == ([], 0)


def test_a_model_that_is_not_there_is_a_bad_gateway(tmp_path):
    """Where nobody answers, the agent is told so in the form that it tries again for, without an address in it."""
    port = free_port()
    with proxied(tmp_path, f"http://127.0.0.1:{port}") as (http, proxy):
        answer = http.post("/v1/messages", json=ASK)
        assert (answer.status_code, proxy.answered) == (502, 0)
        assert str(port) not in answer.text


def test_a_model_that_is_overloaded_says_so_through_the_proxy(tmp_path):
    """Status and Retry-After pass, and cost nothing."""
    model = Model(lambda: iter([Step(status=529, headers={"retry-after": "7"})]))
    with served(lambda _url: model.app) as url, proxied(tmp_path, url) as (http, proxy):
        answer = http.post("/v1/messages", json=ASK)
        assert (answer.status_code, answer.headers["retry-after"], proxy.answered) == (529, "7", 0)
