"""What a method of the public API says of itself: read by its view, by the check of scopes and by the document."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

Handler = TypeVar("Handler", bound=Callable[..., Any])
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")


@dataclass(frozen=True, kw_only=True)
class Operation:
    id: str
    summary: str
    description: str
    scope: str
    data: Any
    """The TypedDict under `data` of the answer; None where `data` is null."""
    status: int
    body: Any = None
    query: Any = None
    tag: str = ""
    idempotent: bool = False
    errors: tuple[int, ...] = ()
    example: Any = None
    body_example: Any = None
    error_examples: dict[int, dict[str, Any]] = field(default_factory=dict)
    """By status: the title of an example, and the error that it shows; in place of the common ones."""
    file: str = ""
    """The media type of an answer that is a file."""


def operation(
    id: str,
    summary: str,
    *,
    scope: str,
    tag: str,
    data: Any = None,
    description: str = "",
    body: Any = None,
    query: Any = None,
    status: int = 200,
    idempotent: bool = False,
    errors: Sequence[int] = (),
    example: Any = None,
    body_example: Any = None,
    error_examples: dict[int, dict[str, Any]] | None = None,
    file: str = "",
) -> Callable[[Handler], Handler]:
    """What a method of an ApiView reads, answers and needs: the view is held to it, and the document shows it."""
    said = Operation(
        id=id,
        summary=summary,
        description=description,
        scope=scope,
        tag=tag,
        data=data,
        status=status,
        body=body,
        query=query,
        idempotent=idempotent,
        errors=tuple(errors),
        example=example,
        body_example=body_example,
        error_examples=error_examples or {},
        file=file,
    )

    def mark(handler: Handler) -> Handler:
        cast(Any, handler).operation = said
        return handler

    return mark


def operation_of(view: Any, method: str) -> Operation | None:
    """A client may send any word as the method, also one that the view uses for something else."""
    return getattr(getattr(view, method.lower(), None), "operation", None) if method in METHODS else None
