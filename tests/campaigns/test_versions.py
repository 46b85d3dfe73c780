from __future__ import annotations

import random
import time

import pytest

from campaigns.prompts import Piece, defuse, fill, find_mistakes
from campaigns.versions import Line, Run, diff_lines


def kinds(old: str, new: str) -> str:
    return "".join({"same": "=", "added": "+", "removed": "-", "gap": "."}[line.kind] for line in diff_lines(old, new))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", ""),
        ("a", "a", ""),
        ("", "a", "+"),
        ("a", "", "-"),
        ("a\nb\nc", "a\nx\nc", "=-+="),
        ("a\nb", "a\nb\n", "==+"),
        ("1\n2\n3\n4\n5\n6\n7", "1\n2\n3\n4\n5\n6\nx", ".===-+"),
        ("1\n2\n3\n4\nx", "1\n2\n3\n4\ny", "====-+"),
    ],
)
def test_lines_are_the_same_added_removed_or_left_out(old: str, new: str, expected: str) -> None:
    assert kinds(old, new) == expected


def test_the_words_that_differ_are_marked() -> None:
    assert diff_lines("Say hello to Anna.", "Say goodbye to Anna.") == [
        Line("removed", (Run("Say "), Run("hello ", True), Run("to Anna."))),
        Line("added", (Run("Say "), Run("goodbye ", True), Run("to Anna."))),
    ]


def test_both_texts_can_be_read_from_the_difference() -> None:
    chance = random.Random(1)
    for _ in range(200):
        old, new = ("\n".join(chance.choices("ab c", k=chance.randint(1, 6))) for _ in range(2))
        lines = diff_lines(old, new)
        for skipped, text in (("added", old), ("removed", new)):
            said = "\n".join("".join(run.text for run in line.runs) for line in lines if line.kind != skipped)
            assert said == text or old == new or "unchanged" in said


def test_the_longest_texts_are_compared_at_once() -> None:
    chance = random.Random(1)
    old, new = ("\n".join(chance.choices("abcdefgh", k=25_000)) for _ in range(2))
    started = time.process_time()
    diff_lines(old, new)
    diff_lines(" ".join(old), " ".join(new))
    assert time.process_time() - started < 5


def test_pieces_tell_where_each_value_comes_from() -> None:
    text = 'Hi {{a}}, {{b}} {{c|default:"see"}} {{d}} {{nobody}}'
    pieces = [piece for piece in fill(text, {"a": "Anna"}, {"a": "", "b": "be", "c": "", "d": ""}) if piece.name]
    assert pieces == [
        Piece("Anna", "a", "value"),
        Piece("be", "b", "default"),
        Piece("see", "c", "default"),
        Piece("", "d", "empty"),
        Piece("", "nobody", "unknown"),
    ]


def test_pieces_together_are_defused_as_one_text() -> None:
    chance = random.Random(1)
    for _ in range(300):
        text = "".join(chance.choices(["{", "}", "{{a}}", "{{b}}", "x"], k=8))
        values = {"a": chance.choice(["{", "}}", "x{"]), "b": chance.choice(["", "{{a}}"])}
        said = "".join(piece.text for piece in fill(text, values, {"a": "", "b": ""}))
        assert "{{" not in said
        assert "}}" not in said
        assert defuse(said) == said


def test_a_thousand_unknown_names_are_few_sentences() -> None:
    assert len(find_mistakes(" ".join(f"{{{{name{i}}}}}" for i in range(1000)), {"name": ""})) == 10


def test_lines_with_little_in_common_are_not_marked() -> None:
    assert diff_lines("Ask for the roof.", "Offer a visit on Monday.\nThen end.") == [
        Line("removed", (Run("Ask for the roof."),)),
        Line("added", (Run("Offer a visit on Monday."),)),
        Line("added", (Run("Then end."),)),
    ]
