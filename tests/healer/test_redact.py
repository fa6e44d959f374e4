"""Rules of redaction: known values in any writing, unknown ones by form, ordinary text untouched."""

import html
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer.encodings import needles
from healer.redact import MASK, Redactor, is_maskable
from writings import AWKWARD, WRITINGS, b64


def test_the_table_is_long_enough() -> None:
    """The table holds at least 48 encodings."""
    assert len(WRITINGS) >= 48


@pytest.mark.parametrize("name", WRITINGS)
@pytest.mark.parametrize("secret", AWKWARD)
def test_known_value_is_masked_however_it_is_written(name: str, secret: str) -> None:
    """A known value is masked in full in every encoding of the table."""
    write = WRITINGS[name]
    masked = Redactor([secret]).text(write(secret))
    assert MASK in masked
    assert len(_telling(masked)) <= len(_telling(write("")))


def _telling(text: str) -> str:
    """Give what is left but masks, colours, blanks, and base64's padding, which tells nothing of a secret."""
    return re.sub(r"\*\*\*|\x1b\[[0-9;]*m|\\[nr]|[\0\s=]", "", text)


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize("secret", AWKWARD)
def test_value_inside_a_base64_text_is_masked(secret: str, before: str) -> None:
    """A known value inside a longer base64 text is masked at each of the three offsets, but for characters shared with neighbours."""
    written = b64(before + secret + "tail")
    masked = Redactor([secret]).text(written)
    left, _, right = masked.partition(MASK)
    assert MASK in masked
    assert len(left) * 6 < len(before) * 8 + 6
    assert len(right.rstrip("=")) <= 7


def test_each_line_of_a_value_is_masked_by_itself() -> None:
    """Each line of a value with several lines is a secret of its own."""
    redactor = Redactor(["first-line-1\nsecond-line-2"])
    assert redactor.text("a second-line-2 b") == "a *** b"
    assert redactor.text(json.dumps("first-line-1\nsecond-line-2")) == '"***"'


@pytest.mark.parametrize("value", ["", "abc", "12345", "000000", "ababab", "password", "  x ", "Administrator"])
def test_short_or_common_values_leave_text_alone(value: str) -> None:
    """Values that are shorter than six characters, monotonous, or everyday words are not masked."""
    text = "the administrator set password to abc 12345 000000 ababab x"
    assert Redactor([value]).text(text) == text
    assert not is_maskable(value)


SHAPED = {
    "github": "ghp_" + "a1B2" * 9,
    "github installation": "ghs_1234567_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnLW5h-dHVyZQ",
    "github fine-grained": "github_pat_11ABCDEFG0123456789_abcdefghijkl",
    "anthropic": "sk-ant-api03-AbCdEf123456-_7890",
    "aws": "AKIAIOSFODNN7EXAMPLE",
    "card": "4111 1111 1111 1111",
    "card in one": "5555555555554444",
    "card of fifteen": "3782-822463-10005",
    "atlassian": "ATATT3xFfGF0abcdefghijklmnopqrstuvwxyz=1234ABCD",
    "slack": "xoxb-123456789012-abcdefGHIJ",
    "jwt": "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJl",
    "signing key": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nAAAA==\n-----END RSA PRIVATE KEY-----",
    "private key cut off": "-----BEGIN PRIVATE KEY-----\nMIIEowAAAA",
    "healer token": "healer_" + "Ab3-" * 10,
}


@pytest.mark.parametrize("name", SHAPED)
def test_token_is_masked_by_its_form(name: str) -> None:
    """A vendor's token is masked although nobody registered it."""
    assert Redactor().text(f"got {SHAPED[name]}, then") == "got ***, then"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("{'authorization': 'token abc'}", "{'authorization': 'token ***'}"),
        ("sent Basic dXNlcjpwYXNz now", "sent Basic dXNlcjpwYXNz now"),
        ("sent Basic dXNlcjpwYXNzMQ== now", "sent Basic *** now"),
        ("Set-Cookie: session=abc; Path=/\nnext", "Set-Cookie: ***\nnext"),
        ("git clone https://x-access-token:abc@github.example/a.git", "git clone https://***@github.example/a.git"),
        ("see https://github.example/a@b?c=d@e", "see https://github.example/a@b?c=d@e"),
        ("a basic understanding of bearer bonds", "a basic understanding of bearer bonds"),
        ('{"SecretAccessKey": "' + "wJalr/XUtn" * 4 + '"}', '{"SecretAccessKey": "***"}'),
        (r'"{\"authorization\": \"token abc\"}"', r'"{\"authorization\": \"token ***"}"'),
        ("https://hooks.slack.com/services/T0/B0/abcdef", "https://hooks.slack.com/***"),
        (
            "mail to ops@utility.example about account no. 70012345",
            "mail to ops@utility.example about account no. 70012345",
        ),
    ],
)
def test_header_and_address_keep_their_frame(text: str, masked: str) -> None:
    """Of a header or an address only the secret part is masked; prose about them is left alone."""
    assert Redactor().text(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",  # its last digit is not the check digit
        "4111 1111-1111 1111",
        "0.4111111111111111",
        "id4111111111111111",
        "1732477622123",
        "2026-11-24 19:47:02 200 4512 7 1234",
    ],
)
def test_other_numbers_are_no_cards(text: str) -> None:
    """A number is a card's only with a brand's beginning and grouping, and with the right check digit."""
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("from Jane.Doe+bills@utility.example.", "from ***."),
        ("a@b.example,c@d.example", "***,***"),
        ("account number: 123-456 789", "account number: ***"),
        ('{"account_id": "70012345"}', '{"account_id": "***"}'),
        ("acct #70012345, acct 12", "acct #***, acct 12"),
        ("customer service is @home", "customer service is @home"),
    ],
)
def test_personal_data_is_masked_on_demand(text: str, masked: str) -> None:
    """E-mail addresses and account numbers are masked where a redactor is asked to, and else left alone."""
    assert Redactor(personal=True).text(text) == masked
    assert Redactor().text(text) == text


def test_value_inside_a_token_masks_the_whole_token() -> None:
    """A known value inside a token does not save the rest of the token."""
    assert Redactor(["JpcFake9X"]).text("eyJhbGciOiJ9.eyJpc3MiJpcFake9X.sig") == MASK


def test_data_is_redacted_in_keys_values_and_numbers() -> None:
    """JSON-like values are walked: keys, texts, numbers; other values stay as they are."""
    redactor = Redactor(["hunter22", "70012345"])
    data = {"hunter22": [1, "a hunter22", None, True, 70012345, {"x": ("y",)}]}
    assert redactor.data(data) == {MASK: [1, "a ***", None, True, MASK, {"x": ("y",)}]}


def test_values_may_come_later() -> None:
    """A value counts from the moment at which it is added, beside the earlier ones."""
    redactor = Redactor(["hunter22"])
    redactor.add(["correct-horse"])
    assert redactor.text("hunter22 correct-horse") == "*** ***"


@given(st.text(), st.text(min_size=8).filter(is_maskable), st.text())
def test_no_text_breaks_redaction(before: str, secret: str, after: str) -> None:
    """Whatever surrounds a secret, it is masked, and a second pass changes nothing."""
    redactor = Redactor([secret])
    masked = redactor.text(before + secret + after)
    assert secret.strip() not in masked or secret.strip() in MASK
    assert redactor.text(masked) == masked


@given(st.text(alphabet=st.characters(min_codepoint=0, max_codepoint=0x10FFFF)))
def test_any_text_passes(text: str) -> None:
    """Lone surrogates, controls and combining characters are no reason to fail."""
    assert isinstance(Redactor(["hunter22"]).text(text), str)


@pytest.mark.parametrize("secret", AWKWARD)
def test_needles_hold_the_value_and_stay_few(secret: str) -> None:
    """A value's needles include itself and number fewer than 300."""
    assert secret in needles(secret)
    assert len(needles(secret)) < 300


WRAPPINGS = (
    lambda text: json.dumps(text)[1:-1],
    lambda text: quote(text, safe=""),
    quote_plus,
    html.escape,
)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=6, max_size=30))
def test_what_is_wrapped_twice_is_a_needle(secret: str) -> None:
    """JSON in JSON, a doubly quoted URL, JSON in a page: each common wrapping of each other one is searched for."""
    assert {outer(inner(secret)) for inner in WRAPPINGS for outer in WRAPPINGS} <= needles(secret)


@pytest.mark.parametrize(
    "token",
    [
        "ghp_" + "a1B2" * 9,
        "ghs_123456_eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiIxIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg",
        "github_pat_11ABCDEFG0plantedplantedplanted",
        "sk-ant-api03-" + "x9" * 12,
        "AKIAABCDEFGHIJKLMNOP",
        "ATATT3xFfGF0" + "Qw3-" * 8,
        "xoxb-1234567890-abcdefghij",
        "whsec_" + "QUJDREVGR0hJSktMTU5PUA==",
    ],
)
def test_a_token_of_known_form_alone_in_a_text_is_masked(token):
    """Each vendor's token goes by its form, with nothing else in the text that could hint at it."""
    assert token[-10:] not in Redactor().text(f"value {token} end")
