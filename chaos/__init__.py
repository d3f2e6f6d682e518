"""What becomes of the failover when any call goes wrong? Real workflow and functions, faults in front of moto."""
