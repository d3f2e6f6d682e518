"""What is made once a process of tests, and would be made anew for every test?"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache, wraps
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import botocore.client
import botocore.session
import pytest
from hypothesis import settings

# The same cases each time, however busy the machine: whoever changes one thing must not be stopped by another.
# `--hypothesis-profile=default` draws others, as `make fuzz` does.
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")

TESTS = Path(__file__).parent

# Each session parses the models of the services it is asked for, some of megabytes; nothing here changes one.
botocore.session.create_loader = cache(botocore.session.create_loader)

# Whose tests are about the functions and the service, whose coverage is measured. Before CPython 3.12 each call of whatever
# module is traced, which takes twice as long where an AWS is emulated or templates are checked.
COVERED = {"chaos", "handlers", "operator", "service", "unit"}


def untraced(call: Callable[..., Any]) -> Callable[..., Any]:
    """Nothing whose coverage is measured runs below it, and to trace it would double what it costs."""

    @wraps(call)
    def made(*args: Any, **kwargs: Any) -> Any:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return call(*args, **kwargs)
        finally:
            sys.settrace(tracer)

    return made


# A call of AWS, and with an emulated one all that it does; and a client's making.
botocore.client.BaseClient._make_api_call = untraced(botocore.client.BaseClient._make_api_call)
botocore.session.Session.create_client = untraced(botocore.session.Session.create_client)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """While the tests are loaded, what is installed is not traced: it would take half as long again."""
    load = SourceFileLoader.exec_module

    def untraced_if_installed(loader: SourceFileLoader, module: ModuleType) -> None:
        own = Path(loader.path).is_relative_to(TESTS.parent) and "site-packages" not in loader.path
        (load if own else untraced(load))(loader, module)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SourceFileLoader, "exec_module", untraced_if_installed)
        return (yield)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test elsewhere proves what it proves, and counts for no coverage."""
    for item in items:
        if item.path.relative_to(TESTS).parts[0] not in COVERED:
            item.add_marker(pytest.mark.no_cover)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """In each worker pytest-cov measures twice: for a test that is not to be covered it stops one, and so the other goes on."""
    if not item.get_closest_marker("no_cover"):
        return (yield)
    tracer, of_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)  # type: ignore[arg-type]
    try:
        return (yield)
    finally:
        sys.settrace(tracer)
        threading.settrace(of_threads)  # type: ignore[arg-type]


def pytest_collection_finish() -> None:
    """What is loaded by now stays: looking through it for garbage again and again takes an eighth of the processor's time."""
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
