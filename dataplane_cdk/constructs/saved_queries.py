"""Which questions to the logs are saved before anyone needs them at night? Those in runbooks/queries."""

from __future__ import annotations

import re
from pathlib import Path

from aws_cdk import aws_logs as logs
from constructs import Construct

from dataplane_cdk.names import Names

QUERIES = Path(__file__).resolve().parents[2] / "runbooks" / "queries"
FIRST_LINE = re.compile(r"# log group: (\S+)")


class SavedQueries(Construct):
    """One query definition for each file; names and log groups are those of `region`. Raises ValueError."""

    def __init__(self, scope: Construct, construct_id: str, names: Names, region: str) -> None:
        super().__init__(scope, construct_id)
        for path in sorted(QUERIES.glob("*.txt")):
            first, _, query = path.read_text(encoding="utf-8").partition("\n")
            if (match := FIRST_LINE.fullmatch(first)) is None:
                raise ValueError(f"{path.name}: the first line must be '# log group: <name>'")
            group = match[1].format(service=names.config.service, database=names.database_logs(region))
            logs.CfnQueryDefinition(
                self,
                path.stem,
                name=f"{names.prefix}/{path.stem}",
                log_group_names=[group],
                query_string=query.rstrip(),
            )
