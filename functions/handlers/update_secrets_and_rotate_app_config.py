"""Do this Region's own secret and parameter name the promoted database?"""

from failover.adapters.parameters import ParameterStore
from failover.adapters.secrets import SecretsManager
from failover.application.update_secrets_and_rotate_app_config import UpdateSecretsAndRotateAppConfig
from failover.wiring.databases import databases_of
from failover.wiring.this_region import ThisRegion
from handlers._task_state import task_handler


def build() -> UpdateSecretsAndRotateAppConfig:
    this = ThisRegion.load()
    return UpdateSecretsAndRotateAppConfig(
        this.plan,
        this.name,
        databases_of(this.plan, this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        ParameterStore(this.client("ssm")),
    )


handler = task_handler("UpdateSecretsAndRotateAppConfig", build)
