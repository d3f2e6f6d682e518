"""How does a walk through the workflow end that does not end in a state of it?"""

from __future__ import annotations


class WorkflowError(Exception):
    """An error by the name that Retry and Catch know it by; `cause` is Step Functions' Cause, which may be JSON."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause

    def to_dict(self) -> dict[str, str]:
        """What a Catch leaves: https://states-language.net/spec.html#error-output"""
        return {"Error": self.name, "Cause": self.cause}


class NotUnderstood(ValueError):
    """The workflow file says something that is not understood here; the text says what and where."""
