from __future__ import annotations

import argparse
import asyncio
import errno
import os
import signal
import socket
import sqlite3
import sys
from pathlib import Path
from typing import TextIO

from aiohttp import web

from sandbox.app import make_app
from sandbox.clock import Clock
from sandbox.control import ControlError, check_speed

# Held requests are cut off after this; all must be over 2 s after SIGTERM.
SHUTDOWN_SECS = 0.5
BACKLOG = 1024


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description="A phone network in a box.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8010)
    parser.add_argument("--data", type=Path, required=True, help="the only folder it writes to")
    return parser.parse_args()


def say(stream: TextIO, line: str) -> None:
    stream.write(f"{line}\n")
    stream.flush()


def speed_from(text: str) -> float:
    try:
        return check_speed(float(text or 1))
    except (ValueError, ControlError):
        raise ValueError(f'SANDBOX_SPEED must be a number above 0, not "{text}".') from None


def listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=BACKLOG)


def listen_error(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is already in use; choose another one with --port."
    return f"cannot listen on {host}:{port}: {error.strerror or error}."


async def serve(sock: socket.socket, app: web.Application, greeting: str) -> None:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_SECS)
    await runner.setup()
    try:
        await web.SockSite(runner, sock, backlog=BACKLOG).start()
        say(sys.stdout, greeting)
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
    finally:
        await runner.cleanup()


def run(host: str, port: int, folder: Path) -> None:
    clock = Clock.parse(os.environ.get("CLOCK", ""))
    speed = speed_from(os.environ.get("SANDBOX_SPEED", ""))
    try:
        sock = listen(host, port)
    except OSError as error:
        raise ValueError(listen_error(error, host, port)) from None
    # The data is opened only now, so that a second start by mistake cannot touch what the first one writes.
    app = make_app(folder, clock, speed)
    asyncio.run(serve(sock, app, f"sandbox: listening on http://{host}:{port}"))


def main() -> int:
    options = arguments()
    try:
        run(options.host, options.port, options.data)
    except (ValueError, OSError, sqlite3.Error) as error:
        say(sys.stderr, f"sandbox: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
