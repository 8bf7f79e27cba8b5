"""Twisted's transports and real connections, held to the same contracts as ours.

Needs Twisted, of 16.2 or newer: its two classes in memory, TCP with the select reactor,
UNIX sockets, and iosim. What each is known to do differently stands above it, and in
`.github/DIFFERENCES.md`. The asyncio reactor and TLS are in `test_twisted_tls.py`.
"""

import importlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

import twisted
import twisted.internet
from twisted.internet import address, error, interfaces, protocol, selectreactor, tcp
from twisted.logger import globalLogBeginner
from twisted.python import failure, log
from twisted.test import iosim
from twisted.trial._synctest import _logObserver as trial_observer
from zope.interface import implementedBy
from zope.interface.verify import verifyObject

import stringtransport
from test_stringtransport import (
    INTERFACES,
    LARGE,
    SIGNATURES,
    AnyTransportContract,
    InMemoryLossContract,
    Protocol,
    StringTransportContract,
    ValuesContract,
    known_difference,
    signatures,
)

VERSION = (twisted.version.major, twisted.version.minor)
# Before 19.7, Twisted had its helpers for tests among its tests.
testing = importlib.import_module(
    "twisted.internet.testing" if VERSION >= (19, 7) else "twisted.test.proto_helpers"
)


# What a reactor logs is looked at by a test, and need not be printed.
globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)


def known_differences(reasons):
    """Say it of several tests: a decorator for a test case."""

    def decorate(case):
        for name, reason in reasons.items():
            known_difference(name, reason)(case)
        return case

    return decorate


def since(major, reasons, otherwise=None):
    """Return the reasons that hold for the version of Twisted that is installed."""
    return reasons if VERSION >= (major, 0) else otherwise or {}


# In memory.

BYTES_LIKE_WRITTEN = {
    "test_write_refuses_all_but_bytes_and_delivers_nothing_of_it": "before 21.2, write"
    " refused str alone",
}
NO_DISCONNECTED = {
    "test_at_first_it_is_connected_and_neither_closing_nor_lost": "before 17.1, there"
    " was no attribute disconnected",
}
OF_OLD_VERSIONS = {
    **since(21, {}, otherwise=BYTES_LIKE_WRITTEN),
    **since(17, {}, otherwise=NO_DISCONNECTED),
}


class ProvidesInterfaces(AnyTransportContract):
    def test_it_provides_the_interfaces_of_Twisted_as_ours_do(self):
        transport = self.connect()
        for abc in INTERFACES:
            interface = getattr(interfaces, abc.__name__)
            self.assertTrue(interface.providedBy(transport), interface)
            self.assertTrue(verifyObject(interface, transport))
            self.assertEqual([*implementedBy(abc)], [interface])


@known_differences(OF_OLD_VERSIONS)
class TwistedStringTransportTests(
    ProvidesInterfaces, StringTransportContract, unittest.TestCase
):
    transport_class = testing.StringTransport


NEVER_SET = "Twisted's class sets neither disconnecting nor disconnected"


@known_differences(
    {
        **OF_OLD_VERSIONS,
        "test_disconnecting_is_true_from_loseConnection_on": NEVER_SET,
        "test_disconnecting_is_true_after_abortConnection": NEVER_SET,
        "test_disconnected_is_true_after_the_connection_is_lost": NEVER_SET,
        "test_inside_connectionLost_the_connection_is_lost_already": NEVER_SET,
    }
)
class TwistedStringTransportWithDisconnectionTests(
    ProvidesInterfaces, InMemoryLossContract, StringTransportContract, unittest.TestCase
):
    transport_class = testing.StringTransportWithDisconnection


class TwistedDifferenceTests(unittest.TestCase):
    """What Twisted's two classes do otherwise, where the contracts do not show it."""

    def test_closing_without_a_protocol_loses_the_connection_all_the_same(self):
        transport = testing.StringTransportWithDisconnection()
        with self.assertRaises(AttributeError):
            transport.loseConnection()
        self.assertFalse(transport.connected)

    def test_pausing_is_refused_after_loseConnection_even_if_it_is_lost(self):
        transport = testing.StringTransport()
        transport.loseConnection()
        transport.connected = False
        with self.assertRaises(RuntimeError):
            transport.pauseProducing()

    def test_default_addresses_are_made_anew_each_time(self):
        transport = testing.StringTransport()
        self.assertIsNot(transport.getPeer(), transport.getPeer())

    def test_a_subclass_cannot_set_connected_in_its_body(self):
        subclass = type("Lost", (testing.StringTransport,), {"connected": False})
        self.assertTrue(subclass().connected)

    def test_they_are_plain_classes(self):
        self.assertIs(type(testing.StringTransport), type)
        self.assertIsNot(type(stringtransport.StringTransport), type)

    def test_they_take_the_same_arguments(self):
        for name in ("StringTransport", "StringTransportWithDisconnection"):
            ours = {*signatures(getattr(stringtransport, name))}
            missing = ours - {*signatures(getattr(testing, name))}
            # Before 17.1, there was no lenient.
            old = {line for line in missing if "lenient" in line}
            self.assertEqual(missing, set() if VERSION >= (17, 0) else old)


# The values.


class TwistedValuesTests(ValuesContract, unittest.TestCase):
    values = stringtransport

    def test_the_values_are_of_its_own_classes(self):
        self.assertIs(stringtransport.ConnectionDone, error.ConnectionDone)
        self.assertIs(stringtransport.Failure, failure.Failure)
        self.assertIs(stringtransport.IPv4Address, address.IPv4Address)

    def test_the_order_of_the_imports_makes_no_difference(self):
        program = "import stringtransport, twisted.internet.error as error\n"
        program += "assert stringtransport.ConnectionDone is error.ConnectionDone"
        folder = os.path.dirname(stringtransport.__file__)
        subprocess.check_call([sys.executable, "-c", program], cwd=folder or None)

    def test_the_methods_of_Failure_take_the_same_arguments(self):
        listed = {line for line in SIGNATURES if line.startswith("    Failure.")}
        missing = listed - {*signatures(failure.Failure)}
        self.assertEqual(missing, {"    Failure.__init__(self, exc_value)"})

    def test_check_and_trap_of_Twisted_find_names_and_not_every_class(self):
        reason = failure.Failure(KeyError("key"))
        self.assertEqual(reason.check("builtins.KeyError"), "builtins.KeyError")
        self.assertIsNone(reason.check((KeyError,)))
        self.assertIsNone(reason.check(BaseException))
        interrupt = failure.Failure(KeyboardInterrupt())
        self.assertIs(interrupt.check(KeyboardInterrupt), KeyboardInterrupt)

    def test_an_address_cannot_be_indexed_or_unpacked_and_can_be_formatted(self):
        own = address.IPv4Address("TCP", "127.0.0.1", 80)
        for wrong in (lambda: own[0], lambda: [*own]):
            with self.assertRaises(TypeError):
                wrong()
        self.assertEqual("%s" % own, str(own))
        self.assertNotEqual(own, ("TCP", "127.0.0.1", 80))


# Real connections.


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
    "test_disconnecting_is_true_after_abortConnection": "only loseConnection sets it",
    "test_writeSequence_takes_a_generator": "it iterates twice: nothing is sent",
    **since(
        21,
        {"test_writeSequence_takes_every_bytes_like_piece": "since 21.2, bytes alone"},
        BYTES_LIKE_WRITTEN,
    ),
}


class RealContract(RealConnection, ProvidesInterfaces, InMemoryLossContract):
    """All of it, and what real connections do instead where they differ."""

    aborted = "ConnectionAborted"

    def reasons_after(self, end):
        """Return the reasons for which the server is lost after a call."""
        end()
        self.run_until(lambda: self.protocol.reasons)
        return [reason.type.__name__ for reason in self.protocol.reasons]

    def test_disconnected_is_true_however_the_connection_is_lost(self):
        for side, end in (
            ("protocol", "loseConnection"),
            ("protocol", "abortConnection"),
            ("other_end", "loseConnection"),
            ("other_end", "abortConnection"),
        ):
            transport = self.connect()
            self.reasons_after(getattr(getattr(self, side).transport, end))
            self.assertTrue(transport.disconnected, f"{end} by {side}")
            self.assertFalse(transport.connected, f"{end} by {side}")

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

    def test_an_address_is_a_UNIXAddress_and_that_of_the_server_has_a_name(self):
        transport = self.connect()
        self.assertIn(b"socket", transport.getHost().name)
        self.assertIsInstance(transport.getPeer(), address.UNIXAddress)


NOT_CHECKED = "it does not look at what is written"


@known_differences(
    {
        "test_it_provides_the_interfaces_of_Twisted_as_ours_do": "it does not declare"
        " IPushProducer",
        "test_write_refuses_str_and_delivers_nothing_of_it": NOT_CHECKED,
        "test_write_refuses_all_but_bytes_and_delivers_nothing_of_it": NOT_CHECKED,
        "test_at_first_it_is_connected_and_neither_closing_nor_lost": "no connected",
        "test_connected_is_false_after_the_connection_is_lost": "it has no connected",
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
        **since(17, {DROPPED_LATE: "it is dropped"}),
    }
)
class IosimTests(ProvidesInterfaces, InMemoryLossContract, unittest.TestCase):
    """Another fake: Twisted's iosim, which moves bytes between two protocols."""

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
