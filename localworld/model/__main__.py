"""`python -m localworld.model --port N`: a Messages API behind which a script mends importers."""

from typing import Annotated

import typer
import uvicorn

from localworld.model.app import Model
from localworld.model.mender import script


def main(port: Annotated[int, typer.Option()], host: Annotated[str, typer.Option()] = "127.0.0.1") -> None:
    """Serve until SIGTERM."""
    uvicorn.run(Model(script).app, host=host, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    typer.run(main)
