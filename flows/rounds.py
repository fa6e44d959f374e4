"""A round: a scheduled flow that looks at everything, not at one case. It has the parts of one run and ends with a sentence."""

from collections.abc import Awaitable, Callable
from typing import Any

from prefect.client.schemas.objects import State as FlowState
from prefect.states import Completed, Failed

import prompts
from healer import logs
from healer.errors import HealerError
from healer.settings import FlowSettings, load
from healer.wiring import FlowParts, flow_parts


async def made(work: Callable[[FlowParts], Awaitable[str]]) -> FlowState[Any]:
    """Do the work and give the flow's final state: completed, or failed, with what the work or its error says.

    An error leaves no exception in Prefect's storage.

    Raises: Misconfigured where the settings do not do.
    """
    parts = flow_parts(load(FlowSettings), prompts.write)
    logs.install(parts.redactor, level="WARNING")
    try:
        return Completed(message=parts.redactor.text(await work(parts)))
    except HealerError as error:
        return Failed(message=parts.redactor.text(str(error)))
    except Exception as error:  # noqa: BLE001 - a defect of ours must not carry its texts into Prefect's database
        return Failed(message=parts.redactor.text(f"{type(error).__name__}: {error}"))
    finally:
        await parts.close()
