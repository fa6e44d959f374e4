"""Does one step of a flow run's end on demand, and can be killed while it does so: a case and settings in, a child's id and its end out."""

import asyncio
import json
import os
import sys

from flows import closing, withdrawing
from flows.story import opened

STEPS = {"tell": closing._tell, "withdraw": withdrawing.withdraw}


async def _done(step: str, case_id: str) -> None:
    async with opened(case_id, 0) as story:
        await STEPS[step](story)


def _say(word: object) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main() -> None:
    """Fork for each line of standard input, while there is one thread here alone; the imports are paid once."""
    _say("ready")
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                asked = json.loads(line)
                os.environ.update(asked["env"])
                asyncio.run(_done(asked["step"], asked["case"]))
            except BaseException as error:  # noqa: BLE001 - said in a word, and the process is over
                sys.stderr.write(f"{type(error).__name__}: {error}\n")
                os._exit(1)
            os._exit(0)
        _say(child)
        _say(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    main()
