"""TCP, UNIX sockets and Twisted's iosim, held to the same contracts as ours.

Needs Twisted, of 16.2 or newer. What is known to differ stands above each test case,
and in `.github/DIFFERENCES.md`. TLS and the asyncio reactor are in
`test_tls_asyncioreactor.py`.
"""

import os
import socket
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

import twisted.internet
from twisted.internet import address, error, protocol, selectreactor, tcp
from twisted.logger import globalLogBeginner
from twisted.protocols import basic
from twisted.python import failure, log
from twisted.test import iosim
from twisted.trial._synctest import _logObserver as trial_observer

import stringtransport
from test_stringtransport import (
    LARGE,
    InMemoryLossContract,
    Protocol,
    known_differences,
)
from test_twisted import BYTES_LIKE_WRITTEN, VERSION, ProvidesInterfaces

# What a reactor logs is looked at by a test, and need not be printed.
globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)


def flags(transport):
    return bool(transport.disconnecting), bool(transport.disconnected)


class OtherEnd(Protocol):
    """The client: it greets the server, and reads whatever comes."""

    GREETING = b"hello"

    def makeConnection(self, transport):
        super().makeConnection(transport)
        transport.write(self.GREETING)


class RealConnection:
    """The server's side of a connection of Twisted's, with a reactor of its own."""

    def setUp(self):
        self.reactor = self.make_reactor()
        # What asks for the installed reactor gets this one, as long as the test lasts.
        for patch in (
            mock.patch.dict(sys.modules, {"twisted.internet.reactor": self.reactor}),
            mock.patch.object(twisted.internet, "reactor", self.reactor, create=True),
        ):
            patch.start()
            self.addCleanup(patch.stop)
        self.ends, self.ports = [], []
        self.addCleanup(self.close)

    def make_reactor(self):
        return selectreactor.SelectReactor()

    def iterate(self):
        self.reactor.iterate(0.001)

    def listen(self, factory):
        return self.reactor.listenTCP(0, factory, interface="127.0.0.1")

    def dial(self, port, factory):
        self.reactor.connectTCP("127.0.0.1", port.getHost().port, factory)

    def factory(self, end):
        factory = protocol.ClientFactory()
        factory.noisy = False
        factory.buildProtocol = lambda address: end
        factory.clientConnectionFailed = lambda _, reason: end.connectionLost(reason)
        self.ends.append(end)
        return factory

    def join(self, server, client):
        self.ports.append(self.listen(self.factory(server)))
        self.dial(self.ports[-1], self.factory(client))

    def connect(self, protocol=None):
        self.protocol, self.other_end = protocol or Protocol(), OtherEnd()
        self.join(self.protocol, self.other_end)
        self.run_until(
            lambda: self.protocol.received == OtherEnd.GREETING
            or self.protocol.reasons
            or self.other_end.reasons
        )
        for reason in self.protocol.reasons + self.other_end.reasons:
            reason.raiseException()
        return self.protocol.transport

    def run_until(self, done, seconds=30):
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError("the connection is stuck")
            self.iterate()

    def settle(self):
        for _ in range(9):
            self.iterate()
        transport = self.protocol.transport
        if transport.disconnecting and transport.producer is None:
            self.run_until(lambda: self.protocol.reasons and self.other_end.reasons)

    def delivered(self, transport):
        transport.loseConnection()
        self.run_until(lambda: self.other_end.reasons)
        return self.other_end.received

    def close(self):
        for port in self.ports:
            port.stopListening()
        for end in self.ends:
            if end.transport and not end.reasons:
                end.transport.abortConnection()
        self.run_until(lambda: all(end.reasons for end in self.ends if end.transport))
        for _ in range(3):
            self.iterate()
        # trial would report what was logged.
        trial_observer.flushErrors(ZeroDivisionError)
        done = failure.Failure(error.ConnectionDone())
        for descriptor in {*self.reactor.removeAll(), *self.reactor._internalReaders}:
            descriptor.connectionLost(done)


DROPPED_LATE = "test_what_is_written_after_the_connection_is_lost_is_kept"
REAL = {
    "test_connectionLost_is_called_before_loseConnection_returns": "it is called later",
    "test_an_exception_out_of_connectionLost_reaches_the_caller": "it is logged",
    "test_the_reason_says_Bye": "it is a ConnectionDone without arguments",
    "test_getHost_works_after_the_connection_is_lost": "its socket is gone",
    "test_what_was_written_before_abortConnection_is_kept": "what was not sent yet is"
    " dropped",
    DROPPED_LATE: "it is dropped",
    "test_the_producer_is_never_called": "it is paused, resumed and stopped",
    "test_a_pull_producer_is_not_waited_for": "a producer that was asked for more is",
    "test_a_producer_can_come_after_the_connection_is_lost": "it is stopped, not kept",
    "test_unregisterProducer_is_refused_where_none_is_registered": "it is no error",
    "test_streaming_is_what_the_producer_was_registered_with": "the attribute is called"
    " streamingProducer",
    "test_stopProducing_leaves_the_connection_open": "it closes the connection",
    "test_pausing_is_refused_after_stopProducing": "it is no error",
}
REAL_SOCKET = {
    **REAL,
    "test_writeSequence_takes_a_generator": "it iterates twice: nothing is sent",
    **BYTES_LIKE_WRITTEN,
}
if not BYTES_LIKE_WRITTEN:
    name = "test_writeSequence_takes_every_bytes_like_piece"
    REAL_SOCKET[name] = "since 21.2, bytes alone"


class RealContract(RealConnection, ProvidesInterfaces, InMemoryLossContract):
    """All of it, and what real connections do instead where they differ."""

    aborted, stopped = "ConnectionAborted", "ConnectionDone"
    disconnecting_when_aborted = waits_for_an_answer = False

    def reasons_after(self, end):
        """Return the reasons for which the server is lost after a call."""
        end()
        self.run_until(lambda: self.protocol.reasons)
        return [reason.type.__name__ for reason in self.protocol.reasons]

    def test_each_side_sees_whose_loss_it_is(self):
        for end, disconnecting in (
            ("loseConnection", True),
            ("abortConnection", self.disconnecting_when_aborted),
        ):
            for by_client in (False, True):
                self.connect()
                here, there = self.protocol, self.other_end
                if by_client:
                    here, there = there, here
                seen = {}
                here.when_lost = lambda t: seen.update(here=flags(t))
                there.when_lost = lambda t: seen.update(there=flags(t))
                getattr(here.transport, end)()
                self.run_until(lambda: len(seen) == 2)
                expected = {"here": (disconnecting, True), "there": (False, True)}
                self.assertEqual(seen, expected, f"{end}, by the client: {by_client}")

    def test_LineReceiver_drops_the_remaining_lines_of_a_piece(self):
        transport, receiver = self.connect(), basic.LineReceiver()
        receiver.makeConnection(transport)
        receiver.lineReceived = mock.Mock(
            side_effect=lambda _: transport.loseConnection()
        )
        self.protocol.dataReceived = receiver.dataReceived
        self.other_end.transport.write(b"one\r\ntwo\r\nthree\r\n")
        self.run_until(lambda: self.protocol.reasons)
        self.assertEqual(receiver.lineReceived.mock_calls, [mock.call(b"one")])

    def test_between_abortConnection_and_the_loss_nothing_is_set(self):
        transport = self.connect()
        transport.abortConnection()
        self.assertEqual(flags(transport), (self.disconnecting_when_aborted, False))
        self.assertTrue(transport.connected)

    def test_a_second_end_before_the_loss_counts_too(self):
        transport = self.connect()
        transport.abortConnection()
        transport.loseConnection()
        self.assertTrue(transport.disconnecting)
        transport = self.connect()
        transport.loseConnection()
        self.assertEqual(self.reasons_after(transport.abortConnection), [self.aborted])

    def is_lost_while_paused(self, side, written=()):
        """Close with a side that reads nothing; say whether it is lost until then."""
        transport = self.connect()
        paused = getattr(self, side).transport
        paused.pauseProducing()
        for data in written:
            transport.write(data)
        transport.loseConnection()
        for _ in range(99):
            self.iterate()
        lost = bool(self.protocol.reasons)
        paused.resumeProducing()
        self.run_until(lambda: self.protocol.reasons and self.other_end.reasons)
        return lost

    def test_loseConnection_waits_for_a_side_that_does_not_read(self):
        self.assertFalse(self.is_lost_while_paused("other_end", [LARGE * 9]))
        self.assertTrue(self.other_end.received == LARGE * 9)

    def test_with_nothing_written_TLS_alone_waits_for_both_sides_to_read(self):
        for side in ("protocol", "other_end"):
            lost = self.is_lost_while_paused(side)
            self.assertIs(lost, not self.waits_for_an_answer, side)

    def test_a_pull_producer_is_asked_inside_registerProducer(self):
        transport, producer = self.connect(), mock.Mock()
        transport.registerProducer(producer, False)
        self.assertEqual(producer.mock_calls, [mock.call.resumeProducing()])

    def test_not_all_flags_are_bool(self):
        transport = self.connect()
        flags = transport.connected, transport.disconnecting, transport.disconnected
        self.assertIn(int, map(type, flags))

    def test_stopProducing_closes_the_connection(self):
        transport = self.connect()
        self.assertEqual(self.reasons_after(transport.stopProducing), [self.stopped])
        sets = self.stopped == "ConnectionDone"
        self.assertIs(bool(transport.disconnecting), sets)

    def test_loseConnection_after_the_loss_does_not_set_disconnecting(self):
        transport = self.connect()
        self.reasons_after(self.other_end.transport.loseConnection)
        transport.loseConnection()
        self.assertFalse(transport.disconnecting)

    def test_an_exception_out_of_dataReceived_is_the_reason_for_the_loss(self):
        transport = self.connect()
        self.protocol.dataReceived = mock.Mock(side_effect=ZeroDivisionError)
        self.other_end.transport.write(b"data")
        self.run_until(lambda: self.protocol.reasons)
        self.assertIs(self.protocol.reasons[0].type, ZeroDivisionError)
        self.assertTrue(transport.disconnected)

    def test_what_is_written_after_loseConnection_is_sent(self):
        transport = self.connect()
        transport.loseConnection()
        transport.write(b"late")
        self.assertDelivers(transport, b"late")

    def test_after_loseConnection_nothing_is_received(self):
        transport = self.connect()
        self.other_end.transport.write(b"late")
        transport.loseConnection()
        self.settle()
        self.assertEqual(self.protocol.received, OtherEnd.GREETING)

    def test_an_exception_out_of_connectionLost_is_logged(self):
        logged = []
        log.addObserver(logged.append)
        self.addCleanup(log.removeObserver, logged.append)
        transport = self.connect(Protocol(mock.Mock(side_effect=ZeroDivisionError)))
        self.reasons_after(transport.loseConnection)
        failures = [event["failure"].type for event in logged if event["isError"]]
        self.assertEqual(failures, [ZeroDivisionError])

    def test_abortConnection_drops_what_was_not_sent_and_says_so(self):
        transport = self.connect()
        transport.write(LARGE)
        self.assertEqual(self.reasons_after(transport.abortConnection), [self.aborted])
        self.settle()
        self.assertLess(len(self.other_end.received), len(LARGE))

    def test_a_push_producer_that_writes_too_much_is_paused(self):
        transport, producer = self.connect(), mock.Mock()
        transport.registerProducer(producer, True)
        transport.write(LARGE)
        self.assertEqual(producer.mock_calls, [mock.call.pauseProducing()])

    def test_a_producer_is_stopped_when_the_connection_is_lost(self):
        transport, producer = self.connect(), mock.Mock()
        transport.registerProducer(producer, True)
        self.reasons_after(transport.abortConnection)
        self.assertEqual(producer.mock_calls, [mock.call.stopProducing()])


@known_differences(REAL_SOCKET)
class TCPTests(RealContract, unittest.TestCase):
    def test_what_another_thread_writes_waits_until_something_else_happens(self):
        def seconds_that_it_waits(write, *args):
            self.settle()
            thread = threading.Timer(0.05, write, args)
            thread.start()
            start = time.monotonic()
            self.reactor.iterate(0.5)
            thread.join()
            return time.monotonic() - start

        write = self.connect().write
        self.assertGreater(seconds_that_it_waits(write, b"data"), 0.4)
        from_thread = self.reactor.callFromThread
        self.assertLess(seconds_that_it_waits(from_thread, write, b"data"), 0.4)

    def test_it_has_more_than_any_transport_in_memory(self):
        transport = self.connect()
        for name in (
            "setTcpNoDelay",
            "setTcpKeepAlive",
            "loseWriteConnection",
            "getHandle",
        ):
            self.assertTrue(hasattr(transport, name), name)
            self.assertFalse(hasattr(stringtransport.StringTransport, name), name)


class TCPOverIPv6Tests(unittest.TestCase):
    def test_over_IPv6_addresses_are_IPv6Address(self):
        peer = ("::1", 80, 0, 0)
        with socket.socket() as unused:
            server = tcp.Server(unused, Protocol(), peer, None, 0, mock.Mock())
            self.assertIsInstance(server.getPeer(), address.IPv6Address)


@known_differences(
    {
        **REAL_SOCKET,
        "test_addresses_are_of_TCP_with_a_host_and_a_port": "a UNIXAddress has a name",
    }
)
class UNIXTests(RealContract, unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        super().setUp()

    def listen(self, factory):
        name = os.path.join(self.folder, f"socket {len(self.ports)}")
        return self.reactor.listenUNIX(name, factory)

    def dial(self, port, factory):
        self.reactor.connectUNIX(port.getHost().name, factory)

    def test_getHost_works_on_the_side_of_the_client_after_the_loss(self):
        self.reasons_after(self.connect().loseConnection)
        self.run_until(lambda: self.other_end.reasons)
        host = self.other_end.transport.getHost()
        self.assertIsInstance(host, address.UNIXAddress)

    def test_an_address_is_a_UNIXAddress_and_that_of_the_server_has_a_name(self):
        transport = self.connect()
        self.assertIn(b"socket", transport.getHost().name)
        self.assertIsInstance(transport.getPeer(), address.UNIXAddress)


NOT_CHECKED = "it does not look at what is written"


@known_differences(
    {
        "test_it_provides_the_interfaces_of_Twisted_as_ours_do": "it does not declare"
        " IPushProducer",
        "test_connectionLost_sees_no_disconnecting_after_abortConnection": "an abort is"
        " the same as a close",
        "test_write_refuses_str_and_delivers_nothing_of_it": NOT_CHECKED,
        "test_write_refuses_all_but_bytes_and_delivers_nothing_of_it": NOT_CHECKED,
        "test_at_first_it_is_connected_and_neither_closing_nor_lost": "no connected",
        "test_connected_and_disconnected_say_whether_it_was_told": "no connected",
        "test_inside_connectionLost_the_connection_is_lost_already": "no connected",
        "test_addresses_are_of_TCP_with_a_host_and_a_port": "they have no type",
        "test_registerProducer_refuses_a_second_producer": "it is no error",
        "test_the_reason_says_Bye": "it says: Connection done",
        **{
            name: REAL[name]
            for name in (
                "test_an_exception_out_of_connectionLost_reaches_the_caller",
                "test_connectionLost_is_called_before_loseConnection_returns",
                "test_unregisterProducer_is_refused_where_none_is_registered",
                "test_streaming_is_what_the_producer_was_registered_with",
                "test_stopProducing_leaves_the_connection_open",
                "test_pausing_is_refused_after_stopProducing",
            )
        },
        # Before 18.4, it was kept.
        **({DROPPED_LATE: "it is dropped"} if VERSION >= (18, 4) else {}),
    }
)
class IosimTests(ProvidesInterfaces, InMemoryLossContract, unittest.TestCase):
    """Another fake: Twisted's iosim, which moves bytes between two protocols."""

    def test_a_pull_producer_is_called(self):
        transport, producer = self.connect(), mock.Mock()
        transport.registerProducer(producer, False)
        self.assertEqual(producer.mock_calls, [mock.call.resumeProducing()])

    def connect(self, protocol=None):
        self.protocol, self.other_end = protocol or Protocol(), Protocol()
        server = iosim.FakeTransport(self.protocol, isServer=True)
        client = iosim.FakeTransport(self.other_end, isServer=False)
        self.pump = iosim.connect(self.protocol, server, self.other_end, client)
        return server

    def settle(self):
        self.pump.flush()

    def delivered(self, transport):
        self.settle()
        return self.other_end.received
