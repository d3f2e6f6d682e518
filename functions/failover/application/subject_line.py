"""What may the subject of a message be?"""

from __future__ import annotations

LONGEST_SUBJECT = 99


def subject_line(told: str, run: str) -> str:
    """`told`, with the run's name, as one line that SNS takes: ASCII, no control characters, less than 100 characters.

    https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
    """
    line = f"{told} ({run})"
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in line)[:LONGEST_SUBJECT]
