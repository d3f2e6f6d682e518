"""Does a policy allow what IAM would allow by it, and nothing that it would not?"""

from __future__ import annotations

import pytest

from lab.cloud.iam_policies import Grant, Request, UnknownPolicy, allowing, grants

BUCKET = "arn:aws:s3:::records"


def policy(*statements: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: object, resource: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def allowed(action: str, resource: str, *documents: dict[str, object]) -> bool:
    return allowing(grants(documents), Request(action, resource)) is not None


def test_nothing_is_allowed_without_a_statement() -> None:
    assert not allowed("s3:GetObject", f"{BUCKET}/a")


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("s3:GetObject", f"{BUCKET}/runs/1", True),
        ("S3:getobject", f"{BUCKET}/runs/1", True),
        ("s3:GetObject", f"{BUCKET}/RUNS/1", False),
        ("s3:GetObject", f"{BUCKET}/journal/1", False),
        ("s3:PutObject", f"{BUCKET}/runs/1", False),
        ("s3:GetObjectVersion", f"{BUCKET}/runs/1", False),
    ],
)
def test_action_and_resource_must_both_match(action: str, resource: str, expected: bool) -> None:
    assert allowed(action, resource, policy(allow("s3:GetObject", f"{BUCKET}/runs/*"))) is expected


def test_a_question_mark_is_one_character_and_a_dot_is_a_dot() -> None:
    document = policy(allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:r:1:secret:a.b-??????"))
    assert allowed("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:r:1:secret:a.b-AbCdEf", document)
    assert not allowed("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:r:1:secret:a.b-AbCdEfG", document)
    assert not allowed("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:r:1:secret:axb-AbCdEf", document)


def test_a_statement_that_denies_wins_wherever_it_stands() -> None:
    deny = {"Effect": "Deny", "Action": "s3:*", "Resource": f"{BUCKET}/runs/*"}
    both = policy(allow(["s3:GetObject", "s3:PutObject"], [f"{BUCKET}/*"])), policy(deny)
    assert not allowed("s3:GetObject", f"{BUCKET}/runs/1", *both)
    assert allowed("s3:GetObject", f"{BUCKET}/other", *reversed(both))


def test_a_condition_is_decided_against_the_caller() -> None:
    under = {"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}
    assert not allowed("s3:GetObject", f"{BUCKET}/a", policy(allow("s3:GetObject", "*", **under)))
    deny = {"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", **under}
    assert not allowed("s3:GetObject", f"{BUCKET}/a", policy(allow("s3:GetObject", "*"), deny))


@pytest.mark.parametrize("element", ["NotAction", "NotResource"])
def test_what_is_not_understood_is_an_error(element: str) -> None:
    statement = allow("s3:GetObject", "*")
    statement[element] = statement.pop(element.removeprefix("Not"))
    with pytest.raises(UnknownPolicy, match=element):
        grants([policy(statement)])


def test_the_grant_that_allows_is_named() -> None:
    held = grants([policy(allow(["s3:GetObject", "s3:PutObject"], [f"{BUCKET}/a", f"{BUCKET}/b"]))])
    assert allowing(held, Request("s3:PutObject", f"{BUCKET}/b")) == Grant("s3:PutObject", f"{BUCKET}/b")
