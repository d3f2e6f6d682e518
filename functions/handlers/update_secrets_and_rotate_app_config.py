"""Do this Region's own secret and parameter name the promoted database?"""

from failover import wiring
from handlers._task_state import task_handler

handler = task_handler("UpdateSecretsAndRotateAppConfig", wiring.update_secrets_and_rotate_app_config)
