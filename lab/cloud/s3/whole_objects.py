"""Is an object written and read whole, and a conditional write decided in one piece?

moto looks whether the condition holds and writes in a second step, and closes an object that another thread still reads. Of
several writers with the same If-Match more than one then wins, which S3 excludes, and a leader record rests on.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel (updates to a single key are atomic)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from moto.s3.responses import S3Response


def one_at_a_time(serve: Callable[..., Any]) -> Callable[..., Any]:
    """One lock for all objects: each request takes a moment, and none waits for another inside."""
    lock = threading.RLock()

    @wraps(serve)
    def served(*arguments: Any, **named: Any) -> Any:
        with lock:
            return serve(*arguments, **named)

    return served


def install(context: object) -> None:
    """Of every request for an object."""
    del context
    S3Response._key_response = one_at_a_time(S3Response._key_response)
