from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from typing import Any

from sandbox.calls import JSON
from sandbox.scenarios import MAGIC

COLUMNS = ("to", "accepted_at", "answered_at", "ended_at", "outcome", "duration", "correlation_id")
STYLE = """
:root { color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }
body { max-width: 70rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
td, th { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; vertical-align: top }
.wide { overflow-x: auto }
"""


def cell(name: str, value: Any) -> str:
    if value is None:
        return "&ndash;"
    if name.endswith("_at"):
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S}"
    return escape(str(value))


def table(head: tuple[str, ...], rows: list[list[str]]) -> str:
    top = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in head)
    body = "".join("<tr>" + "".join(f"<td>{value}</td>" for value in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{top}</tr>{body}</table></div>'


def page(dials: list[JSON], settings: JSON) -> str:
    rung = [[cell(name, dial[name]) for name in COLUMNS] for dial in dials]
    codes = [[code, escape(MAGIC[code].says), MAGIC[code].outcome, MAGIC[code].lead_status] for code in sorted(MAGIC)]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Phone network in a box</title><style>{STYLE}</style><body><h1>Phone network in a box</h1>"
        "<p>This server stands in for the voice provider and the telephone network. No telephone rings. The last two"
        " digits of a number decide who answers.</p>"
        f"<p>Speed {settings['speed']:g}, seed {settings['seed']}, faults {escape(str(settings['faults'] or 'none'))}."
        ' See <a href="/book">the book</a> and <a href="/control">the control desk</a>. Times are UTC.</p>'
        f"<h2>Last dials</h2>{table(COLUMNS, rung) if rung else '<p>Nothing has been dialled yet.</p>'}"
        f"<h2>Endings</h2>{table(('ending', 'what happens', 'interaction', 'lead'), codes)}</body></html>"
    )
