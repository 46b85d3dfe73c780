from __future__ import annotations

import argparse
import asyncio
import errno
import os
import signal
import sys
from pathlib import Path
from typing import TextIO

from aiohttp import web

from sandbox.app import make_app
from sandbox.clock import Clock
from sandbox.control import ControlError, check_speed

# Held requests are cut off after this; all must be over 2 s after SIGTERM.
SHUTDOWN_SECS = 0.5


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


async def serve(host: str, port: int, app: web.Application) -> None:
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=SHUTDOWN_SECS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=1024).start()
        say(sys.stdout, f"sandbox: listening on http://{host}:{port}")
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await stop.wait()
    finally:
        await runner.cleanup()


def listen_error(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"sandbox: port {port} on {host} is already in use; choose another one with --port."
    return f"sandbox: cannot listen on {host}:{port}: {error.strerror or error}."


def main() -> int:
    options = arguments()
    try:
        clock = Clock.parse(os.environ.get("CLOCK", ""))
        app = make_app(options.data, clock, speed_from(os.environ.get("SANDBOX_SPEED", "")))
    except (ValueError, OSError) as error:
        say(sys.stderr, f"sandbox: {error}")
        return 1
    try:
        asyncio.run(serve(options.host, options.port, app))
    except OSError as error:
        say(sys.stderr, listen_error(error, options.host, options.port))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
