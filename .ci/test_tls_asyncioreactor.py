"""TLS, and TCP with the asyncio reactor, held to the same contract as ours.

Needs Twisted[tls], of 20.3 or newer, and trustme.
"""

import asyncio
import functools
import unittest

import trustme
from twisted.internet import asyncioreactor, ssl

import test_tcp_unix_iosim
from test_stringtransport import known_differences


@known_differences(test_tcp_unix_iosim.REAL_SOCKET)
class AsyncioTCPTests(test_tcp_unix_iosim.RealContract, unittest.TestCase):
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


@known_differences(
    {
        **test_tcp_unix_iosim.REAL,
        "test_a_push_producer_that_is_not_paused_is_not_waited_for": "any producer is",
        "test_abortConnection_after_the_connection_is_lost_does_nothing": "it has"
        " nothing left to shut down, and stumbles",
        "test_write_refuses_all_but_bytes_and_delivers_nothing_of_it": "it sends a"
        " bytearray",
        "test_connectionLost_sees_no_disconnecting_after_abortConnection": "an abort"
        " sets it",
        "test_what_is_written_after_loseConnection_is_sent": "it is dropped",
        "test_a_pull_producer_is_asked_inside_registerProducer": "it is asked later",
        "test_after_loseConnection_nothing_is_received": "what was on its way is",
        "test_an_exception_out_of_dataReceived_is_the_reason_for_the_loss": "it is a"
        " ConnectionLost",
    }
)
class TLSTests(test_tcp_unix_iosim.RealContract, unittest.TestCase):
    aborted = stopped = "ConnectionLost"
    disconnecting_when_aborted = waits_for_an_answer = True

    def test_write_takes_a_bytearray(self):
        transport = self.connect()
        transport.write(bytearray(b"data"))
        self.assertDelivers(transport, b"data")

    def listen(self, factory):
        return self.reactor.listenSSL(0, factory, options()[0], interface="127.0.0.1")

    def dial(self, port, factory):
        number = port.getHost().port
        self.reactor.connectSSL("127.0.0.1", number, factory, options()[1])
