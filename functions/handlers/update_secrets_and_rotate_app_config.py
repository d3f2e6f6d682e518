"""Do this Region's own secret and parameter name the promoted database?"""

from failover.adapters.parameters import ParameterStore
from failover.adapters.rds import Rds
from failover.adapters.secrets import SecretsManager
from failover.application.update_secrets_and_rotate_app_config import UpdateSecretsAndRotateAppConfig
from failover.wiring.this_region import ThisRegion
from handlers._task_state import task_handler


def build() -> UpdateSecretsAndRotateAppConfig:
    this = ThisRegion.load()
    return UpdateSecretsAndRotateAppConfig(
        this.plan,
        this.name,
        Rds(this.client("rds")),
        SecretsManager(this.client("secretsmanager")),
        ParameterStore(this.client("ssm")),
    )


handler = task_handler("UpdateSecretsAndRotateAppConfig", build)
