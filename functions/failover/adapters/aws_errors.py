"""Is an AWS failure worth another try?

Throttling, server errors and everything that happened on the way are; whatever AWS decided is not. Codes:
https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, SSOError, TokenRetrievalError
from botocore.exceptions import ConnectionError as BotoConnectionError

from failover.application.errors import RunRefused, TransientFailure

TRANSIENT_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "LimitExceededException",
        # S3, of a setting of a bucket that is being changed: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
        "OperationAborted",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
        "TooManyUpdates",
        "TransactionInProgressException",
    }
)
LONGEST_MESSAGE = 200


def code_of(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


@contextmanager
def told_in_a_sentence(what: str) -> Iterator[None]:
    """Turn boto's errors into TransientFailure or RunRefused, each naming `what` was being done."""
    try:
        yield
    except ClientError as error:
        code, message = code_of(error), message_of(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        if code in TRANSIENT_CODES or status >= 500:
            raise TransientFailure(f"{what}: AWS answered {code}.") from error
        raise RunRefused(f"{what}: AWS refused with {code}: {message}") from error
    except (HTTPClientError, BotoConnectionError) as error:
        raise TransientFailure(f"{what}: no answer from AWS ({type(error).__name__}).") from error
    except (SSOError, TokenRetrievalError) as error:
        # A person's session has run out, and botocore says which command renews it.
        raise RunRefused(f"{what}: {error}") from error
    except RuntimeError as error:
        # botocore has no error of its own for it:
        # https://github.com/boto/botocore/blob/develop/botocore/credentials.py (RefreshableCredentials)
        if "credentials are still expired" not in str(error):
            raise
        raise RunRefused(f"{what}: the AWS credentials have expired. Sign in again.") from error
    except BotoCoreError as error:
        raise RunRefused(f"{what}: the request could not be made ({type(error).__name__}).") from error


def message_of(error: ClientError) -> str:
    text = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())
    return text[:LONGEST_MESSAGE] or "no message."
