"""What of AWS is looked at, and never changed, to know whether the standby is ready?"""
