"""Which problems does the operators' API tell of?"""

from __future__ import annotations

from webapi.problem_details import Kind

ANONYMOUS = Kind("/problems/anonymous", "It is not known who asks", 401)
EXPIRED = Kind("/problems/expired", "The request is too old", 401)
NO_SUCH_RUN = Kind("/problems/no-such-run", "This Region knows no such run", 404)
REFUSED = Kind("/problems/refused", "It was not done, and nothing was changed", 409)
UNDECIDED = Kind("/problems/undecided", "The same request is under way, or broke off", 409)
KEY_REUSED = Kind("/problems/key-reused", "The key was used for another request", 422)
NOT_ALLOWED = Kind("/problems/not-allowed", "AWS, or what is stored there, does not allow it", 502)
UNAVAILABLE = Kind("/problems/unavailable", "Something that is needed gave no answer", 503)
