"""
Certificates for servers on this machine.

One rule: authorities live in memory and are made for this run.
"""

import ssl
from functools import cache

import trustme


@cache
def authority(name: str = "right") -> trustme.CA:
    """An authority; each name is another one."""
    return trustme.CA(organization_name=name)


def serving(host: str = "127.0.0.1", by: str = "right") -> ssl.SSLContext:
    """What a server needs that shows a certificate for a host."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority(by).issue_cert(host).configure_cert(context)
    return context


def trusting(name: str = "right") -> ssl.SSLContext:
    """What a client needs that trusts one authority and no other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority(name).configure_trust(context)
    return context
