"""What speaks for and against two elements being the same, one figure each: names, kind, words, values, links, company, place.

The features follow the studies of similarity-based relocation (Nass et al., "Similarity-based Web Element Localization for Robust Test
Automation", 2023), and add what two pages say together: which words are the page's own, and between which of them an element stands.
"""

from functools import lru_cache
from itertools import islice
from typing import Final

from healer.element import Element, are_close
from healer.lineup import Lineup
from healer.portrait import Portrait
from healer.resemblance import labels_agree, leads_there, loosely
from healer.wording import VALUES, TextShape, alike, overlap

_TYPES: Final = frozenset({"text", "email", "tel", "number", "search", ""})
_PLACES: Final = frozenset({"header", "nav", "main", "aside", "footer"})
_ABOVE: Final = 4


def _same(one: str, other: str) -> float:
    return float(bool(one) and one == other)


def _differ(one: str, other: str) -> float:
    return float(bool(one) and bool(other) and one != other)


def _names(old: Portrait, new: Portrait) -> dict[str, float]:
    """Compare ids, field names, test marks, classes: what a person named on purpose; a name may move between them."""
    return {
        "same_id": _same(old.id, new.id),
        "id_words": 0.0 if old.id == new.id else alike(old.id_words, new.id_words),
        "same_name": _same(old.name, new.name),
        "name_words": 0.0 if old.name == new.name else alike(old.name_words, new.name_words),
        "other_name": _differ(old.name, new.name),
        "marks": overlap(old.marks, new.marks),
        "class_words": alike(old.class_words, new.class_words),
        "classes": overlap(old.classes, new.classes),
        "no_class": float(not old.classes and not new.classes),
        "name_as_label": _crossed(old, new),
    }


def _crossed(old: Portrait, new: Portrait) -> float:
    """Compare a name that was in a class or id with one that is a label now, and the other way round."""
    names_old = old.class_words | old.id_words | old.name_words
    names_new = new.class_words | new.id_words | new.name_words
    return max(alike(names_old, new.label), alike(old.label, names_new))


def _kinds(old: Portrait, new: Portrait) -> dict[str, float]:
    fields = old.family == new.family == "field"
    return {
        "same_tag": float(old.tag == new.tag),
        "same_family": float(old.family == new.family),
        "far_family": float(not are_close(old.family, new.family)),
        "same_type": float(fields and old.kind == new.kind),
        "other_type": float(fields and old.kind != new.kind and not {old.kind, new.kind} <= _TYPES),
        "autocomplete": float(fields) * _same(old.autocomplete, new.autocomplete),
    }


def _said(old: Portrait, new: Portrait, shared: frozenset[str]) -> dict[str, float]:
    """Compare what names the elements and what they say; words that only one page shows may be data."""
    labels = labels_agree(old, new)
    known = bool(old.label & shared) and bool(new.label & shared)
    mine, theirs = old.text_words & shared, new.text_words & shared
    likeness = alike(mine, theirs)
    return {
        "labels": labels or 0.0,
        "same_label": _same(old.label_text, new.label_text),
        "other_label": float(labels == 0.0 and known),
        "row_heads": alike(old.aside, new.aside),
        "other_row_head": float(bool(old.aside & shared) and bool(new.aside) and not alike(old.aside, new.aside)),
        "words": likeness,
        "same_words": float(bool(mine) and mine == theirs),
        "other_words": float(
            bool(mine) and not likeness and old.shape is TextShape.WORDS and new.shape is TextShape.WORDS
        ),
        "words_appear": float(not mine and bool(theirs) and old.shape is TextShape.WORDS),
        "same_shape": float(old.shape is new.shape),
        "same_value": float(old.shape is new.shape and old.shape in VALUES),
        "other_value": _contradict(old.shape, new.shape),
        "one_text": float((old.texts == 1) != (new.texts == 1)),
        "texts": 1.0 / (1.0 + abs(old.texts - new.texts)),
    }


def _contradict(old: TextShape, new: TextShape) -> float:
    if old is new or not {old, new} & VALUES or TextShape.PROSE in {old, new}:
        return 0.0
    return 0.3 if loosely(old, new) else 1.0


def _links(old: Portrait, new: Portrait) -> dict[str, float]:
    both = bool(old.path) and bool(new.path)
    return {
        "same_address": float(both and old.path == new.path),
        "leads_there": float(both and leads_there(old, new)),
        "address_words": alike(old.href, new.href) if both else 0.0,
        "other_address": float(both and bool(old.href) and bool(new.href) and not alike(old.href, new.href)),
        "other_suffix": float(both and old.suffix != new.suffix),
        "one_leads": float(bool(old.path) != bool(new.path)),
    }


def _company(old: Portrait, new: Portrait) -> dict[str, float]:
    placed = old.landmark in _PLACES and new.landmark in _PLACES
    return {
        "landmark": float(placed and old.landmark == new.landmark),
        "headings": alike(old.heading, new.heading),
        "named_above": alike(old.above, new.above),
        "around": alike(old.around, new.around),
        "shapes_around": overlap(old.around_shapes, new.around_shapes),
        "inside": overlap(old.inside, new.inside),
        "one_repeated": float(old.repeated != new.repeated),
    }


def _place(one: Element, other: Element) -> dict[str, float]:
    """Compare where the elements stand in their trees."""
    mine, theirs = _frame(one), _frame(other)
    return {
        "path": _suffix(mine.above, theirs.above),
        "above_named": overlap(mine.named, theirs.named),
        "no_name_above": float(not mine.named and not theirs.named),
        "same_place": float(mine.place == theirs.place),
        "same_place_of_kind": float(mine.kind_place == theirs.kind_place),
        "children": 1.0 if mine.children == theirs.children else overlap(mine.children, theirs.children),
        "attributes": overlap(mine.attributes, theirs.attributes),
        "attribute_names": overlap(mine.attribute_names, theirs.attribute_names),
    }


class _Frame:
    """The tree around one element."""

    __slots__ = ("above", "attribute_names", "attributes", "children", "kind_place", "named", "parent", "place")

    def __init__(self, element: Element) -> None:
        ancestors = list(islice(element.iterancestors(), 6))
        self.above = tuple(str(part.tag) for part in ancestors)
        self.parent = self.above[:1]
        self.named = frozenset(
            name
            for part in ancestors[:_ABOVE]
            for name in (*(part.get("class") or "").split(), part.get("id") or "")
            if name
        )
        before = [str(part.tag) for part in element.itersiblings(preceding=True) if isinstance(part.tag, str)]
        self.place, self.kind_place = len(before), before.count(str(element.tag))
        self.children = frozenset(str(part.tag) for part in element if isinstance(part.tag, str))
        self.attribute_names = frozenset(map(str, element.attrib))
        self.attributes = frozenset(
            f"{name!s}={value!s}" for name, value in element.attrib.items() if name not in {"id", "class"}
        )


@lru_cache(maxsize=16384)
def _frame(element: Element) -> _Frame:
    return _Frame(element)


def _suffix(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    same = next(
        (at for at, (mine, its) in enumerate(zip(one, other, strict=False)) if mine != its), min(len(one), len(other))
    )
    return same / max(len(one), len(other), 1)


def evidence(pages: Lineup, one: Element, other: Element) -> dict[str, float]:
    """Give all that speaks for and against `one` of the old page being `other` of the new one, mostly 0 to 1 each."""
    old, new = pages.old.portrait(one), pages.new.portrait(other)
    near = pages.nearby(one, other)
    mine, theirs = pages.read(one, new=False), pages.read(other, new=True)
    known = [text for text in mine if text in pages.own]
    return {
        **_names(old, new),
        **_kinds(old, new),
        **_said(old, new, pages.words),
        **_links(old, new),
        **_company(old, new),
        **_place(one, other),
        "same_text": float(bool(known) and mine == theirs),
        "text_gone": float(bool(known) and not set(known) & set(theirs)),
        "before": near.before,
        "after": near.after,
        "same_before": max(near.next_before, 0.0),
        "same_after": max(near.next_after, 0.0),
        "other_after": max(-near.next_after, 0.0),
        "between": near.between,
        "just_between": float(near.between == 1.0),
    }
