"""TCP, UNIX sockets and Twisted's iosim, held to the same contracts as ours.

Needs Twisted, of 16.2 or newer. What differs from ours is in `.github/DIFFERENCES.md`.
TLS and the asyncio reactor are in `test_tls_asyncioreactor.py`.
"""

import itertools
import os
import re
import socket
import tempfile
import threading
import time
import unittest
from unittest import mock

from twisted import internet
from twisted.internet import address, error, interfaces, protocol, selectreactor, tcp
from twisted.logger import globalLogBeginner
from twisted.python import failure
from twisted.test import iosim
from twisted.trial._synctest import _logObserver as trial_observer

from test_stringtransport import (
    ENDS,
    LARGE,
    Protocol,
    TransportContract,
    known_differences,
)
from test_twisted import BYTES_LIKE_WRITTEN, VERSION, ProvidesInterfaces

OF_TCP = "test_addresses_are_of_TCP_with_a_host_and_a_port"
# What a reactor logs is looked at by a test, and need not be printed.
globalLogBeginner.beginLoggingTo([], discardBuffer=True, redirectStandardIO=False)


def flags(transport):
    return bool(transport.disconnecting), bool(transport.disconnected)


class OtherEnd(Protocol):
    """The client: it greets the server, and reads whatever comes."""

    def makeConnection(self, transport):
        super().makeConnection(transport)
        transport.write(b"hello")


class RealConnection:
    """The server's side of a connection of Twisted's, with a reactor of its own."""

    def setUp(self):
        self.reactor = self.make_reactor()
        # What asks for the installed reactor gets this one, as long as the test lasts.
        patch = mock.patch.object(internet, "reactor", self.reactor, create=True)
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
        ends = self.protocol, self.other_end
        self.run_until(lambda: self.protocol.received or any(e.reasons for e in ends))
        for reason in self.protocol.reasons + self.other_end.reasons:
            reason.raiseException()
        return self.protocol.transport

    def run_until(self, done, seconds=30):
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError("the connection is stuck")
            self.iterate()

    def turns(self, count=30):
        for _ in range(count):
            self.iterate()

    def settle(self):
        self.turns(9)
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
        self.turns(3)
        # trial would report what was logged.
        trial_observer.flushErrors(TypeError, ZeroDivisionError)
        done = failure.Failure(error.ConnectionDone())
        for descriptor in {*self.reactor.removeAll(), *self.reactor._internalReaders}:
            descriptor.connectionLost(done)


class TwoSidedContract(ProvidesInterfaces, TransportContract):
    """What Twisted's connections and its fake do alike, and ours in memory do not."""

    on_tls, drops_late, column = False, False, 0

    def test_the_loss_is_told_later_also_after_stopProducing(self):
        for (end,) in (*ENDS, ("stopProducing",)):
            self.assertIsNone(getattr(self.connect(), end)())
            self.assertEqual(self.protocol.reasons, [], end)
            self.settle()
            self.assertEqual(len(self.protocol.reasons), 1, end)

    def test_what_is_written_after_the_loss_is_dropped(self):
        for end in ENDS:
            transport = self.lost(end)
            transport.write(b"late")
            self.settle()
            self.assertEqual(self.other_end.received, b"", end)

    def test_what_is_written_after_loseConnection_is_sent_but_on_TLS(self):
        transport = self.connect()
        transport.loseConnection()
        transport.write(b"late")
        self.assertDelivers(transport, b"" if self.drops_late else b"late")

    def test_no_call_is_refused_because_of_those_before(self):
        for (before,) in (("unregisterProducer",), ("stopProducing",), *ENDS):
            transport = self.connect()
            for call in (before, "pauseProducing", "resumeProducing"):
                self.assertIsNone(getattr(transport, call)(), (before, call))

    def test_streaming_is_called_streamingProducer(self):
        for streaming in (True, False):
            transport = self.connect()
            transport.registerProducer(mock.Mock(), streaming)
            self.assertIs(transport.streamingProducer, streaming or self.on_tls)
            self.assertFalse(hasattr(transport, "streaming"))

    def test_a_pull_producer_is_asked_inside_registerProducer_but_on_TLS(self):
        transport, producer = self.connect(), mock.Mock()
        transport.registerProducer(producer, False)
        self.assertEqual(producer.resumeProducing.call_count, 0 if self.on_tls else 1)


# Steps, and the reasons that both sides are told, with a plus if it is disconnecting:
# on TCP, on UNIX sockets, on TLS.
ABORTED = "Aborted Lost, Aborted Done, Lost+ Lost"
CLOSED_AND_ABORTED = "Aborted+ Lost, Aborted+ Done, Lost+ Lost"
UNREAD = "t.pauseProducing(); o.write(b'unread'); turns(); "
CLOSE = "t.loseConnection(); "
TOLD = {
    CLOSE: "Done+ Done, Done+ Done, Done+ Done",
    "o.loseConnection()": "Done Done+, Done Done+, Done Done+",
    "o.loseConnection(); turns(); " + CLOSE: "Done Done+, Done Done+, Done Done+",
    "t.stopProducing()": "Done+ Done, Done+ Done, Lost Lost",
    "t.abortConnection()": ABORTED,
    "t.abortConnection(); t.loseConnection()": CLOSED_AND_ABORTED,
    CLOSE + "t.abortConnection()": CLOSED_AND_ABORTED,
    UNREAD + CLOSE + "t.resumeProducing()": "Done+ Done, Done+ Lost, Done+ Done",
    UNREAD + "t.abortConnection()": "Aborted Lost, Aborted Lost, Lost+ Lost",
    "s.dataReceived = p; o.write(b'1')": "TypeError Done, TypeError Done, Lost Lost",
}


class RealContract(RealConnection, TwoSidedContract):
    """What real connections do, and what TLS and UNIX sockets do otherwise."""

    table, takes_bytes_like = TOLD, bool(BYTES_LIKE_WRITTEN)

    def play(self, steps=""):
        """Take the steps of the server, `t` and `s`, and of the client, `o`."""
        t, self.producer = self.connect(), mock.Mock(side_effect=TypeError)
        self.names = {"t": t, "s": self.protocol, "o": self.other_end.transport}
        self.names.update(p=self.producer, turns=self.turns, LARGE=LARGE)
        self.protocol.received = b""
        exec(steps, self.names)
        return t

    def told(self):
        """Return what both sides are told in the end, as in the table."""
        ends = self.protocol, self.other_end
        self.run_until(lambda: all(end.reasons for end in ends))
        told = [repr(e.reasons[0].value) + "+" * flags(e.transport)[0] for e in ends]
        # TLS alone says more than the class of a reason, and never anything else.
        return re.sub(r"\(('Connection lost')?\)|Connection", "", " ".join(told))

    def test_both_sides_are_told_the_reasons_in_the_table(self):
        for steps, expected in self.table.items():
            self.play(steps)
            self.assertEqual(self.told(), expected.split(", ")[self.column], steps)

    def test_an_exception_out_of_connectionLost_is_logged(self):
        trial_observer._add()
        self.addCleanup(trial_observer._remove)
        self.play("s.when_lost = None; t.loseConnection()")
        self.told()
        self.assertEqual(len(trial_observer.flushErrors(TypeError)), 1)

    def test_getHost_fails_after_the_loss_but_for_the_client_of_a_UNIX_socket(self):
        here, there = self.lost(), self.other_end.transport
        self.assertRaises(AttributeError, here.getHost)
        if self.column == 1:
            self.assertIsInstance(there.getHost(), address.UNIXAddress)
        else:
            self.assertRaises(AttributeError, there.getHost)

    def test_flags_are_int_but_on_TLS_not_all(self):
        t, found = self.play(), set()
        for steps in ("", "t.loseConnection()", "turns()"):
            exec(steps, self.names)
            found |= {*map(type, (t.connected, t.disconnecting, t.disconnected))}
        self.assertEqual(found, {int, bool} if self.on_tls else {int})

    def test_abortConnection_drops_what_was_not_sent(self):
        self.play("t.write(LARGE); t.abortConnection()")
        self.told()
        self.assertLess(len(self.other_end.received), len(LARGE))

    def test_of_a_generator_nothing_is_sent_but_on_TLS(self):
        t = self.play("t.writeSequence(piece for piece in (b'one ', b'two'))")
        self.assertDelivers(t, b"one two" if self.on_tls else b"")

    def test_writeSequence_refuses_what_is_bytes_like_but_on_TLS(self):
        if self.on_tls or self.takes_bytes_like:
            t = self.play("t.writeSequence([b'one ', bytearray(b'two')])")
            self.assertDelivers(t, b"one two")
        else:
            self.assertRefuses("writeSequence", [b"one ", bytearray(b"two")])

    def test_after_loseConnection_nothing_is_received_but_on_TLS(self):
        self.play("o.pauseProducing(); t.write(LARGE * 9); t.loseConnection()")
        exec("o.write(b'late'); turns()", self.names)
        self.assertEqual(self.protocol.received, b"late" if self.on_tls else b"")

    def test_while_paused_no_loss_is_told_unless_something_is_unsent(self):
        for (end,), written in itertools.product(ENDS, ("b''", "LARGE * 9")):
            self.play(f"{UNREAD}t.write({written}); o.{end}(); turns()")
            told = "LARGE" in written and not (self.on_tls and end == "loseConnection")
            seen = self.protocol.received, bool(self.protocol.reasons)
            self.assertEqual(seen, (b"", told), f"{end}, {written}")
            exec("t.resumeProducing()", self.names)
            self.told()

    def test_after_a_pause_inside_dataReceived_nothing_is_received_but_on_TLS(self):
        t, pieces = self.play(), []
        self.protocol.dataReceived = lambda d: (pieces.append(d), t.pauseProducing())
        exec("o.write(LARGE); turns()", self.names)
        self.assertLessEqual(len(b"".join(pieces)), 65536)
        self.assertIs(len(pieces) > 1, self.on_tls)

    def test_writing_to_a_side_that_has_closed_loses_what_is_unread_but_on_TLS(self):
        self.play(UNREAD + "o.loseConnection(); " + "turns(); t.write(b'late'); " * 2)
        exec("turns(); t.resumeProducing()", self.names)
        expected = ("Done Done+", b"unread") if self.on_tls else ("Lost Done+", b"")
        self.assertEqual((self.told(), self.protocol.received), expected)

    def test_loseConnection_waits_for_a_side_that_does_not_read(self):
        for steps, waits in (
            ("o.pauseProducing(); t.write(LARGE * 9)", True),
            ("o.pauseProducing()", self.on_tls),
            ("t.pauseProducing()", self.on_tls),
        ):
            self.play(f"{steps}; t.loseConnection(); turns(99)")
            self.assertIs(not self.protocol.reasons, waits, steps)

    def test_a_push_producer_is_paused_and_resumed(self):
        self.play("t.registerProducer(p, True); t.write(LARGE)")
        calls = [mock.call.pauseProducing(), mock.call.resumeProducing()]
        self.assertEqual(self.producer.mock_calls, calls[:1])
        self.turns(99)
        self.assertEqual(self.producer.mock_calls, calls)

    def test_when_a_pull_producer_that_writes_nothing_is_asked(self):
        self.play("t.registerProducer(p, False)")
        asked = []
        for steps in ("", "t.write(b'1')", *["t.loseConnection()"] * 2):
            exec(steps + "\nturns(9)", self.names)
            asked.append(self.producer.resumeProducing.call_count)
        if self.on_tls:
            self.assertGreater(asked[0], 9)
        else:
            self.assertEqual(asked, [1, 2, 3, 3])

    def test_a_producer_is_stopped_by_the_loss_and_TLS_alone_is_connected_then(self):
        for streaming, (end,) in itertools.product((True, False), ENDS):
            t, seen = self.play(), []
            self.producer.stopProducing = lambda: seen.append(bool(t.connected))
            exec(f"t.registerProducer(p, {streaming}); o.{end}()", self.names)
            self.told()
            self.assertEqual(seen, [self.on_tls])

    def test_after_the_loss_a_new_producer_is_stopped_and_not_kept(self):
        for end, streaming in itertools.product(ENDS, (True, False)):
            transport, producer = self.lost(end), mock.Mock()
            transport.registerProducer(producer, streaming)
            self.assertEqual(producer.mock_calls, [mock.call.stopProducing()])
            self.assertIsNone(transport.producer)

    def test_how_long_loseConnection_waits_for_a_producer(self):
        for steps, waits in (
            ("t.registerProducer(p, True)", [False, False, False]),
            ("t.registerProducer(p, True); t.write(LARGE)", [True, False, False]),
            ("t.registerProducer(p, False)", [True, True, False]),
        ):
            _, seen = self.play(steps), []
            for step in ("loseConnection()", "write(b'1')", "unregisterProducer()"):
                exec(f"t.{step}; turns()", self.names)
                seen.append(not self.protocol.reasons)
            self.assertEqual(seen, [True, True, False] if self.on_tls else waits, steps)


@known_differences(BYTES_LIKE_WRITTEN)
class TCPTests(RealContract, unittest.TestCase):
    def test_another_thread_waits(self):
        for steps in ("t.write(b'1')", "t.abortConnection()", "t.reactor.wakeUp()"):
            self.play("turns()")
            thread = threading.Timer(0.05, exec, [steps, self.names])
            thread.start()
            start = time.monotonic()
            self.reactor.iterate(0.5)
            thread.join()
            waited = time.monotonic() - start
            self.assertIs(waited > 0.4, "wakeUp" not in steps, steps)

    def test_it_has_more_than_any_transport_in_memory(self):
        more = {"setTcpNoDelay", "setTcpKeepAlive", "loseWriteConnection", "getHandle"}
        self.assertEqual(more - {*dir(self.connect())}, set())

    def test_over_IPv6_addresses_are_IPv6Address(self):
        peer = ("::1", 80, 0, 0)
        with socket.socket() as unused:
            server = tcp.Server(unused, Protocol(), peer, None, 0, mock.Mock())
            self.assertIsInstance(server.getPeer(), address.IPv6Address)


@known_differences({**BYTES_LIKE_WRITTEN, OF_TCP: "a UNIXAddress has a name"})
class UNIXTests(RealContract, unittest.TestCase):
    column = 1
    test_another_thread_waits = TCPTests.test_another_thread_waits

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        super().setUp()

    def listen(self, factory):
        name = os.path.join(self.folder.name, f"socket {len(self.ports)}")
        return self.reactor.listenUNIX(name, factory)

    def dial(self, port, factory):
        self.reactor.connectUNIX(port.getHost().name, factory)

    def test_an_address_is_a_UNIXAddress_and_that_of_the_server_has_a_name(self):
        transport = self.connect()
        self.assertIn(b"socket", transport.getHost().name)
        self.assertIsInstance(transport.getPeer(), address.UNIXAddress)


UNCHECKED, NO_CONNECTED = "it does not look at what is written", "it has no connected"
KEPT = {"test_what_is_written_after_the_loss_is_dropped": "before 18.4, it was kept"}


@known_differences(
    {
        "test_it_provides_the_interfaces_of_Twisted_as_ours_do": "no IPushProducer",
        "test_connectionLost_sees_no_disconnecting_after_abortConnection": "it does",
        "test_write_refuses_str_and_delivers_nothing_of_it": UNCHECKED,
        "test_write_refuses_all_but_bytes_and_delivers_nothing_of_it": UNCHECKED,
        "test_at_first_it_is_connected_and_neither_closing_nor_lost": NO_CONNECTED,
        "test_connected_and_disconnected_say_whether_it_was_told": NO_CONNECTED,
        "test_inside_connectionLost_the_connection_is_lost_already": NO_CONNECTED,
        OF_TCP: "they have no type",
        "test_registerProducer_refuses_a_second_producer": "it is no error",
        **(KEPT if VERSION < (18, 4) else {}),
    }
)
class IosimTests(TwoSidedContract, unittest.TestCase):
    """Another fake: Twisted's iosim, which moves bytes between two protocols."""

    drops_late = VERSION >= (18, 4)

    def test_what_it_takes_and_lacks_and_says(self):
        transport = self.connect()
        for anything in ("text", None):
            transport.write(anything)
            transport.registerProducer(mock.Mock(), True)
        self.assertFalse(hasattr(transport.getPeer(), "host"))
        self.assertFalse(interfaces.IPushProducer.providedBy(transport))
        self.lost()
        self.assertEqual(self.protocol.reasons[0].value.args, ("Connection done",))

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
