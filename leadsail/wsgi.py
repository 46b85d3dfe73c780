from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadsail.settings")

Environ = dict[str, Any]
App = Callable[[Environ, Any], Iterable[bytes]]

MAX_BYTES = 10 * 1024 * 1024
SPOOL_BYTES = 256 * 1024


def buffer_chunked(app: App) -> App:
    """Django takes a body without Content-Length for empty, and providers send theirs chunked: read it, then say how
    long it is. One byte over the limit is kept, so that the view can tell that it was too long."""

    def application(environ: Environ, start_response: Any) -> Iterable[bytes]:
        if "chunked" in environ.get("HTTP_TRANSFER_ENCODING", "").lower() and not environ.get("CONTENT_LENGTH"):
            body = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 - lives as long as the request
            while body.tell() <= MAX_BYTES and (chunk := environ["wsgi.input"].read(65536)):
                body.write(chunk)
            environ["CONTENT_LENGTH"] = str(body.tell())
            body.seek(0)
            environ["wsgi.input"] = body
        return app(environ, start_response)

    return application


application = buffer_chunked(get_wsgi_application())
