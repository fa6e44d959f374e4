"""Instances judged by a document's schemas, with the document's own mistakes set apart."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cached_property

from jsonschema import Draft7Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from contracts.checker.dialect import Json
from contracts.checker.document import Document, media

Signature = tuple[str, str, tuple[str, ...]]
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)", re.IGNORECASE)
_FORMATS = FormatChecker(formats=())
_LONG = 160


@_FORMATS.checks("date-time")
def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or bool(_DATE_TIME.fullmatch(value))


class Schemas:
    """Judges instances by the schemas of one document; each schema is compiled once."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._validators: dict[str, Draft7Validator] = {}

    def faults(self, schema: Json, instance: Json) -> list[tuple[bool, str]]:
        """Give what is wrong, as (is the vendor's own mistake, text with place and rule)."""
        missing: dict[tuple[bool, str, str], set[str]] = defaultdict(set)
        found: list[tuple[bool, str]] = []
        for error in self._errors(schema, instance):
            for leaf, known in self._judged(error):
                at, rule = "/".join(map(str, leaf.absolute_path)) or "(root)", self._document.pointer(leaf.schema)
                if leaf.validator == "required":
                    missing[known, at, rule].update(_detail(leaf))
                else:
                    found.append((known, f"at {at}: {_short(leaf.message)} [{rule}]"))
        for (known, at, rule), names in missing.items():
            found.append((known, f"at {at}: lacks required {', '.join(sorted(names))} [{rule}]"))
        return found

    def _judged(self, error: ValidationError) -> Iterator[tuple[ValidationError, bool]]:
        leaves = _leaves(error)
        signatures = {self._signature(e) for e in (error, *leaves)}
        for leaf in leaves:
            yield leaf, self._signature(leaf) in self._errata or (leaf is not error and signatures <= self._errata)

    def _errors(self, schema: Json, instance: Json) -> Iterator[ValidationError]:
        pointer = self._document.pointer(schema)
        if pointer not in self._validators:
            reference = {"$ref": self._document.uri + pointer}
            self._validators[pointer] = Draft7Validator(
                reference, registry=self._document.registry, format_checker=_FORMATS
            )
        yield from self._validators[pointer].iter_errors(instance)

    def _signature(self, error: ValidationError) -> Signature:
        return self._document.pointer(error.schema), str(error.validator), _detail(error)

    @cached_property
    def _errata(self) -> set[Signature]:
        """The rules that the vendor's own examples break."""
        errors = (e for schema, example in examples(self._document) for e in self._errors(schema, example))
        return {self._signature(each) for error in errors for each in (error, *_leaves(error))}


def examples(document: Document) -> Iterator[tuple[Json, Json]]:
    """Give (schema, example) for every example of a request or response in the document."""
    operations = [operation for each in document.operations.values() for operation in each]
    for operation in operations:
        for spec in (operation.request, *operation.responses.values()):
            body = media(spec)
            if body:
                yield from ((body["schema"], value) for value in values(document, body))


def values(document: Document, body: Json) -> Iterator[Json]:
    """Give the examples of one media type as values."""
    named = [document.resolve(example) for example in (body.get("examples") or {}).values()]
    given = [example["value"] for example in named if isinstance(example, dict) and "value" in example]
    for value in given + ([body["example"]] if "example" in body else []):
        # Atlassian writes most examples as JSON in a string.
        yield json.loads(value) if isinstance(value, str) and value.startswith(("{", "[")) else value


def _detail(error: ValidationError) -> tuple[str, ...]:
    """Say what of a rule was broken, so that one mistake in an example excuses that mistake alone."""
    schema, instance = error.schema, error.instance
    if error.validator == "required" and isinstance(instance, dict):
        return tuple(re.findall(r"^'([^']*)' is a required", error.message))
    if error.validator == "type":
        return (type(instance).__name__,)
    if error.validator == "additionalProperties" and isinstance(instance, dict) and isinstance(schema, dict):
        return tuple(sorted(set(instance) - set(schema.get("properties", {}))))
    return ()


def _leaves(error: ValidationError) -> list[ValidationError]:
    """Give the errors that tell most: those of the alternative that came closest."""
    if not error.context:
        return [error]
    branches: dict[object, list[ValidationError]] = defaultdict(list)
    for each in error.context:
        branches[each.schema_path[0]].append(each)
    best = min(branches.values(), key=lambda es: (any(e.validator == "type" and not e.path for e in es), len(es)))
    return [leaf for each in best for leaf in _leaves(each)]


def _short(message: str) -> str:
    return message if len(message) < _LONG else f"{message[:70]} ... {message[-80:]}"
