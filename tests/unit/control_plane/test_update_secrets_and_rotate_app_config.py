"""Do secret and parameter name the promoted database, without versions that nobody needs?"""

from __future__ import annotations

import json

import pytest
from control_plane_world import (
    STANDBY,
    MemoryParameters,
    MemoryRds,
    MemorySecrets,
    VirtualClock,
    plan_with,
    run_with,
)

from failover.application.errors import RunRefused
from failover.application.update_secrets_and_rotate_app_config import UpdateSecretsAndRotateAppConfig

PARAMETER = "/drlab/app/database"


class World:
    def __init__(self, host: str = "old.example.com", stored: str | None = None) -> None:
        self.secrets = MemorySecrets(host=host)
        self.parameters = MemoryParameters()
        if stored is not None:
            self.parameters.values[PARAMETER] = stored
        self.rds = MemoryRds(VirtualClock(), source=None)
        self.update = UpdateSecretsAndRotateAppConfig(plan_with(), STANDBY, self.rds, self.secrets, self.parameters)


def test_both_are_pointed_at_the_instance_and_keep_everything_else() -> None:
    world = World(stored='{"host": "old", "port": 1, "pool": 10}')
    answer = world.update(run_with())
    assert (answer["changed"], answer["parameter"]) == (True, PARAMETER)
    assert answer["secret_arn"].startswith("arn:aws:secretsmanager:us-west-2:")
    assert (world.secrets.value["host"], world.secrets.value["password"]) == ("db.example.com", "not-shown")
    assert json.loads(world.parameters.values[PARAMETER]) == {"host": "db.example.com", "port": 5432, "pool": 10}


def test_a_repeat_writes_nothing() -> None:
    world = World()
    world.update(run_with())
    assert world.update(run_with())["changed"] is False
    assert (len(world.secrets.versions), world.parameters.writes) == (1, 1)


def test_a_write_whose_answer_was_lost_makes_no_second_version() -> None:
    world = World()
    world.update(run_with())
    world.secrets.value["host"] = "old.example.com"
    world.update(run_with())
    assert len(world.secrets.versions) == 1


def test_a_port_kept_as_text_names_the_same_endpoint() -> None:
    world = World(host="db.example.com", stored='{"host": "db.example.com", "port": "5432"}')
    world.secrets.value["port"] = "5432"
    assert world.update(run_with())["changed"] is False


@pytest.mark.parametrize("stored", ["plain text", "[1]"])
def test_a_parameter_that_holds_something_else_is_left_alone(stored: str) -> None:
    world = World(stored=stored)
    with pytest.raises(RunRefused, match="no JSON object"):
        world.update(run_with())
    assert world.parameters.values[PARAMETER] == stored


def test_an_instance_without_an_endpoint_is_refused() -> None:
    world = World()
    world.rds.set(host=None)
    with pytest.raises(RunRefused, match="no endpoint"):
        world.update(run_with())
    assert world.secrets.versions == {}
