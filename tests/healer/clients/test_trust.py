"""Rules of what is kept about importers' autonomy."""

from factories import NOW, make_delivery, make_importer
from healer.autonomy import PLAIN, Word
from healer.clients.cases import Cases
from healer.clients.trust import Trust
from healer.contracts import Autonomy, PullRequest, State

PULL = PullRequest(number=5, url="https://github.example/pull/5", state="closed", head_sha="b" * 40)


def word(level, **fields) -> Word:
    return Word(**{"level": level, "by": "alice", "reason": "so it is", "at": NOW, **fields})


async def test_level_comes_from_the_cases_of_the_importer_alone(redis) -> None:
    """What another importer's reviewers turned down costs this one nothing; a retry does not hide what was turned down before it."""
    cases = Cases(redis)
    case = (await cases.receive(make_delivery(), NOW)).case
    closed = await cases.record(case, "closed_unmerged", {}, state=State.CLOSED_UNMERGED, pull_request=PULL)
    trust = Trust(redis, cases)
    both = [make_importer(), make_importer(name="voltara")]
    found = await trust.of_all(both, await cases.list(), NOW)
    assert [found[one.name].level for one in both] == [Autonomy.DRAFT, Autonomy.PULL_REQUEST]
    await cases.record(closed, "retried", {}, state=State.RECEIVED, pull_request=None, first=3)
    assert (await trust.of(make_importer(), NOW)).level is Autonomy.DRAFT


async def test_the_last_word_holds_and_none_is_lost(redis) -> None:
    """Words are kept, the newest first; a withdrawn one leaves what was earned."""
    trust = Trust(redis, Cases(redis))
    assert (await trust.of(make_importer(), NOW)).why == PLAIN
    for said in (word(Autonomy.OBSERVE), word(Autonomy.BRANCH, held=True), word(None)):
        await trust.say("brightwater", said)
    assert (await trust.of(make_importer(), NOW)).level is Autonomy.PULL_REQUEST
    assert [said.level for said in await trust.said("brightwater")] == [None, Autonomy.BRANCH, Autonomy.OBSERVE]
    assert (await trust.said("voltara")) == ()


async def test_what_cannot_be_read_lets_the_healer_do_nothing(redis) -> None:
    """A damaged record is the lowest level, and says so."""
    await redis.lpush("healer:autonomy:brightwater", '{"level": "all"}')
    found = await Trust(redis, Cases(redis)).of(make_importer(), NOW)
    assert (found.level, "cannot be read" in found.why) == (Autonomy.OBSERVE, True)
