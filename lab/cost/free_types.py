"""Which types of resources cost nothing themselves, and why?"""

from __future__ import annotations

from collections.abc import Mapping

IAM = "Identities and policies are free: https://aws.amazon.com/iam/faqs/"
VPC = "The parts of a network are free, its gateways and addresses are not: https://aws.amazon.com/vpc/pricing/"
POLICY = "A policy of a resource is a part of it."
SETTING = "A setting of another resource, which is priced."
LOGGED = "What it delivers is priced where it arrives."
# A million requests cost about a dollar, and operators make some hundreds.
HTTP_API = "Only requests are paid for, and people make few: https://aws.amazon.com/api-gateway/pricing/"

FREE: Mapping[str, str] = {
    "AWS::ApiGatewayV2::Api": HTTP_API,
    "AWS::ApiGatewayV2::Stage": HTTP_API,
    "AWS::ApplicationAutoScaling::ScalableTarget": "Autoscaling is free; tasks and alarms are priced.",
    "AWS::Budgets::Budget": "A budget without actions is free: https://aws.amazon.com/aws-cost-management/aws-budgets/pricing/",
    "AWS::EC2::FlowLog": LOGGED,
    "AWS::EC2::InternetGateway": VPC,
    "AWS::EC2::Route": VPC,
    "AWS::EC2::RouteTable": VPC,
    "AWS::EC2::SecurityGroup": VPC,
    "AWS::EC2::SecurityGroupEgress": VPC,
    "AWS::EC2::SecurityGroupIngress": VPC,
    "AWS::EC2::Subnet": VPC,
    "AWS::EC2::SubnetRouteTableAssociation": VPC,
    "AWS::EC2::VPC": VPC,
    "AWS::EC2::VPCGatewayAttachment": VPC,
    "AWS::ECS::TaskDefinition": "What tasks of it use is priced at the service that runs them.",
    "AWS::ElasticLoadBalancingV2::Listener": "The load balancer is priced, with its capacity units.",
    "AWS::ElasticLoadBalancingV2::TargetGroup": "The load balancer is priced, with its capacity units.",
    "AWS::FIS::ExperimentTemplate": "A template is free; an experiment is paid for by the minute of each action: https://aws.amazon.com/fis/pricing/",
    "AWS::IAM::ManagedPolicy": IAM,
    "AWS::IAM::Policy": IAM,
    "AWS::IAM::Role": IAM,
    "AWS::KMS::Alias": "An alias is free: https://aws.amazon.com/kms/pricing/",
    "AWS::Lambda::EventInvokeConfig": SETTING,
    "AWS::Lambda::LayerVersion": "Layers are a part of a function's storage, which is free up to 75 GB.",
    "AWS::Lambda::Permission": POLICY,
    "AWS::Logs::Delivery": LOGGED,
    "AWS::Logs::DeliveryDestination": LOGGED,
    "AWS::Logs::DeliverySource": LOGGED,
    "AWS::Logs::QueryDefinition": "A saved query is free until somebody runs it.",
    "AWS::Pipes::Pipe": "Only events that it carries are paid for, and there are none while replication is in time.",
    "AWS::RDS::DBParameterGroup": SETTING,
    "AWS::RDS::DBClusterParameterGroup": SETTING,
    "AWS::RDS::DBSubnetGroup": SETTING,
    "AWS::RDS::GlobalCluster": "Its clusters are priced, with what they replicate.",
    "AWS::S3::BucketPolicy": POLICY,
    "AWS::SNS::Subscription": "Messages are priced at their topic.",
    "AWS::SNS::TopicPolicy": POLICY,
    "AWS::SQS::QueuePolicy": POLICY,
}
