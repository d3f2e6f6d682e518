"""Would a secret be found where a lab tells one? The check that every drill makes, on what leaks on purpose."""

from __future__ import annotations

from tests.drills.secrets_told import Secret, leaks

PASSWORD = Secret("the password", "hunter2hunter2")
TOKEN = Secret("a token", "x" * 24, ("message", "the mailbox"))


def test_a_secret_in_a_log_is_found_and_not_shown() -> None:
    found = leaks([PASSWORD], {"log task.log": "could not log in with hunter2hunter2"})
    assert found == ["the password is in log task.log"]


def test_a_token_is_allowed_in_the_message_to_the_person_and_nowhere_else() -> None:
    told = f"drlab approve run.{TOKEN.value}"
    assert leaks([TOKEN], {"message 0": told, "the mailbox": told}) == []
    assert leaks([TOKEN], {"message 0": told, "execution run": told}) == ["a token is in execution run"]


def test_a_secret_that_is_allowed_nowhere_is_not_allowed_in_a_message() -> None:
    assert leaks([PASSWORD], {"message 0": PASSWORD.value}) == ["the password is in message 0"]


def test_a_connection_string_is_found_whoever_its_password_belongs_to() -> None:
    assert leaks([], {"log a": "postgresql://app:pw@127.0.0.1/app"}) == ["a connection string is in log a"]
    assert leaks([], {"log b": "host=127.0.0.1 password=pw"}) == ["a connection string is in log b"]
    assert leaks([], {"log c": "the password was refused, see https://postgresql.org"}) == []
