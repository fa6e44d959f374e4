"""Recognition of pages that want a human being."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from healer.challenge import recognise, says_no_bill
from healer.contracts import Reason

LOGIN = "<form id=login><input name=user><input type=password name=pass><button>Log in</button></form>"


def page(body: str, head: str = "") -> str:
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (LOGIN + '<div class="g-recaptcha" data-sitekey="x"></div>', Reason.CAPTCHA),
        (LOGIN + '<div class="row h-captcha"></div>', Reason.CAPTCHA),
        (LOGIN + '<iframe src="https://newassets.hcaptcha.com/x"></iframe>', Reason.CAPTCHA),
        (LOGIN + '<img id="captchaImage" src="/img"><input name="captcha_answer">', Reason.CAPTCHA),
        ('<form><input name="otp_code"></form>', Reason.MFA),
        ('<form><input name="code" autocomplete="one-time-code"></form>', Reason.MFA),
        ("<p>We have sent you a 0 digit code by text message.</p><input type=tel name=c>", Reason.MFA),
        ("<h1>Two-step <b>verification</b></h1><form><input name=pin></form>", Reason.MFA),
        ("<h1>Just a moment...</h1><div class='cf-turnstile'></div>", Reason.ANTI_BOT),
        ("<h1>Access Denied</h1>You don't have permission", Reason.ANTI_BOT),
        ('<div id="px-captcha"></div>', Reason.ANTI_BOT),
        ('<iframe src="https://geo.captcha-delivery.com/captcha/"></iframe>', Reason.ANTI_BOT),
    ],
)
def test_page_that_wants_a_human_is_recognised(body, reason):
    """A CAPTCHA, a request for a code and a bot defence are told apart by what the page shows."""
    sign = recognise(page(body), 200)
    assert sign is not None
    assert sign.reason is reason


@pytest.mark.parametrize(
    "body",
    [
        LOGIN,
        LOGIN + "<p>Protect your account with two-factor authentication.</p>",
        LOGIN + '<div class="g-recaptcha" data-size="invisible"></div>',
        LOGIN + '<script src="https://www.google.com/recaptcha/api.js"></script>',
        LOGIN + '<div style="display: none"><div class="h-captcha"></div></div>',
        LOGIN + '<input type="hidden" name="captcha_token">',
        "<template><h1>Just a moment</h1></template><table><tr><td>bill</td></tr></table>",
        "<script>document.title = 'Access denied'</script><p>Your bills</p>",
        "<p>Customers are at times asked to verify you are human.</p>",
        "<form><input name=hotpoint><input name=promotion_code></form>",
        "",
    ],
)
def test_ordinary_page_is_no_challenge(body):
    """Hidden parts, libraries, advertisements and look-alike names prove nothing."""
    assert recognise(page(body), 200) is None


def test_too_many_requests_is_bot_defence():
    """HTTP 429 is a refusal of machines, whatever the page says."""
    sign = recognise("", 429)
    assert sign is not None
    assert sign.reason is Reason.ANTI_BOT


def test_title_of_an_interstitial_counts():
    """The title is seen by a visitor, though it stands in the head."""
    sign = recognise(page("<p>Ray ID</p>", head="<title>Attention Required! | Cloudflare</title>"), 403)
    assert sign is not None
    assert sign.reason is Reason.ANTI_BOT


@pytest.mark.parametrize(
    "text", ["There are no bills available.", "You have <b>no new</b> invoices yet", "No statements to display"]
)
def test_page_without_a_bill_says_so(text):
    """A visible sentence that there is no bill is understood."""
    assert says_no_bill(page(f"<div class=empty><p>{text}</p></div>"))


@pytest.mark.parametrize(
    "body",
    [
        "<p>No payments due</p>",
        "<p hidden>No bills found</p>",
        "<p>There is no better way to pay bills</p>",
        '{"a": 1}',
    ],
)
def test_other_sentences_do_not_deny_bills(body):
    """Hidden texts and other sentences deny nothing."""
    assert not says_no_bill(body if body.startswith("{") else page(body))


@given(st.text() | st.text(alphabet="<>/abdivscript=\"' captchotp!-&;", max_size=200), st.integers(100, 599))
def test_any_text_is_read_without_an_error(text, status):
    """Whatever a portal sends, the answer is a sign or none."""
    sign = recognise(text, status)
    assert sign is None or sign.reason in {Reason.CAPTCHA, Reason.MFA, Reason.ANTI_BOT}
    assert recognise("<" + text, status) == recognise("<" + text, status)


@pytest.mark.parametrize("page", ["</0", "<!---->", "<", "<?x?>"])
def test_markup_without_an_element_is_no_challenge(page):
    """A page that starts like markup and holds no element is read like an empty one."""
    assert recognise(page, 200) is None
