"""What of the data plane is there for people, bills and game days alone? The lab has none of these on AWS."""

from __future__ import annotations

from lab.cloud.cloudformation.resource import ResourceType

_FOR_PEOPLE = "for people to look at; nothing in the lab reads it"
_LOG_DELIVERY = "the lab's logs are files in its state folder"

TYPES = (
    ResourceType("AWS::CloudWatch::Dashboard", inert={"*": _FOR_PEOPLE}),
    ResourceType("AWS::Logs::QueryDefinition", inert={"*": _FOR_PEOPLE}),
    ResourceType("AWS::Budgets::Budget", inert={"*": "nothing in the lab costs anything"}),
    ResourceType(
        "AWS::CloudWatch::CompositeAlarm",
        inert={"*": "the lab evaluates metric alarms; no run is started by a composite one"},
    ),
    ResourceType("AWS::FIS::ExperimentTemplate", inert={"*": "the lab's faults are injected by `drlab gameday`"}),
    ResourceType("AWS::Logs::Delivery", inert={"*": _LOG_DELIVERY}),
    ResourceType("AWS::Logs::DeliveryDestination", inert={"*": _LOG_DELIVERY}, attributes=frozenset({"Arn"})),
    ResourceType("AWS::Logs::DeliverySource", inert={"*": _LOG_DELIVERY}),
    ResourceType("AWS::Pipes::Pipe", inert={"*": "the service keeps no objects, so S3 reports none"}),
)
