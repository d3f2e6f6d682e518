"""With which login does a step open a session on this Region's database?"""

from __future__ import annotations

from failover.application.errors import RunRefused
from failover.application.ports import DatabaseInstance, DatabaseLogin, Databases, Secret, Secrets
from failover.domain.plan import RegionPlan

TEXT_KEYS = ("username", "password", "dbname")


def login_in(here: RegionPlan, databases: Databases, secrets: Secrets) -> DatabaseLogin:
    """To the database of `here`. Raises RunRefused when something is missing, or TransientFailure."""
    instance = databases.describe(here.database_instance)
    if instance is None:
        raise RunRefused(f"{here.region} has no database instance {here.database_instance}.")
    return login_for(instance, secrets.read(here.database_secret))


def login_for(instance: DatabaseInstance, secret: Secret) -> DatabaseLogin:
    """Host and port as RDS tells them, the rest from the secret. Raises RunRefused when something is missing."""
    if instance.host is None or instance.port is None:
        raise RunRefused(f"RDS names no endpoint for {instance.identifier}.")
    texts = {key: secret.value.get(key) for key in TEXT_KEYS}
    for key, text in texts.items():
        if not isinstance(text, str) or not text:
            raise RunRefused(f"The secret {secret.arn} has no {key}.")
    return DatabaseLogin(
        instance.host, instance.port, str(texts["dbname"]), str(texts["username"]), str(texts["password"])
    )
