"""Does a policy allow what IAM would allow by it, and nothing that it would not?"""

from __future__ import annotations

import pytest

from lab.cloud.iam.conditions import UnknownPolicy, context
from lab.cloud.iam.policies import Grant, Request, allowing, grants

BUCKET = "arn:aws:s3:::records"


def policy(*statements: dict[str, object]) -> dict[str, object]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: object, resource: object, **more: object) -> dict[str, object]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def allowed(action: str, resource: str, *documents: dict[str, object]) -> bool:
    return allowing(grants(documents), Request(action, resource)) is not None


def allowed_where(condition: dict[str, object], known: dict[str, str | list[str]]) -> bool:
    """A call under this condition, of which this is known."""
    held = grants([policy(allow("kms:Decrypt", "*", Condition=condition))])
    return allowing(held, Request("kms:Decrypt", "k", context(known))) is not None


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


VIA = "kms:ViaService"
SECRETS, RDS = "secretsmanager.us-west-2.amazonaws.com", "rds.us-west-2.amazonaws.com"
ALIASES = "kms:ResourceAliases"
RULE = "arn:aws:events:us-west-2:1:rule/app-forward"


@pytest.mark.parametrize(
    ("condition", "known", "expected"),
    [
        ({"StringEquals": {VIA: SECRETS}}, {VIA: SECRETS}, True),
        ({"StringEquals": {VIA: SECRETS}}, {VIA: RDS}, False),
        ({"StringEquals": {VIA: SECRETS}}, {}, False),
        ({"StringEquals": {VIA: SECRETS}}, {VIA: SECRETS.upper()}, False),
        ({"StringEquals": {VIA: [RDS, SECRETS]}}, {VIA: SECRETS}, True),
        ({"StringEquals": {VIA.upper(): SECRETS}}, {VIA: SECRETS}, True),
        ({"StringEquals": {VIA: SECRETS, "aws:SourceAccount": "1"}}, {VIA: SECRETS}, False),
        ({"StringEquals": {VIA: SECRETS}, "Null": {"aws:SourceArn": "true"}}, {VIA: SECRETS}, True),
        (
            {"StringEquals": {VIA: SECRETS}, "Null": {"aws:SourceArn": "true"}},
            {VIA: SECRETS, "aws:SourceArn": RULE},
            False,
        ),
        ({"ForAnyValue:StringEquals": {ALIASES: "alias/app"}}, {ALIASES: ["alias/other", "alias/app"]}, True),
        ({"ForAnyValue:StringEquals": {ALIASES: "alias/app"}}, {ALIASES: ["alias/other"]}, False),
        ({"ForAnyValue:StringEquals": {ALIASES: "alias/app"}}, {ALIASES: []}, False),
        ({"Null": {"aws:ResourceTag/drlab:restored-by": "false"}}, {"aws:ResourceTag/drlab:restored-by": "run"}, True),
        ({"Null": {"aws:ResourceTag/drlab:restored-by": "false"}}, {"aws:ResourceTag/other": "run"}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"aws:SecureTransport": "true"}, False),
        ({"Bool": {"aws:SecureTransport": "true"}}, {"aws:SecureTransport": "True"}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:events:*:1:rule/app-*"}}, {"aws:SourceArn": RULE}, True),
        ({"ArnEquals": {"aws:SourceArn": "arn:aws:events:*:1:rule/app-*"}}, {"aws:SourceArn": RULE}, True),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:*:rule/app-forward"}}, {"aws:SourceArn": RULE}, False),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:events:*:1:rule/other"}}, {"aws:SourceArn": RULE}, False),
    ],
)
def test_a_condition_is_judged_by_what_is_known_of_the_request(
    condition: dict[str, object], known: dict[str, str | list[str]], expected: bool
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""
    assert allowed_where(condition, known) is expected


def test_what_is_denied_under_a_condition_is_denied_where_that_holds() -> None:
    deny = {"Effect": "Deny", "Action": "kms:*", "Resource": "*", "Condition": {"StringEquals": {VIA: RDS}}}
    held = grants([policy(allow("kms:Decrypt", "*"), deny)])
    assert allowing(held, Request("kms:Decrypt", "k", context({VIA: SECRETS})))
    assert not allowing(held, Request("kms:Decrypt", "k", context({VIA: RDS})))


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"StringNotEquals": {VIA: RDS}}, "StringNotEquals of kms:ViaService"),
        ({"StringEqualsIfExists": {VIA: RDS}}, "StringEqualsIfExists"),
        ({"StringEquals": {"aws:PrincipalOrgID": "o"}}, "aws:PrincipalOrgID: no request of the lab says"),
        ({"StringEquals": {ALIASES: "alias/app"}}, "several values"),
        ({"Null": {VIA: "yes"}}, "true or false"),
    ],
)
def test_a_condition_that_is_not_understood_is_an_error_and_no_pass(condition: dict[str, object], told: str) -> None:
    with pytest.raises(UnknownPolicy, match=told):
        grants([policy(allow("kms:Decrypt", "*", Condition=condition))])


def test_a_resources_own_policy_grants_to_the_services_that_it_names() -> None:
    named = allow("sqs:SendMessage", "q", Principal={"Service": ["events.amazonaws.com", "s3.amazonaws.com"]})
    anybody = allow("sqs:ReceiveMessage", "q", Principal={"AWS": "*"})
    held = grants([policy(named, anybody)], principal="events.amazonaws.com")
    assert {one.action for one in held} == {"sqs:SendMessage", "sqs:ReceiveMessage"}
    assert {one.action for one in grants([policy(named, anybody)], principal="sns.amazonaws.com")} == {
        "sqs:ReceiveMessage"
    }


@pytest.mark.parametrize("element", ["NotAction", "NotResource"])
def test_what_is_not_understood_is_an_error(element: str) -> None:
    statement = allow("s3:GetObject", "*")
    statement[element] = statement.pop(element.removeprefix("Not"))
    with pytest.raises(UnknownPolicy, match=element):
        grants([policy(statement)])


def test_the_grant_that_allows_is_named() -> None:
    held = grants([policy(allow(["s3:GetObject", "s3:PutObject"], [f"{BUCKET}/a", f"{BUCKET}/b"]))])
    assert allowing(held, Request("s3:PutObject", f"{BUCKET}/b")) == Grant("s3:PutObject", f"{BUCKET}/b")
