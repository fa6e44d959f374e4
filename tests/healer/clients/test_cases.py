"""Rules of the case ledger, on a real Redis."""

import asyncio
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from factories import NOW, make_delivery, make_run
from healer.chain import first_break
from healer.clients.cases import Cases
from healer.clients.reception import Outcome
from healer.contracts import Case, RunRequest, State
from healer.errors import Conflict, Rejected, UpstreamError
from healer.signing import TOLERANCE_S


@pytest.fixture
def cases(redis: Redis) -> Cases:
    return Cases(redis)


async def _opened(cases: Cases) -> Case:
    return (await cases.receive(make_delivery(), NOW)).case


async def _owed(redis: Redis) -> list[str]:
    rows = await redis.xrange("healer:outbox")
    return [RunRequest.model_validate_json(fields["request"]).key for _, fields in rows]  # type: ignore[index]


async def test_first_delivery_opens_the_case(cases: Cases, redis: Redis) -> None:
    """A ticket's first delivery opens its case with one event and one owed run."""
    received = await cases.receive(make_delivery(), NOW)
    assert (received.outcome, received.case.state) == (Outcome.OPENED, State.RECEIVED)
    assert await cases.get("UTIL-101") == received.case
    assert [event.kind for event in await cases.events("UTIL-101")] == ["received"]
    assert await _owed(redis) == ["heal:UTIL-101:0"]


async def test_same_delivery_again_changes_nothing(cases: Cases, redis: Redis) -> None:
    """The same id with the same body is a repetition: one case, one event, one owed run."""
    await _opened(cases)
    assert (await cases.receive(make_delivery(), NOW + timedelta(days=1))).outcome is Outcome.REPEATED
    assert len(await cases.events("UTIL-101")) == 1
    assert len(await _owed(redis)) == 1


async def test_ids_outlive_their_signature_and_tickets_do_not_expire(cases: Cases, redis: Redis) -> None:
    """A delivery's id is kept for longer than twice the window in which its signature counts; the case of a ticket for ever."""
    await _opened(cases)
    assert await redis.ttl(f"healer:delivery:{make_delivery().id}") > 2 * TOLERANCE_S
    assert [await redis.ttl(key) for key in await redis.keys("healer:case:*")] == [-1, -1]


async def test_same_id_with_another_body_is_refused(cases: Cases) -> None:
    """An id that comes with another body is a conflict; the first one counts."""
    await _opened(cases)
    with pytest.raises(Rejected) as refused:
        await cases.receive(make_delivery(body_sha256="b" * 64, ticket="UTIL-102"), NOW)
    assert (refused.value.status, refused.value.reason) == (409, "id_reused")
    assert await cases.get("UTIL-102") is None


async def test_other_delivery_of_the_ticket_attaches(cases: Cases, redis: Redis) -> None:
    """Another delivery of a ticket that has a case is attached to it: an event more, no run more, the case untouched."""
    case = await _opened(cases)
    received = await cases.receive(make_delivery(id="msg_2", importer="other"), NOW)
    assert (received.outcome, received.case) == (Outcome.ATTACHED, case)
    assert [event.kind for event in await cases.events("UTIL-101")] == ["received", "attached"]
    assert len(await _owed(redis)) == 1


@pytest.mark.parametrize("ids", [1, 50])
async def test_fifty_deliveries_at_once_open_one_case(cases: Cases, redis: Redis, ids: int) -> None:
    """Fifty copies at once, with one id or with fifty, open one case and owe one run, and the chain is whole."""
    deliveries = [make_delivery(id=f"msg_{number % ids}") for number in range(50)]
    received = await asyncio.gather(*(cases.receive(delivery, NOW) for delivery in deliveries))
    outcomes = [one.outcome for one in received]
    assert outcomes.count(Outcome.OPENED) == 1
    assert outcomes.count(Outcome.ATTACHED if ids > 1 else Outcome.REPEATED) == 49
    assert await _owed(redis) == ["heal:UTIL-101:0"]
    assert first_break(await cases.events("UTIL-101")) is None


async def test_writer_with_an_old_version_loses(cases: Cases) -> None:
    """Of two writers that read the same case the second one is told so, and changes nothing."""
    case = await _opened(cases)
    await cases.record(case, "one", {}, state=State.DIAGNOSING)
    with pytest.raises(Conflict):
        await cases.record(case, "two", {}, state=State.STOPPED)
    kept = await cases.get(case.id)
    assert kept
    assert (kept.state, kept.version) == (State.DIAGNOSING, 1)
    assert [event.kind for event in await cases.events(case.id)] == ["received", "one"]


async def test_write_is_case_event_run_and_owed_flow_together(cases: Cases, redis: Redis) -> None:
    """A write stores the case, its event, the awaited run and the flow run that follows."""
    case = await _opened(cases)
    run = make_run(run_id=77)
    written = await cases.record(
        case, "dispatched", {"run": 77}, start=RunRequest(flow="heal", case=case.id, attempt=1), awaiting=run
    )
    assert written.awaiting == run
    assert await cases.case_of_run(77) == written
    assert await cases.case_of_run(78) is None
    assert await _owed(redis) == ["heal:UTIL-101:0", "heal:UTIL-101:1"]


async def test_notes_disturb_no_writer(cases: Cases) -> None:
    """Events that others note between reading and writing do not make a writer lose, and the chain stays whole."""
    case = await _opened(cases)
    await asyncio.gather(
        *(cases.note(case.id, "noted", {"n": number}) for number in range(10)), cases.record(case, "mine", {})
    )
    events = await cases.events(case.id)
    assert len(events) == 12
    assert first_break(events) is None
    assert await cases.has_noted(case.id, "noted", 1, 1) is False


async def test_note_on_an_unknown_case_is_refused(cases: Cases) -> None:
    """There is no event without a case."""
    with pytest.raises(Conflict):
        await cases.note("UTIL-999", "noted", {})


async def test_list_gives_the_newest_first(cases: Cases) -> None:
    """Cases are listed by their last write."""
    assert await cases.list() == ()
    one = await _opened(cases)
    await cases.receive(make_delivery(id="msg_2", ticket="UTIL-102"), NOW + timedelta(seconds=1))
    assert [case.id for case in await cases.list()] == ["UTIL-102", "UTIL-101"]
    await cases.record(one, "touched", {})
    assert [case.id for case in await cases.list(1)] == ["UTIL-101"]


async def test_hold_excludes_others_until_it_expires_or_is_released(cases: Cases) -> None:
    """One owner holds an importer; it may extend, others wait for release or expiry, and nobody releases another's hold."""
    assert await cases.hold("brightwater", "UTIL-1", 30)
    assert await cases.hold("brightwater", "UTIL-1", 30)
    assert not await cases.hold("brightwater", "UTIL-2", 30)
    await cases.release("brightwater", "UTIL-2")
    assert not await cases.hold("brightwater", "UTIL-2", 30)
    await cases.release("brightwater", "UTIL-1")
    assert await cases.hold("brightwater", "UTIL-2", 0.02)
    await asyncio.sleep(0.03)
    assert await cases.hold("brightwater", "UTIL-3", 30)


async def test_one_tells_a_ticket_at_a_time(cases: Cases, redis: Redis) -> None:
    """Who comes second begins when the first has ended, however long that takes; who has died is waited for until his time is up."""
    order = []

    async def tell(name: str) -> None:
        async with cases.alone("UTIL-1", "telling", 0.3):
            order.append(f"{name} begins")
            await asyncio.sleep(0.7)
            order.append(f"{name} ends")

    async with asyncio.TaskGroup() as group:
        group.create_task(tell("one"))
        group.create_task(tell("two"))
    assert [line.split()[1] for line in order] == ["begins", "ends", "begins", "ends"]
    await redis.set("healer:telling:UTIL-1", "who died", px=200)
    async with cases.alone("UTIL-2", "telling"), cases.alone("UTIL-1", "dispatching"), cases.alone("UTIL-1", "telling"):
        with pytest.raises(UpstreamError, match="telling"):
            async with cases.alone("UTIL-1", "telling", wait_s=0.01):
                pass


async def test_case_is_forgotten_only_as_it_was_judged(cases: Cases, redis: Redis) -> None:
    """What was written since then stays; what is forgotten leaves no key and no place in any list."""
    case = await _opened(cases)
    ended = await cases.record(case, "stopped", {}, state=State.STOPPED)
    last = (await cases.events(case.id))[-1]
    assert not await cases.forget(case, last)
    await cases.note(case.id, "late", {})
    assert not await cases.forget(ended, last)
    assert await cases.forget(ended, (await cases.events(case.id))[-1])
    assert not await cases.forget(ended, last)
    assert (await cases.list(), await redis.keys(f"healer:case:{case.id}*")) == ((), [])
