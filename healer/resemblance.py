"""How much one element of the old page resembles one of the new page, in points: what agrees speaks for it, what contradicts against.

The features follow the studies of similarity-based relocation (Nass et al., "Similarity-based Web Element Localization for Robust Test
Automation", 2023); the weights and the contradictions are ours.
"""

import re
from collections.abc import Callable
from typing import Final

from healer.element import are_close
from healer.portrait import Portrait
from healer.wording import VALUES, TextShape, alike, overlap

_WORDY: Final = frozenset({TextShape.WORDS})
_LOOSE: Final = {
    frozenset({TextShape.DATE, TextShape.PERIOD}),
    frozenset({TextShape.QUANTITY, TextShape.NUMBER}),
    frozenset({TextShape.CODE, TextShape.NUMBER}),
    frozenset({TextShape.MONEY, TextShape.NUMBER}),
    frozenset({TextShape.CODE, TextShape.QUANTITY}),
    frozenset({TextShape.WORDS, TextShape.PROSE}),
}
_PLACES: Final = frozenset({"header", "nav", "main", "aside", "footer"})
_WITHHELD: Final = re.compile(r"=(?:&|$)")
_RENAMED: Final = 0.6
_TYPES: Final = frozenset({"text", "email", "tel", "number", "search", ""})


def _same(one: str, other: str, same: float, words: float) -> float:
    if not one or not other:
        return 0.0
    return same if one == other else words


def _names(old: Portrait, new: Portrait) -> float:
    """Ids, field names and test marks: what a person named on purpose."""
    points = _same(old.id, new.id, 6.0, 3.5 * alike(old.id_words, new.id_words) - 0.5)
    points += _same(old.name, new.name, 5.0, 3.0 * alike(old.name_words, new.name_words) - 0.5)
    # A name moves between the attributes: id="amount" becomes class="amount".
    if not (old.id and new.id):
        points += 3.0 * max(alike(old.id_words, new.class_words), alike(old.class_words, new.id_words))
    points += 5.0 * overlap(old.marks, new.marks)
    return points + 2.5 * alike(old.class_words, new.class_words) + 0.5 * overlap(old.classes, new.classes)


def _kinds(old: Portrait, new: Portrait) -> float:
    if old.tag == new.tag:
        points = 1.0
    elif old.family == new.family:
        points = 0.5
    else:
        points = -0.5 if are_close(old.family, new.family) else -6.0
    if old.family == new.family == "field":
        points += _field_kinds(old, new)
    return points


def _field_kinds(old: Portrait, new: Portrait) -> float:
    points = 1.0 if old.kind == new.kind else 0.0 if {old.kind, new.kind} <= _TYPES else -6.0
    return points + _same(
        old.autocomplete, new.autocomplete, 3.0, 0.0 if "off" in {old.autocomplete, new.autocomplete} else -0.5
    )


def _said(old: Portrait, new: Portrait) -> float:
    """Compare what names the elements, and what they say themselves."""
    points = 0.0
    likeness = labels_agree(old, new)
    if likeness is not None:
        points += 5.0 * likeness if likeness else -2.5
        points += 0.5 if old.label_text == new.label_text else 0.0
    if old.aside and new.aside:
        likeness = alike(old.aside, new.aside)
        points += 2.0 * likeness if likeness else -1.0
    return points + _own_texts(old, new)


def labels_agree(old: Portrait, new: Portrait) -> float | None:
    """Give how far the labels agree, None where one has none. What heads a table's row may head the value alone now."""
    if not (old.label or old.aside) or not (new.label or new.aside):
        return None
    pairs = [(old.label, new.label), (old.aside, new.label), (old.label, new.aside)]
    given = [(one, other) for one, other in pairs if one and other]
    return max((alike(one, other) for one, other in given), default=None)


def _own_texts(old: Portrait, new: Portrait) -> float:
    points = 0.0
    if TextShape.PROSE in {old.shape, new.shape}:
        return points + 2.0 * alike(old.text_words, new.text_words) - (2.5 if old.shape is not new.shape else 0.0)
    if old.shape in VALUES or new.shape in VALUES:
        points += _values(old.shape, new.shape) * (0.3 if old.path and old.path == new.path else 1.0)
        return points + 1.0 * alike(old.text_words, new.text_words)
    if old.text_words and new.text_words:
        likeness = alike(old.text_words, new.text_words)
        points += 4.0 * likeness if likeness else -2.0
        points += 1.0 if old.text_words == new.text_words else 0.0
    elif old.shape is TextShape.WORDS and old.text_words and new.family != "field":
        points -= 3.0
    return points


def _values(old: TextShape, new: TextShape) -> float:
    if old is new:
        return 2.5
    return 0.5 if loosely(old, new) else -4.0


def loosely(one: TextShape, other: TextShape) -> bool:
    """Say whether two shapes may be one value, written otherwise."""
    return frozenset({one, other}) in _LOOSE


def _crossed(old: Portrait, new: Portrait) -> float:
    """Compare a name that was in a class or id with one that is a label now, and the other way round."""
    names_old = old.class_words | old.id_words | old.name_words
    names_new = new.class_words | new.id_words | new.name_words
    said_old, said_new = old.label, new.label
    if alike(said_old, said_new):
        return 0.0
    return 2.0 * max(alike(names_old, said_new) if said_new else 0.0, alike(said_old, names_new) if said_old else 0.0)


def _links(old: Portrait, new: Portrait) -> float:
    if not old.path or not new.path:
        return 0.0
    points = 2.5 * alike(old.href, new.href) + (1.5 if leads_there(old, new) else 0.0)
    if old.suffix != new.suffix:
        return points - 2.0
    return points + (1.0 if old.suffix else 0.0)


def leads_there(old: Portrait, new: Portrait) -> bool:
    """Say whether two addresses are the same and say where they lead; a query whose values are withheld does not."""
    return old.path == new.path and bool(old.href) and not _WITHHELD.search(old.path)


def _company(old: Portrait, new: Portrait) -> float:
    """Compare where the elements stand, and with whom."""
    points = 0.0
    if old.landmark in _PLACES and new.landmark in _PLACES:
        points += 0.5 if old.landmark == new.landmark else -0.5
    points += 1.5 * alike(old.heading, new.heading)
    points += 1.5 * alike(old.above, new.above)
    points += 2.0 * alike(old.around, new.around)
    points += 3.0 * overlap(old.around_shapes, new.around_shapes) if old.repeated or new.repeated else 0.0
    points -= 2.0 if (old.texts == 1) != (new.texts == 1) else 0.0
    return points + (5.0 if old.shape is TextShape.PROSE else 3.0) * overlap(old.inside, new.inside)


_JUDGES: Final[tuple[Callable[[Portrait, Portrait], float], ...]] = (_kinds, _names, _said, _crossed, _links, _company)


def resemblance(old: Portrait, new: Portrait) -> float:
    """Give the points for two elements being the same: about 5 and more among relatives, negative for strangers."""
    return sum(judge(old, new) for judge in _JUDGES)


def identity(old: Portrait) -> float:
    """Give the points that an element gets for itself: how much there is to recognise it by.

    Names count less than they give: a redesign renames, and what else agrees must then suffice.
    """
    return resemblance(old, old) - _RENAMED * _names(old, old)


def anchor(old: Portrait, new: Portrait) -> float:
    """Say how far the two mean the same by what they are called, say, hold or lead to, 0 to 1.

    Place, kind and shape alone are shared by strangers.
    """
    return max(
        labels_agree(old, new) or 0.0,
        alike(old.aside, new.aside),
        alike(_called(old), _called(new)),
        alike(_called(old), new.label),
        alike(old.label, _called(new)),
        alike(old.text_words, new.text_words),
        overlap(old.marks, new.marks),
        overlap(old.inside, new.inside) if TextShape.PROSE in {old.shape, new.shape} else 0.0,
        float(leads_there(old, new)),
        float(old.kind == new.kind == "password"),
        float(bool(old.autocomplete) and old.autocomplete == new.autocomplete),
    )


def _called(portrait: Portrait) -> frozenset[str]:
    return portrait.id_words | portrait.name_words | portrait.class_words


def read_otherwise(old: Portrait, new: Portrait) -> bool:
    """Say whether both read as words of the page and share none."""
    wordy = old.shape is new.shape is TextShape.WORDS and bool(old.text_words) and bool(new.text_words)
    return wordy and not alike(old.text_words, new.text_words)
