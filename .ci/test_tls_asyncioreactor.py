"""TLS, and TCP with the asyncio reactor, held to the same contract as ours.

Needs Twisted[tls], of 20.3 or newer, and trustme.
"""

import asyncio
import functools
import unittest

import trustme
from twisted.internet import asyncioreactor, ssl

import test_twisted


@test_twisted.known_differences(test_twisted.REAL_SOCKET)
class AsyncioTCPTests(test_twisted.RealContract, unittest.TestCase):
    def make_reactor(self):
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)
        return asyncioreactor.AsyncioSelectorReactor(self.loop)

    def iterate(self):
        # The reactor's own iterate() takes 10 ms at least.
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()


@functools.lru_cache(maxsize=None)
def options():
    """Return the TLS options of a server and of a client that trusts it."""
    authority = trustme.CA()
    server = authority.issue_cert("localhost")
    pem = server.private_key_and_cert_chain_pem.bytes()
    root = ssl.Certificate.loadPEM(authority.cert_pem.bytes())
    client_options = ssl.optionsForClientTLS("localhost", trustRoot=root)
    return ssl.PrivateCertificate.loadPEM(pem).options(), client_options


@test_twisted.known_differences(
    {
        **test_twisted.REAL,
        "test_a_push_producer_that_is_not_paused_is_not_waited_for": "any producer is",
        "test_abortConnection_after_the_connection_is_lost_does_nothing": "it has"
        " nothing left to shut down, and stumbles",
        "test_write_refuses_all_but_bytes_and_delivers_nothing_of_it": "it sends"
        " everything bytes-like",
    }
)
class TLSTests(test_twisted.RealContract, unittest.TestCase):
    aborted = "ConnectionLost"

    def listen(self, factory):
        return self.reactor.listenSSL(0, factory, options()[0], interface="127.0.0.1")

    def dial(self, port, factory):
        number = port.getHost().port
        self.reactor.connectSSL("127.0.0.1", number, factory, options()[1])
