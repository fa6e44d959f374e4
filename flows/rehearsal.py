"""What every flow run does alike before it begins, done once by the import of this module: for processes that are forked afterwards.

It comes after whatever defines data models: Prefect's are made ready when they are used first, in each process anew.
"""

from pydantic import BaseModel

from healer.errors import Misconfigured
from healer.redact import Redactor
from healer.settings import FlowSettings, load, secret_values


def _complete(model: type[BaseModel]) -> None:
    """Make the models ready that come from one."""
    for child in model.__subclasses__():
        if not child.__pydantic_complete__:
            child.model_rebuild(raise_errors=False)
        _complete(child)


_complete(BaseModel)
try:
    _settings = load(FlowSettings)
except Misconfigured:  # each run says so itself
    pass
else:
    Redactor(secret_values(_settings))
