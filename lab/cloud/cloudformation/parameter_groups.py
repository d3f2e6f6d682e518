"""Which parameter groups do the templates create in the lab? Those of DB instances and of Aurora's clusters."""

from __future__ import annotations

from lab.cloud.cloudformation.resource import Created, Made, Properties, ResourceType, Wanted


def _of(kind: str, word: str) -> ResourceType:
    """The two differ in what the API calls them alone: `kind` is CloudFormation's word for it, `word` boto3's."""
    named = f"{kind}ParameterGroupName"

    def create(wanted: Wanted) -> Created:
        rds, name = wanted.client("rds"), wanted.name.lower()
        getattr(rds, f"create_{word}_parameter_group")(
            **{named: name},
            DBParameterGroupFamily=wanted.properties["Family"],
            Description=wanted.properties["Description"],
        )
        getattr(rds, f"modify_{word}_parameter_group")(
            **{named: name},
            Parameters=[
                {"ParameterName": key, "ParameterValue": str(value), "ApplyMethod": "pending-reboot"}
                for key, value in wanted.properties["Parameters"].items()
            ],
        )
        return Created(name)

    def read(made: Made) -> Properties:
        rds, which = made.client("rds"), {named: made.ref}
        found = getattr(rds, f"describe_{word}_parameter_groups")(**which)[f"{kind}ParameterGroups"][0]
        listed = getattr(rds, f"describe_{word}_parameters")(**which)["Parameters"]
        return {
            "Family": found["DBParameterGroupFamily"],
            "Description": found["Description"],
            "Parameters": {one["ParameterName"]: one["ParameterValue"] for one in listed},
        }

    made = frozenset({"Description", "Family", "Parameters"})
    return ResourceType(f"AWS::RDS::{kind}ParameterGroup", made, create, read)


TYPES = (_of("DB", "db"), _of("DBCluster", "db_cluster"))
