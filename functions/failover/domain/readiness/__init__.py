"""Could the standby take over today? Verdicts alone: what is looked at is the adapters', when and by whom the use case's."""
