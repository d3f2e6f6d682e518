"""What shows that the project can be trusted, beside its tests: mutants of its decisions, and audits of what it is made of."""
