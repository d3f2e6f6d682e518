"""How are a Region's objects and access logs kept?"""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import region_info
from constructs import Construct

from dataplane_cdk.constructs.object_replication import REPLICATED_PREFIX
from dataplane_cdk.names import Names

BALANCER_PREFIX = "alb"


def logs_bucket(scope: Construct, names: Names, region: str) -> s3.Bucket:
    """Access logs of the load balancer and of the data bucket, for 90 days.

    Under S3's own key: load balancers cannot write under a key of ours
    (https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html).
    """
    bucket = s3.Bucket(
        scope,
        "Logs",
        bucket_name=names.bucket("logs", region),
        encryption=s3.BucketEncryption.S3_MANAGED,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        versioned=True,
        removal_policy=cdk.RemovalPolicy.RETAIN,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="forget-old-logs",
                expiration=cdk.Duration.days(90),
                noncurrent_version_expiration=cdk.Duration.days(1),
                abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
            )
        ],
    )
    for writer in _load_balancers_of(region):
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                actions=["s3:PutObject"],
                principals=[writer],
                resources=[bucket.arn_for_objects(f"{BALANCER_PREFIX}/AWSLogs/{names.config.account}/*")],
            )
        )
    return bucket


def _load_balancers_of(region: str) -> list[iam.IPrincipal]:
    """A Region from before August 2022 writes as an account of its own, a later one as a service.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    """
    account = region_info.RegionInfo.get(region).elbv2_account
    if account is None:
        return [iam.ServicePrincipal("logdelivery.elasticloadbalancing.amazonaws.com")]
    return [iam.AccountPrincipal(account)]


def data_bucket(scope: Construct, names: Names, region: str, key: kms.IKey, logs: s3.IBucket) -> s3.Bucket:
    """The service's objects, every version, under the Region's key."""
    return s3.Bucket(
        scope,
        "AppData",
        bucket_name=names.bucket("app-data", region),
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        # One call to KMS for many objects: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
        bucket_key_enabled=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        versioned=True,
        server_access_logs_bucket=logs,
        server_access_logs_prefix="s3/",
        removal_policy=cdk.RemovalPolicy.RETAIN,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="move-what-is-old",
                prefix=REPLICATED_PREFIX,
                transitions=[
                    s3.Transition(
                        storage_class=s3.StorageClass.INFREQUENT_ACCESS, transition_after=cdk.Duration.days(30)
                    ),
                    s3.Transition(storage_class=s3.StorageClass.DEEP_ARCHIVE, transition_after=cdk.Duration.days(90)),
                ],
            ),
            s3.LifecycleRule(
                id="forget-replaced-versions",
                noncurrent_version_expiration=cdk.Duration.days(90),
                abort_incomplete_multipart_upload_after=cdk.Duration.days(7),
            ),
        ],
    )
