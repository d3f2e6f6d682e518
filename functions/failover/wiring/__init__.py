"""How are the adapters made from the environment and the plan? Each module imports no more than its callers need."""
