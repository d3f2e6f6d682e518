"""What is made once a process of tests, and would be made anew for every test?"""

from __future__ import annotations

from functools import cache

import botocore.session

# Each session parses the models of the services it is asked for, some of megabytes; nothing here changes one.
botocore.session.create_loader = cache(botocore.session.create_loader)
