"""Which installation is this copy of the code about? The one that `dataplane_cdk/cdk.json` describes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lab.settings import SettingsError

CDK_CONTEXT = Path(__file__).resolve().parents[2] / "dataplane_cdk" / "cdk.json"


def configured(*names: str, context_file: Path = CDK_CONTEXT) -> list[str]:
    """The values of these settings of the installation. Raises SettingsError."""
    try:
        context: Any = json.loads(context_file.read_text(encoding="utf-8"))["context"]
        return [str(context[name]) for name in names]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SettingsError(f"{context_file.name} names no {' and '.join(names)}: {error}") from error
