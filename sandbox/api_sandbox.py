from __future__ import annotations

from aiohttp import web

from sandbox.book import Book
from sandbox.control import Control, ControlError
from sandbox.errors import json_response
from sandbox.page import page
from sandbox.store import Store

LINES_AT_ONCE = 500
SHOWN_DIALS = 50


class Tools:
    """What the real provider does not have: the book, the control desk and a page that explains them."""

    def __init__(self, store: Store, book: Book, control: Control) -> None:
        self.store = store
        self.book = book
        self.control = control

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.home),
            web.get("/healthz", self.health),
            web.get("/book", self.show_book),
            web.delete("/book", self.clear_book),
            web.get("/control", self.show_control),
            web.post("/control", self.update_control),
        ]

    async def home(self, request: web.Request) -> web.Response:
        text = page(self.book.latest(SHOWN_DIALS), self.control.as_dict())
        return web.Response(text=text, content_type="text/html")

    async def health(self, request: web.Request) -> web.Response:
        return json_response({"status": "ok"})

    async def show_book(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson; charset=utf-8"})
        await response.prepare(request)
        batch: list[bytes] = []
        for line in self.book.lines(request.query.get("to", "").replace(" ", "+")):
            batch.append(line)
            if len(batch) == LINES_AT_ONCE:
                await response.write(b"".join(batch))
                batch = []
        await response.write_eof(b"".join(batch))
        return response

    async def clear_book(self, request: web.Request) -> web.Response:
        self.book.clear()
        self.store.forget_posts()
        return web.Response(status=204)

    async def show_control(self, request: web.Request) -> web.Response:
        return json_response(self.control.as_dict())

    async def update_control(self, request: web.Request) -> web.Response:
        try:
            self.control.update(await request.json())
        except ControlError as error:
            return json_response({"error": str(error)}, 400)
        except ValueError:
            return json_response({"error": "The body must be JSON."}, 400)
        return json_response(self.control.as_dict())
