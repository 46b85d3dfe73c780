"""A template's versions: what changed between two, saving on top of what was read, and bringing one back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

from django.db import transaction

from accounts.actors import Actor
from accounts.services import record
from campaigns.models import PromptTemplate, PromptVersion
from campaigns.services import save_template

CONTEXT = 3
# Comparing takes time with the product of the lengths; what differs in more than this is shown as replaced.
MOST_PAIRS = 100_000
MOST_MARKED = 100
WORD = re.compile(r"\w+\W*|\W+")
Opcode = tuple[str, int, int, int, int]


class TextChanged(Exception):
    """Somebody saved another version since this one was read."""


def save_edit(
    *, template: PromptTemplate, based_on: int, name: str, body: str, first_message: str, by: Actor
) -> PromptTemplate:
    """Saves on top of the version with the number that was read, and of no other."""
    with transaction.atomic():
        stored = _current(template, based_on)
        return save_template(
            workspace=stored.workspace, name=name, body=body, first_message=first_message, by=by, template=stored
        )


def change_template(*, template: PromptTemplate, by: Actor, **texts: str) -> PromptTemplate:
    """What is not given stays as it is stored at this moment."""
    with transaction.atomic():
        stored = _current(template)
        current = stored.current
        before = {"name": stored.name, "body": "", "first_message": ""}
        if current:
            before |= {"body": current.body, "first_message": current.first_message}
        return save_template(workspace=stored.workspace, by=by, template=stored, **(before | texts))


def restore_version(*, version: PromptVersion, by: Actor, instead_of: int | None = None) -> PromptTemplate:
    """Its text becomes a new version; numbers are never used again, and calls keep the version they had. With
    `instead_of` only in place of the version with that number."""
    with transaction.atomic():
        stored = _current(version.template, instead_of)
        before = stored.current_id
        saved = save_template(
            workspace=stored.workspace,
            name=stored.name,
            body=version.body,
            first_message=version.first_message,
            by=by,
            template=stored,
        )
        if saved.current_id != before:
            _record_restored(saved, version.number, by)
    return saved


def _current(template: PromptTemplate, number: int | None = None) -> PromptTemplate:
    """As it is stored now, held until the end of the transaction."""
    locked = PromptTemplate.objects.select_for_update(of=("self",)).select_related("workspace", "current")
    stored = locked.get(pk=template.pk)
    if number is not None and (stored.current.number if stored.current else 0) != number:
        raise TextChanged
    return stored


def _record_restored(template: PromptTemplate, number: int, by: Actor) -> None:
    record(
        workspace=template.workspace,
        by=by,
        verb="template.restored",
        object_type="template",
        object_id=template.public_id,
        data={"version": number},
    )


@dataclass(frozen=True)
class Run:
    text: str
    is_changed: bool = False


@dataclass(frozen=True)
class Line:
    kind: str
    """same, added, removed, or gap for unchanged lines that are left out."""
    runs: tuple[Run, ...]


@dataclass(frozen=True)
class Change:
    added: int
    removed: int


@dataclass(frozen=True)
class Difference:
    prompt: tuple[Line, ...]
    first_message: tuple[Line, ...]

    @property
    def is_empty(self) -> bool:
        return not self.prompt and not self.first_message


def difference(old: PromptVersion | None, new: PromptVersion) -> Difference:
    """Empty parts are the same in both."""
    old_body, old_first = (old.body, old.first_message) if old else ("", "")
    return Difference(tuple(diff_lines(old_body, new.body)), tuple(diff_lines(old_first, new.first_message)))


def change_of(old: PromptVersion | None, new: PromptVersion) -> Change:
    """How many lines came and went, of prompt and first message together."""
    old_texts = (old.body, old.first_message) if old else ("", "")
    codes = [
        code
        for before, after in zip(old_texts, (new.body, new.first_message), strict=True)
        for code in _opcodes(_lines(before), _lines(after))
        if code[0] != "equal"
    ]
    return Change(added=sum(j2 - j1 for *_, j1, j2 in codes), removed=sum(i2 - i1 for _, i1, i2, *_ in codes))


def diff_lines(old: str, new: str) -> list[Line]:
    """The changed lines with a few around them; nothing when the texts are the same."""
    if old == new:
        return []
    before, after = _lines(old), _lines(new)
    lines: list[Line] = []
    for tag, i1, i2, j1, j2 in _opcodes(before, after):
        if tag == "equal":
            lines += [Line("same", (Run(text),)) for text in before[i1:i2]]
        else:
            lines += _changed(before[i1:i2], after[j1:j2])
    return list(_leave_out_far(lines))


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _opcodes(old: Sequence[str], new: Sequence[str]) -> list[Opcode]:
    """As difflib has them; what is equal at both ends is taken off first, because it is most of the text."""
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    codes: list[Opcode] = [("equal", 0, head, 0, head)] if head else []
    if len(middle_old) * len(middle_new) > MOST_PAIRS:
        codes.append(("replace", head, len(old) - tail, head, len(new) - tail))
    else:
        found = SequenceMatcher(None, middle_old, middle_new).get_opcodes()
        codes += [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in found]
    if tail:
        codes.append(("equal", len(old) - tail, len(old), len(new) - tail, len(new)))
    return codes


def _changed(old: list[str], new: list[str]) -> list[Line]:
    """Line beside line, as far as there are as many: the words that differ are marked in both."""
    beside = zip(old, new, strict=False) if min(len(old), len(new)) <= MOST_MARKED else ()
    pairs = [_marked(before, after) for before, after in beside]
    removed = [before for before, _ in pairs] + [(Run(text),) for text in old[len(pairs) :]]
    added = [after for _, after in pairs] + [(Run(text),) for text in new[len(pairs) :]]
    return [Line("removed", runs) for runs in removed] + [Line("added", runs) for runs in added]


def _marked(old: str, new: str) -> tuple[tuple[Run, ...], tuple[Run, ...]]:
    """Nothing is marked in lines that have little in common: it would be nearly everything."""
    before, after = WORD.findall(old), WORD.findall(new)
    codes = _opcodes(before, after)
    common = sum(len("".join(before[i1:i2])) for tag, i1, i2, _, _ in codes if tag == "equal")
    if 2 * common < max(len(old), len(new)):
        return (Run(old),), (Run(new),)
    left = [Run("".join(before[i1:i2]), tag != "equal") for tag, i1, i2, _, _ in codes if i1 < i2]
    right = [Run("".join(after[j1:j2]), tag != "equal") for tag, _, _, j1, j2 in codes if j1 < j2]
    return tuple(left), tuple(right)


def _leave_out_far(lines: list[Line]) -> Iterator[Line]:
    """Unchanged lines far from every change become one that says how many they are."""
    changed = [i for i, line in enumerate(lines) if line.kind != "same"]
    near = {i for place in changed for i in range(place - CONTEXT, place + CONTEXT + 1)}
    for is_near, numbers in groupby(range(len(lines)), key=near.__contains__):
        stretch = [lines[i] for i in numbers]
        if is_near or len(stretch) == 1:
            yield from stretch
        else:
            yield Line("gap", (Run(f"{len(stretch)} unchanged lines"),))
