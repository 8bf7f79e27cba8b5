"""TLS, and TCP with the asyncio reactor, held to the same contract as ours.

Needs Twisted[tls], of 20.3 or newer, and trustme.
"""

import asyncio
import unittest

import trustme
from twisted.internet import asyncioreactor, error, ssl

import test_tcp_unix_iosim
from test_stringtransport import Protocol, known_differences
from test_twisted import BYTES_LIKE_WRITTEN


@known_differences(BYTES_LIKE_WRITTEN)
class AsyncioTCPTests(test_tcp_unix_iosim.RealContract, unittest.TestCase):
    def make_reactor(self):
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)
        return asyncioreactor.AsyncioSelectorReactor(self.loop)

    def iterate(self):
        # The reactor's own iterate() takes 10 ms at least.
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()


# A server, and a client that trusts it.
AUTHORITY = trustme.CA()
PEM = AUTHORITY.issue_cert("localhost").private_key_and_cert_chain_pem.bytes()
SERVER = ssl.PrivateCertificate.loadPEM(PEM).options()
ROOT = ssl.Certificate.loadPEM(AUTHORITY.cert_pem.bytes())
CLIENT = ssl.optionsForClientTLS("localhost", trustRoot=ROOT)


@known_differences(
    {
        "test_a_push_producer_that_is_not_paused_is_not_waited_for": "any producer is",
        "test_abortConnection_after_the_connection_is_lost_does_nothing": "it stumbles",
        "test_write_refuses_all_but_bytes_and_delivers_nothing_of_it": "it takes more",
        "test_connectionLost_sees_no_disconnecting_after_abortConnection": "it does",
    }
)
class TLSTests(test_tcp_unix_iosim.RealContract, unittest.TestCase):
    on_tls, drops_late, column = True, True, 2
    test_another_thread_waits = test_tcp_unix_iosim.TCPTests.test_another_thread_waits

    def test_write_takes_a_bytearray(self):
        transport = self.connect()
        transport.write(bytearray(b"data"))
        self.assertDelivers(transport, b"data")

    def test_abortConnection_after_the_loss_raises_AttributeError(self):
        self.assertRaises(AttributeError, self.lost().abortConnection)

    def test_what_ends_inside_makeConnection_is_no_clean_close_and_sends_nothing(self):
        for steps in ("t.loseConnection()", "t.write(b'data'); t.stopProducing()"):
            ends = Protocol(), Protocol()
            ends[0].makeConnection = lambda transport: exec(steps, {"t": transport})
            self.join(*ends)
            self.run_until(lambda: all(end.reasons for end in ends))
            self.assertEqual(ends[1].received, b"")
            for end in ends:
                self.assertIs(end.reasons[0].type, error.ConnectionLost)

    def listen(self, factory):
        return self.reactor.listenSSL(0, factory, SERVER, interface="127.0.0.1")

    def dial(self, port, factory):
        self.reactor.connectSSL("127.0.0.1", port.getHost().port, factory, CLIENT)
