"""A guided tour: transfers against an exchange on this machine, each one checked against that exchange's own books."""
