"""While what is a line of the functions or of the service noticed as run?

Before CPython 3.12 a tracer is called for each call and line of whatever module, which doubles what they cost. So it is there
only where what it is to see may run: while those modules are loaded, and in the tests that are about them.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import botocore.client
import botocore.session
import pytest

TESTS = Path(__file__).parent
MEASURED = tuple(str(TESTS.parent / folder) + "/" for folder in ("functions", "webapi"))

# Whose tests are about the functions and the service. One elsewhere proves what it proves, and counts for no coverage.
COVERED = {"chaos", "handlers", "operator", "service", "unit"}

Tracers = tuple[Any, Any]  # of this thread, and of those to come
NOBODY: Tracers = (None, None)


@contextmanager
def traced(by: Tracers) -> Iterator[None]:
    """By `by`, and by whoever it was before afterwards."""
    before = sys.gettrace(), threading.gettrace()
    sys.settrace(by[0])
    threading.settrace(by[1])
    try:
        yield
    finally:
        sys.settrace(before[0])
        threading.settrace(before[1])  # type: ignore[arg-type]


def untraced(call: Callable[..., Any]) -> Callable[..., Any]:
    """Nothing that is measured runs below it."""

    @wraps(call)
    def made(*args: Any, **kwargs: Any) -> Any:
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            return call(*args, **kwargs)
        finally:
            sys.settrace(tracer)

    return made


class Tracing:
    """Takes the tracers away when the session starts, and lends them."""

    def __init__(self) -> None:
        self._tracers = NOBODY

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self) -> None:
        self._tracers = sys.gettrace(), threading.gettrace()
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]
        # A call of AWS, and with an emulated one all that it does; and a client's making.
        of_client, of_session = botocore.client.BaseClient, botocore.session.Session
        of_client._make_api_call = untraced(of_client._make_api_call)
        of_session.create_client = untraced(of_session.create_client)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Iterator[None]:
        load = SourceFileLoader.exec_module

        def traced_if_measured(loader: SourceFileLoader, module: ModuleType) -> None:
            with traced(self._tracers if loader.path.startswith(MEASURED) else NOBODY):
                load(loader, module)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SourceFileLoader, "exec_module", traced_if_measured)
            return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        return (yield from self._lent(item))

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        return (yield from self._lent(item))

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        return (yield from self._lent(item))

    def _lent(self, item: pytest.Item) -> Iterator[None]:
        with traced(NOBODY if item.get_closest_marker("untraced") else self._tracers):
            return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Where no coverage is measured, a tracer is a debugger's."""
    if config.pluginmanager.hasplugin("_cov"):
        config.pluginmanager.register(Tracing())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.relative_to(TESTS).parts[0] not in COVERED:
            item.add_marker(pytest.mark.untraced)
