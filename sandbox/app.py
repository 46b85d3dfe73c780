from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from aiohttp import web

from sandbox.api_agents import Agents
from sandbox.api_calls import Calls
from sandbox.api_conversations import Conversations
from sandbox.api_sandbox import Tools
from sandbox.api_workspace import Workspace
from sandbox.book import Book
from sandbox.clock import Clock
from sandbox.control import Control
from sandbox.courier import Courier
from sandbox.engine import Engine
from sandbox.errors import ApiError, json_response
from sandbox.recording import Recordings
from sandbox.store import Store

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
MAX_BODY = 4 * 1024 * 1024


@web.middleware
async def provider_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every error looks like the provider's: `{"detail": ...}`."""
    try:
        return await handler(request)
    except ApiError as error:
        return error.response()
    except web.HTTPNotFound:
        return json_response({"detail": "Not Found"}, 404)
    except web.HTTPMethodNotAllowed:
        return json_response({"detail": "Method Not Allowed"}, 405)


def make_app(folder: Path, clock: Clock, speed: float) -> web.Application:
    folder.mkdir(parents=True, exist_ok=True)
    # The book comes first: it holds the lock on the folder.
    book, store = Book(folder / "book.jsonl"), Store(folder / "sandbox.sqlite3")
    control, recordings = Control(folder / "control.json", clock, speed), Recordings()
    courier = Courier(store, control)
    engine = Engine(store, book, control, courier, recordings)

    async def running(app: web.Application) -> AsyncIterator[None]:
        engine.resume()
        yield
        await engine.close()
        await courier.close()
        store.close()
        book.close()

    app = web.Application(middlewares=[provider_errors], client_max_size=MAX_BODY)
    app.cleanup_ctx.append(running)
    parts = (
        Calls(store, control, engine),
        Conversations(store, engine, recordings),
        Workspace(store, clock),
        Agents(store, clock),
        Tools(store, book, control),
    )
    for part in parts:
        app.add_routes(part.routes())
    return app
