"""What becomes of the failover when any call of any state goes wrong? Real workflow, real functions, faults in front of moto."""
