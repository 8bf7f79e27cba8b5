"""The tests of stringtransport, which are its specification too.

They need nothing but the standard library: `python3 -m unittest`. Where Twisted
or zope.interface is installed, Twisted's transports and real connections are held
to the same as ours. In this order:

- contracts: behaviours by example, from those that every transport has
  (`TransportContract`, which others can use) to those that are ours alone;
- transports: ours, Twisted's in memory and Twisted's real connections, each with
  what it is known to do differently;
- models: all that a transport does, and random sequences that hold ours, Twisted's
  and a real connection to it;
- the values, the interfaces, the surroundings, a real conversation, and what else a
  checkout holds.

Two environment variables steer the sequences: STRINGTRANSPORT_SEQUENCES, how many
to run, and STRINGTRANSPORT_SEED, a seed that was printed, to run them again.
"""

import contextlib
import doctest
import functools
import importlib
import inspect
import io
import os
import random
import re
import socket
import sys
import tempfile
import time
import types
import typing
import unittest
from typing import TYPE_CHECKING, Any, Callable, Dict, FrozenSet, Iterator, List
from typing import Sequence, Tuple, Type
from unittest import mock

import stringtransport
from stringtransport import (
    IConsumer,
    IPushProducer,
    ITransport,
    StringTransport,
    StringTransportWithDisconnection,
)

if TYPE_CHECKING:
    Mixin = unittest.TestCase
else:
    Mixin = object


def import_if_there(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


zope_interface = import_if_there("zope.interface")
# Before 19.7, Twisted had its helpers for tests among its tests.
twisted_testing = import_if_there("twisted.internet.testing") or import_if_there(
    "twisted.test.proto_helpers"
)
needs_twisted = unittest.skipUnless(twisted_testing, "Twisted is not installed")
needs_zope = unittest.skipUnless(zope_interface, "zope.interface is not installed")

TWISTED_VERSION: Tuple[int, ...] = ()
if twisted_testing:
    twisted = importlib.import_module("twisted")
    TWISTED_VERSION = tuple(map(int, twisted.__version__.split(".")[:2]))


@contextlib.contextmanager
def hidden(*packages: str) -> Iterator[None]:
    """Make the packages, and all that is in them, impossible to import."""
    names = [name for name in sys.modules if name.split(".")[0] in packages]
    with mock.patch.dict(sys.modules, dict.fromkeys([*packages, *names])):
        yield


def run_copy(name: str) -> Any:
    """Run the module's source once more, as a module of another name."""
    copy = types.ModuleType(name)
    source = inspect.getsource(stringtransport)
    exec(compile(source, str(stringtransport.__file__), "exec"), copy.__dict__)
    return copy


with hidden("twisted", "zope"):
    alone = run_copy("stringtransport_alone")


INTERFACES = (ITransport, IConsumer, IPushProducer)


def zope_interface_of(abc: type) -> Any:
    (interface,) = zope_interface.implementedBy(abc)
    return interface


# Contracts.


class Protocol:
    """Notes what it receives, and the reasons for which its connection was lost."""

    def __init__(self, when_lost: Callable[[Any], None] = lambda transport: None):
        self.transport: Any = None
        self.received = b""
        self.reasons: List[Any] = []
        self.when_lost = when_lost

    def makeConnection(self, transport: Any) -> None:
        self.transport = transport

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: Any) -> None:
        self.reasons.append(reason)
        self.when_lost(self.transport)


class Producer:
    """Notes its calls, and produces nothing."""

    def __init__(self) -> None:
        self.calls: List[str] = []

    def __getattr__(self, name: str) -> Callable[[], None]:
        if not name.endswith("Producing"):
            raise AttributeError(name)
        return lambda: self.calls.append(name)


Differences = Dict[str, Tuple[Type[Exception], str]]


def differing(name: str, test: Any, error: Type[Exception], reason: str) -> Any:
    """Return a test that passes where `test` fails with that error: a difference."""

    @functools.wraps(test)
    def has_to_fail(self: Any) -> None:
        try:
            test(self)
        except error as failure:
            if type(failure) is not error or hasattr(failure, "is_of_the_set_up"):
                raise
        else:
            self.fail(f"{name} passes, so this is no difference any more: {reason}")

    return has_to_fail


def marking(set_up: Any) -> Any:
    """Return the method, with a mark on its errors: they are no difference."""

    @functools.wraps(set_up)
    def marked(*args: Any) -> Any:
        try:
            return set_up(*args)
        except Exception as error:
            setattr(error, "is_of_the_set_up", True)
            raise

    return marked


class Contract(Mixin):
    """Behaviours that several implementations are held to, one a test."""

    differences: Differences = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in {"connect", "delivered", "settle"} & {*dir(cls)}:
            setattr(cls, name, marking(getattr(cls, name)))
        for name, (error, reason) in vars(cls).get("differences", {}).items():
            setattr(cls, name, differing(name, getattr(cls, name), error, reason))


class TransportContract(Contract):
    """What a protocol may rely on, whatever its transport is: also yours.

    Whoever writes a transport can hold it to this contract, with a test case that
    says how to make one:

        class MyTransportTests(TransportContract, unittest.TestCase):
            def connect(self, protocol=None):
                transport = MyTransport(protocol or Protocol())
                transport.protocol.makeConnection(transport)
                return transport

            def delivered(self, transport):
                return transport.other_side.received

    - `connect(protocol)` returns a new transport, after it has given it to the
      protocol by `makeConnection`. By `connectionLost`, the transport tells the
      protocol when the connection is lost. Without a protocol, it makes one.
    - `delivered(transport)` returns all that gets to the other side. It may close
      the connection to find out: nothing is done with the transport after it.
    - `settle()` lets everything happen that is going to happen. A transport that
      puts nothing off needs none.
    - `differences` names the tests that the transport is known to fail, each with
      the type of the exception that the test then ends with (AssertionError, or
      what the transport raises) and the reason. A named test has to fail in just
      this way, and not in the three methods above: otherwise it is reported.

    `InMemoryContract`, below, is for classes that can take the place of
    `StringTransport`, and `FakeContract` for what only transports in memory do.
    """

    def connect(self, protocol: Any = None) -> Any:
        raise NotImplementedError

    def delivered(self, transport: Any) -> bytes:
        raise NotImplementedError

    def settle(self) -> None:
        """Let everything happen that is going to happen."""

    def assertDelivers(self, transport: Any, expected: bytes) -> None:
        got = self.delivered(transport)
        about = f"{got[:99]!r} ({len(got)} bytes) got to the other side"
        self.assertTrue(got == expected, f"{about}, not {expected[:99]!r}")

    def lost(self, end: str = "loseConnection") -> Any:
        """Return a transport whose connection has been lost."""
        transport = self.connect(Protocol())
        getattr(transport, end)()
        self.settle()
        return transport

    # ITransport: write and writeSequence

    def test_write_delivers_in_the_order_of_the_calls(self) -> None:
        transport = self.connect()
        for data in (b"one ", b"", b"two ", b"three"):
            transport.write(data)
        self.assertDelivers(transport, b"one two three")

    def test_write_delivers_a_large_piece_and_every_byte_of_it(self) -> None:
        transport = self.connect()
        transport.write(LARGE)
        self.assertDelivers(transport, LARGE)

    def test_writing_returns_None(self) -> None:
        transport = self.connect()
        self.assertIsNone(transport.write(b"data"))
        self.assertIsNone(transport.writeSequence([b"data"]))

    def assertRefuses(self, name: str, *refused: object) -> None:
        transport = self.connect()
        transport.write(b"before ")
        for data in refused:
            with self.assertRaises(TypeError, msg=f"{name}({data!r})"):
                getattr(transport, name)(data)
        transport.write(b"after")
        self.assertDelivers(transport, b"before after")

    def test_write_refuses_str_and_delivers_nothing_of_it(self) -> None:
        self.assertRefuses("write", "data")

    def test_write_refuses_all_but_bytes_and_delivers_nothing_of_it(self) -> None:
        refused = bytearray(b"data"), memoryview(b"data"), None, 7, [b"data"]
        self.assertRefuses("write", *refused)

    def test_writeSequence_delivers_the_pieces_in_their_place(self) -> None:
        transport = self.connect()
        transport.write(b"one ")
        transport.writeSequence([b"two ", b"", b"three "])
        transport.writeSequence([])
        transport.writeSequence((b"four ", b"five "))
        transport.write(b"six")
        self.assertDelivers(transport, b"one two three four five six")

    def test_writeSequence_delivers_no_piece_where_one_is_str(self) -> None:
        self.assertRefuses("writeSequence", [b"data", "data", b"data"])

    def test_writeSequence_refuses_what_cannot_be_iterated(self) -> None:
        self.assertRefuses("writeSequence", None)

    # ITransport: loseConnection and abortConnection

    def test_what_was_written_before_loseConnection_is_delivered(self) -> None:
        transport = self.connect()
        transport.write(LARGE)
        transport.loseConnection()
        self.assertDelivers(transport, LARGE)

    def test_writing_after_the_connection_is_lost_is_no_error(self) -> None:
        transport = self.lost()
        self.assertIsNone(transport.write(b"too late"))
        self.assertIsNone(transport.writeSequence([b"too ", b"late"]))

    def test_disconnecting_is_true_from_loseConnection_on(self) -> None:
        transport = self.connect(Protocol())
        seen = [bool(transport.disconnecting)]
        transport.loseConnection()
        seen.append(bool(transport.disconnecting))
        self.settle()
        seen.append(bool(transport.disconnecting))
        self.assertEqual(seen, [False, True, True], "at first, then, and at the end")

    def test_connected_is_true_at_first(self) -> None:
        self.assertTrue(self.connect().connected)

    def test_connected_is_false_after_the_connection_is_lost(self) -> None:
        self.assertFalse(self.lost().connected)

    def assertLosesOnce(
        self, *ends: str, when_lost: Any = lambda transport: None
    ) -> Any:
        protocol = Protocol(when_lost)
        transport = self.connect(protocol)
        for end in ends:
            getattr(transport, end)()
            self.settle()
        calls = ["connectionLost(...)"] * len(protocol.reasons)
        self.assertEqual(calls, ["connectionLost(...)"], f"after {', '.join(ends)}")
        return protocol.reasons[0]

    def test_connectionLost_is_not_called_while_the_connection_lasts(self) -> None:
        protocol = Protocol()
        self.connect(protocol).write(b"data")
        self.settle()
        self.assertEqual(protocol.reasons, [])

    def test_loseConnection_makes_it_call_connectionLost_once(self) -> None:
        self.assertLosesOnce("loseConnection")

    def test_loseConnection_again_does_nothing(self) -> None:
        self.assertLosesOnce("loseConnection", "loseConnection")

    def test_loseConnection_from_inside_connectionLost_does_nothing(self) -> None:
        self.assertLosesOnce(
            "loseConnection", when_lost=lambda transport: transport.loseConnection()
        )

    def test_abortConnection_makes_it_call_connectionLost_once(self) -> None:
        self.assertLosesOnce("abortConnection")

    def test_abortConnection_after_the_connection_is_lost_does_nothing(self) -> None:
        self.assertLosesOnce("abortConnection", "loseConnection", "abortConnection")

    def test_the_reason_after_loseConnection_is_ConnectionDone(self) -> None:
        reason = self.assertLosesOnce("loseConnection")
        done = stringtransport.ConnectionDone
        self.assertIs(reason.check(KeyError, done), done)

    # ITransport: getPeer and getHost

    def test_addresses_are_the_same_each_time_and_differ_by_side(self) -> None:
        transport = self.connect()
        peer, host = transport.getPeer(), transport.getHost()
        self.assertEqual((transport.getPeer(), transport.getHost()), (peer, host))
        self.assertNotEqual(peer, host)

    def test_addresses_are_of_TCP_with_a_host_and_a_port(self) -> None:
        transport = self.connect()
        for address in (transport.getPeer(), transport.getHost()):
            self.assertEqual(address.type, "TCP")
            self.assertRegex(address.host, r"^\d+\.\d+\.\d+\.\d+$")
            self.assertIsInstance(address.port, int)

    # IConsumer

    def test_registerProducer_refuses_a_second_producer(self) -> None:
        empty_queue = type("EmptyQueue", (Producer,), {"__len__": lambda self: 0})
        for first in (Producer(), empty_queue()):
            transport = self.connect()
            transport.registerProducer(first, True)
            with self.assertRaises(RuntimeError):
                transport.registerProducer(Producer(), True)

    def test_unregisterProducer_makes_room_for_another(self) -> None:
        transport = self.connect()
        self.assertIsNone(transport.registerProducer(Producer(), True))
        self.assertIsNone(transport.unregisterProducer())
        self.assertIsNone(transport.registerProducer(Producer(), True))

    def test_unregisterProducer_leaves_the_connection_open(self) -> None:
        protocol, producer = Protocol(), Producer()
        transport = self.connect(protocol)
        transport.registerProducer(producer, True)
        transport.unregisterProducer()
        self.settle()
        self.assertEqual((protocol.reasons, producer.calls), ([], []))

    def assertDoesNotWaitFor(self, producer: Producer, streaming: bool) -> None:
        protocol = Protocol()
        transport = self.connect(protocol)
        transport.registerProducer(producer, streaming)
        transport.loseConnection()
        self.settle()
        self.assertEqual(len(protocol.reasons), 1, "calls of connectionLost")

    def test_a_push_producer_that_is_not_paused_is_not_waited_for(self) -> None:
        self.assertDoesNotWaitFor(Producer(), True)

    # IPushProducer

    def test_pausing_and_resuming_may_be_repeated(self) -> None:
        transport = self.connect()
        for again in (transport.pauseProducing, transport.resumeProducing):
            self.assertIsNone(again())
            self.assertIsNone(again())

    def test_pausing_and_resuming_work_after_the_connection_is_lost(self) -> None:
        transport = self.lost()
        self.assertIsNone(transport.pauseProducing())
        self.assertIsNone(transport.resumeProducing())

    # All of it

    def test_an_attribute_of_other_transports_alone_is_not_there(self) -> None:
        with self.assertRaises(AttributeError):
            self.connect().negotiatedProtocol_of_another_transport

    @needs_zope
    def test_it_provides_the_zope_interfaces(self) -> None:
        transport = self.connect()
        for abc in INTERFACES:
            self.assertTrue(zope_interface_of(abc).providedBy(transport), abc)


LARGE = bytes(range(256)) * 4096


class FakeContract(TransportContract):
    """What holds in memory alone, where nothing is put off and nobody is outside.

    A protocol must not rely on it.
    """

    def test_connectionLost_is_called_before_loseConnection_returns(self) -> None:
        protocol = Protocol()
        self.connect(protocol).loseConnection()
        self.assertEqual(len(protocol.reasons), 1)

    def test_the_reason_says_Bye(self) -> None:
        self.assertEqual(self.assertLosesOnce("loseConnection").value.args, ("Bye.",))

    def test_the_reason_after_abortConnection_is_ConnectionDone(self) -> None:
        reason = self.assertLosesOnce("abortConnection")
        self.assertIsNotNone(reason.check(stringtransport.ConnectionDone))

    def test_disconnecting_is_true_after_abortConnection(self) -> None:
        self.assertTrue(self.lost("abortConnection").disconnecting)

    def test_getHost_works_after_the_connection_is_lost(self) -> None:
        transport = self.connect(Protocol())
        host = transport.getHost()
        transport.loseConnection()
        self.settle()
        self.assertEqual(transport.getHost(), host)

    def test_what_was_written_before_abortConnection_is_kept(self) -> None:
        transport = self.connect(Protocol())
        transport.write(LARGE)
        transport.abortConnection()
        self.settle()
        self.assertTrue(self.delivered(transport) == LARGE)

    def test_what_is_written_after_the_connection_is_lost_is_kept(self) -> None:
        transport = self.lost()
        transport.write(b"data, ")
        transport.writeSequence([b"more ", b"data"])
        self.assertEqual(self.delivered(transport), b"data, more data")

    def test_writeSequence_takes_a_generator(self) -> None:
        transport = self.connect()
        transport.writeSequence(piece for piece in (b"one ", b"two"))
        self.assertEqual(self.delivered(transport), b"one two")

    def test_writeSequence_takes_every_bytes_like_item(self) -> None:
        transport = self.connect()
        transport.writeSequence([b"one ", bytearray(b"two "), memoryview(b"three")])
        self.assertEqual(self.delivered(transport), b"one two three")

    def test_the_producer_is_never_called(self) -> None:
        transport, producer = self.connect(), Producer()
        transport.registerProducer(producer, True)
        transport.write(LARGE)
        self.assertEqual(producer.calls, [])

    def test_a_pull_producer_is_not_waited_for(self) -> None:
        self.assertDoesNotWaitFor(Producer(), False)

    def test_a_producer_can_come_after_the_connection_is_lost(self) -> None:
        transport, producer = self.lost(), Producer()
        transport.registerProducer(producer, True)
        self.assertEqual(producer.calls, [])

    def test_unregisterProducer_is_refused_where_none_is_registered(self) -> None:
        with self.assertRaises(RuntimeError):
            self.connect().unregisterProducer()

    def test_streaming_is_what_the_producer_was_registered_with(self) -> None:
        transport = self.connect()
        transport.registerProducer(Producer(), True)
        self.assertIs(transport.streaming, True)

    def test_stopProducing_leaves_the_connection_open(self) -> None:
        protocol = Protocol()
        self.connect(protocol).stopProducing()
        self.settle()
        self.assertEqual(protocol.reasons, [])

    def test_pausing_is_refused_after_stopProducing(self) -> None:
        transport = self.connect()
        transport.stopProducing()
        with self.assertRaises(RuntimeError):
            transport.pauseProducing()


class InMemoryContract(FakeContract):
    """What a test may rely on, from Twisted's transports in memory and from ours."""

    transport_class: Any

    def connect(self, protocol: Any = None) -> Any:
        transport = self.transport_class()
        transport.protocol = protocol or Protocol()
        transport.protocol.makeConnection(transport)
        return transport

    def delivered(self, transport: Any) -> bytes:
        value = transport.value()
        assert isinstance(value, bytes)
        return value

    def subclass(self, **attributes: object) -> Any:
        return type("Subclass", (self.transport_class,), attributes)

    def test_value_is_what_was_written_since_clear(self) -> None:
        transport = self.connect()
        transport.write(b"before")
        transport.clear()
        self.assertEqual(transport.value(), b"")
        transport.write(b"after")
        self.assertEqual(transport.value(), b"after")
        self.assertEqual(transport.io.getvalue(), b"after")

    def test_the_default_addresses(self) -> None:
        transport = self.connect()
        IPv4Address = stringtransport.IPv4Address
        peer, host = transport.getPeer(), transport.getHost()
        self.assertEqual(peer, IPv4Address("TCP", "192.168.1.1", 54321))
        self.assertEqual(host, IPv4Address("TCP", "10.0.0.1", 12345))
        self.assertEqual({type(peer), type(host)}, {IPv4Address})

    def test_optional_abilities_of_other_transports_are_not_there(self) -> None:
        transport = self.connect()
        for name in ("startTLS", "negotiatedProtocol", "getPeerCertificate"):
            self.assertFalse(hasattr(transport, name), name)

    @needs_zope
    def test_zope_verifies_object_and_class(self) -> None:
        verify = importlib.import_module("zope.interface.verify")
        for abc in INTERFACES:
            interface = zope_interface_of(abc)
            self.assertTrue(verify.verifyObject(interface, self.connect()))
            self.assertTrue(verify.verifyClass(interface, self.transport_class))


NO_CALLS = (AssertionError, "a StringTransport never calls a protocol")


class SilenceContract(InMemoryContract):
    """What `StringTransport` does not do, Twisted's and ours."""

    differences = {
        "test_loseConnection_makes_it_call_connectionLost_once": NO_CALLS,
        "test_loseConnection_again_does_nothing": NO_CALLS,
        "test_loseConnection_from_inside_connectionLost_does_nothing": NO_CALLS,
        "test_abortConnection_makes_it_call_connectionLost_once": NO_CALLS,
        "test_abortConnection_after_the_connection_is_lost_does_nothing": NO_CALLS,
        "test_the_reason_after_loseConnection_is_ConnectionDone": NO_CALLS,
        "test_a_push_producer_that_is_not_paused_is_not_waited_for": NO_CALLS,
        "test_connectionLost_is_called_before_loseConnection_returns": NO_CALLS,
        "test_the_reason_says_Bye": NO_CALLS,
        "test_the_reason_after_abortConnection_is_ConnectionDone": NO_CALLS,
        "test_a_pull_producer_is_not_waited_for": NO_CALLS,
        "test_connected_is_false_after_the_connection_is_lost": (
            AssertionError,
            "connected stays True: the test says when the connection is lost",
        ),
        "test_pausing_and_resuming_work_after_the_connection_is_lost": (
            RuntimeError,
            "whoever pauses it after loseConnection is told so, unless it is lenient",
        ),
    }

    def test_pausing_and_resuming_are_refused_after_loseConnection(self) -> None:
        transport = self.connect()
        transport.pauseProducing()
        transport.loseConnection()
        for method in (transport.pauseProducing, transport.resumeProducing):
            with self.assertRaises(RuntimeError):
                method()
        self.assertEqual(transport.producerState, "paused")


class OurContract(InMemoryContract):
    """What ours promise beyond what Twisted's do."""

    def test_it_is_an_instance_of_the_interfaces(self) -> None:
        for abc in INTERFACES:
            self.assertIsInstance(self.connect(), abc)

    def test_write_names_the_type_that_it_refuses(self) -> None:
        for data in ("data", bytearray(), memoryview(b""), None, 7, [b"data"]):
            message = f"^data must be bytes, not {type(data).__name__}$"
            with self.assertRaisesRegex(TypeError, message):
                self.connect().write(data)

    def test_refused_pausing_and_resuming_say_why_and_what_helps(self) -> None:
        why = "cannot pause or resume after "
        transport = self.connect()
        transport.disconnecting = True
        message = f"^{why}loseConnection, unless lenient=True$"
        with self.assertRaisesRegex(RuntimeError, message):
            transport.pauseProducing()
        transport.stopProducing()
        with self.assertRaisesRegex(RuntimeError, f"^{why}stopProducing$"):
            transport.resumeProducing()

    def test_a_lenient_transport_can_be_paused_and_resumed_after_all(self) -> None:
        transport = self.transport_class(lenient=True)
        transport.disconnecting = True
        transport.pauseProducing()
        transport.resumeProducing()
        self.assertEqual(transport.producerState, "producing")

    def test_refused_producers_are_told_why(self) -> None:
        transport = self.connect()
        with self.assertRaisesRegex(RuntimeError, "^no producer is registered$"):
            transport.unregisterProducer()
        transport.registerProducer(Producer(), True)
        with self.assertRaisesRegex(
            RuntimeError, "^a producer is already registered: "
        ):
            transport.registerProducer(Producer(), True)

    def test_default_addresses_are_made_once(self) -> None:
        first, second = self.connect(), self.connect()
        self.assertIs(first.getPeer(), second.getPeer())
        self.assertIs(first.getHost(), second.getHost())

    def assertShows(self, transport: Any, state: str) -> None:
        name = type(transport).__name__
        self.assertEqual(repr(transport), f"<{name} at {id(transport):#x} {state}>")

    def test_its_repr_shows_what_is_not_as_at_first_and_what_was_written(self) -> None:
        transport = self.transport_class()
        self.assertShows(transport, "b''")
        transport.write(b"data")
        transport.registerProducer(Producer(), False)
        transport.stopProducing()
        transport.disconnected = transport.disconnecting = True
        self.assertShows(
            transport,
            "disconnected=True disconnecting=True producer=Producer "
            "producerState='stopped' streaming=False b'data'",
        )
        transport.unregisterProducer()
        transport.disconnected = transport.disconnecting = False
        transport.protocol, transport.producerState = None, "producing"
        self.assertShows(transport, "b'data'")

    def test_its_repr_cuts_short_what_was_written(self) -> None:
        transport = self.transport_class()
        transport.write(b"x" * 40)
        self.assertShows(transport, f"{b'x' * 40!r}")
        transport.write(b"y")
        self.assertShows(transport, f"{b'x' * 40!r}...")

    def test_its_repr_asks_no_other_object_and_never_raises(self) -> None:
        class Hostile:
            def fail(self, *args: object) -> Any:
                raise ZeroDivisionError

            __repr__ = __str__ = __eq__ = __ne__ = __bool__ = fail

        transport = self.transport_class(peerAddress=Hostile())
        transport.protocol = Hostile()
        self.assertShows(transport, "peerAddr=Hostile protocol=Hostile b''")
        transport.io = None
        self.assertShows(transport, "peerAddr=Hostile protocol=Hostile ?")
        half_made = self.transport_class.__new__(self.transport_class)
        self.assertShows(half_made, "?")
        closed = self.transport_class()
        closed.io.close()
        self.assertShows(closed, "?")


# Transports, each with what it is known to do differently. The tables in README.md
# say the same.


class StringTransportTests(SilenceContract, OurContract, unittest.TestCase):
    transport_class = StringTransport


class StringTransportWithDisconnectionTests(OurContract, unittest.TestCase):
    transport_class = StringTransportWithDisconnection

    def test_without_connectionLost_Pythons_own_error_says_so(self) -> None:
        for state, message in (
            ({}, "'protocol'$"),
            ({"protocol": None}, "'connectionLost'$"),
            ({"protocol": Unreachable()}, "^of its own$"),
        ):
            transport = self.transport_class()
            vars(transport).update(state)
            before = dict(vars(transport))
            with self.assertRaisesRegex(AttributeError, message) as raised:
                transport.loseConnection()
            self.assertIsNone(raised.exception.__context__)
            self.assertEqual(vars(transport), before)

    def test_a_refused_abortConnection_sets_disconnected_alone(self) -> None:
        transport = self.transport_class()
        before = dict(vars(transport))
        with self.assertRaises(AttributeError):
            transport.abortConnection()
        self.assertEqual(vars(transport), {**before, "disconnected": True})
        transport.protocol = protocol = Protocol()
        transport.abortConnection()
        self.assertEqual(len(protocol.reasons), 1)

    def test_disconnecting_is_True_when_connected_becomes_False(self) -> None:
        seen: List[Tuple[str, object]] = []

        def spy(transport: Any, name: str, value: object) -> None:
            seen.append((name, value))
            vars(transport)[name] = value

        transport = self.subclass(__setattr__=spy)()
        transport.protocol = Protocol(lambda transport: seen.append(("called", True)))
        del seen[:]
        transport.loseConnection()
        self.assertEqual(
            seen, [("disconnecting", True), ("connected", False), ("called", True)]
        )

    def test_a_ConnectionDone_that_cannot_be_made_changes_nothing(self) -> None:
        transport = self.connect()
        with mock.patch.object(stringtransport, "ConnectionDone", object):
            with self.assertRaises(TypeError):
                transport.loseConnection()
        self.assertEqual((transport.connected, transport.disconnecting), (True, False))

    def test_the_reason_is_made_of_the_modules_classes_of_the_moment(self) -> None:
        own = type("ConnectionDone", (Exception,), {})
        for done in (stringtransport.ConnectionDone, own):
            protocol = Protocol()
            with mock.patch.object(stringtransport, "ConnectionDone", done):
                self.connect(protocol).loseConnection()
            (reason,) = protocol.reasons
            self.assertIs(type(reason), stringtransport.Failure)
            self.assertIs(type(reason.value), done)


# Ours have it, whatever is installed.
HAS_LENIENT = not twisted_testing or TWISTED_VERSION >= (17,)
TWISTED_REFUSES_ONLY_STR = TWISTED_VERSION < (21,)

BYTES_LIKE_WRITTEN: Differences = {
    "test_write_refuses_all_but_bytes_and_delivers_nothing_of_it": (
        AssertionError,
        "before 21.2, write refused str alone",
    )
}
OF_OLD_VERSIONS = BYTES_LIKE_WRITTEN if TWISTED_REFUSES_ONLY_STR else {}
STAYS_FALSE = (
    AssertionError,
    "Twisted's class does not set disconnecting when it disconnects",
)


@needs_twisted
class TwistedStringTransportTests(SilenceContract, unittest.TestCase):
    transport_class = getattr(twisted_testing, "StringTransport", None)
    differences = OF_OLD_VERSIONS


@needs_twisted
class TwistedStringTransportWithDisconnectionTests(InMemoryContract, unittest.TestCase):
    transport_class = getattr(twisted_testing, "StringTransportWithDisconnection", None)
    differences = {
        "test_disconnecting_is_true_from_loseConnection_on": STAYS_FALSE,
        "test_disconnecting_is_true_after_abortConnection": STAYS_FALSE,
        **OF_OLD_VERSIONS,
    }


class OtherEnd(Protocol):
    """The client: it greets the server, and reads whatever comes."""

    GREETING = b"hello"

    def makeConnection(self, transport: Any) -> None:
        super().makeConnection(transport)
        transport.write(self.GREETING)


NOT_AT_ONCE = (AssertionError, "connectionLost is called later, by the reactor")
NO_BYE = (AssertionError, "it is a ConnectionDone without arguments")
ABORTED = (AssertionError, "it is ConnectionAborted")
NOT_SET = (AssertionError, "abortConnection does not set disconnecting")
NO_HOST = (AttributeError, "its socket is gone, and getHost fails")
DROPPED = (AssertionError, "what was not sent yet is dropped")
CALLED = (AssertionError, "the producer is paused, resumed and stopped")
WAITS = (AssertionError, "a producer that was asked for more is waited for")
TOO_LATE = (AssertionError, "it is stopped instead of kept")
NOT_REFUSED = (AssertionError, "it is no error")
NOT_CHECKED = (AssertionError, "it does not look at what is written")
NO_ATTRIBUTE = (AttributeError, "it has no such attribute")
OTHER_NAME = (AttributeError, "the attribute is called streamingProducer")
STOPS = (AssertionError, "it closes the connection")
NO_GENERATOR = (AssertionError, "it iterates twice: nothing is sent")
BYTES_ALONE = (TypeError, "every piece has to be bytes, since 21.2")

REAL: Differences = {
    "test_connectionLost_is_called_before_loseConnection_returns": NOT_AT_ONCE,
    "test_the_reason_says_Bye": NO_BYE,
    "test_the_reason_after_abortConnection_is_ConnectionDone": ABORTED,
    "test_getHost_works_after_the_connection_is_lost": NO_HOST,
    "test_what_was_written_before_abortConnection_is_kept": DROPPED,
    "test_what_is_written_after_the_connection_is_lost_is_kept": DROPPED,
    "test_the_producer_is_never_called": CALLED,
    "test_a_pull_producer_is_not_waited_for": WAITS,
    "test_a_producer_can_come_after_the_connection_is_lost": TOO_LATE,
    "test_unregisterProducer_is_refused_where_none_is_registered": NOT_REFUSED,
    "test_streaming_is_what_the_producer_was_registered_with": OTHER_NAME,
    "test_stopProducing_leaves_the_connection_open": STOPS,
    "test_pausing_is_refused_after_stopProducing": NOT_REFUSED,
}
REAL_SOCKET: Differences = {
    **REAL,
    "test_disconnecting_is_true_after_abortConnection": NOT_SET,
    "test_writeSequence_takes_a_generator": NO_GENERATOR,
    **(
        BYTES_LIKE_WRITTEN
        if TWISTED_REFUSES_ONLY_STR
        else {"test_writeSequence_takes_every_bytes_like_item": BYTES_ALONE}
    ),
}


class RealConnection(Mixin):
    """The server's side of a connection of Twisted's, with a reactor of its own."""

    def setUp(self) -> None:
        self.reactor = self.make_reactor()
        internet = importlib.import_module("twisted.internet")
        # What asks for the installed reactor gets this one, as long as the test lasts.
        for patch in (
            mock.patch.dict(sys.modules, {"twisted.internet.reactor": self.reactor}),
            mock.patch.object(internet, "reactor", self.reactor, create=True),
        ):
            patch.start()
            self.addCleanup(patch.stop)
        self.ends: List[Any] = []
        self.ports: List[Any] = []
        self.addCleanup(self.close)

    def make_reactor(self) -> Any:
        return importlib.import_module("twisted.internet.selectreactor").SelectReactor()

    def iterate(self) -> None:
        self.reactor.iterate(0.001)

    def listen(self, factory: Any) -> Any:
        return self.reactor.listenTCP(0, factory, interface="127.0.0.1")

    def dial(self, port: Any, factory: Any) -> None:
        self.reactor.connectTCP("127.0.0.1", port.getHost().port, factory)

    def factory(self, protocol: Protocol) -> Any:
        protocols = importlib.import_module("twisted.internet.protocol")
        factory = protocols.ClientFactory()
        factory.noisy = False
        factory.buildProtocol = lambda address: protocol
        self.ends.append(protocol)
        return factory

    def connect(self, protocol: Any = None) -> Any:
        self.protocol, self.other_end = protocol or Protocol(), OtherEnd()
        self.ports.append(self.listen(self.factory(self.protocol)))
        self.dial(self.ports[-1], self.factory(self.other_end))
        self.run_until(lambda: self.protocol.received == OtherEnd.GREETING)
        return self.protocol.transport

    def run_until(self, done: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError("the connection is stuck")
            self.iterate()

    def settle(self) -> None:
        for _ in range(9):
            self.iterate()
        transport = self.protocol.transport
        if transport.disconnecting and transport.producer is None:
            self.run_until(lambda: self.protocol.reasons and self.other_end.reasons)

    def delivered(self, transport: Any) -> bytes:
        transport.loseConnection()
        self.run_until(lambda: self.other_end.reasons)
        return self.other_end.received

    def close(self) -> None:
        for port in self.ports:
            port.stopListening()
        for end in self.ends:
            if end.transport and not end.reasons:
                end.transport.abortConnection()
        self.run_until(lambda: all(end.reasons for end in self.ends if end.transport))
        for _ in range(3):
            self.iterate()
        failure = stringtransport.Failure(stringtransport.ConnectionDone())
        for descriptor in {*self.reactor.removeAll(), *self.reactor._internalReaders}:
            descriptor.connectionLost(failure)


class RealContract(RealConnection, FakeContract):
    aborted = "ConnectionAborted"

    def test_abortConnection_drops_what_was_not_sent_and_says_so(self) -> None:
        protocol = Protocol()
        transport = self.connect(protocol)
        transport.write(LARGE)
        transport.abortConnection()
        self.settle()
        self.assertLess(len(self.other_end.received), len(LARGE))
        names = [reason.type.__name__ for reason in protocol.reasons]
        self.assertEqual(names, [self.aborted])

    def test_a_push_producer_that_writes_too_much_is_paused(self) -> None:
        transport, producer = self.connect(), Producer()
        transport.registerProducer(producer, True)
        transport.write(LARGE)
        self.assertEqual(producer.calls, ["pauseProducing"])

    def test_a_producer_is_stopped_when_the_connection_is_lost(self) -> None:
        transport, producer = self.connect(), Producer()
        transport.registerProducer(producer, True)
        transport.abortConnection()
        self.settle()
        self.assertEqual(producer.calls, ["stopProducing"])


@needs_twisted
class TCPTests(RealContract, unittest.TestCase):
    differences = REAL_SOCKET


ASYNCIO_REACTOR = import_if_there("twisted.internet.asyncioreactor")


@unittest.skipUnless(ASYNCIO_REACTOR, "there is no Twisted with an asyncio reactor")
class AsyncioTCPTests(RealContract, unittest.TestCase):
    differences = REAL_SOCKET

    def make_reactor(self) -> Any:
        self.loop = importlib.import_module("asyncio").new_event_loop()
        self.addCleanup(self.loop.close)
        return ASYNCIO_REACTOR.AsyncioSelectorReactor(self.loop)

    def iterate(self) -> None:
        # The reactor's own iterate() takes 10 ms at least.
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()


@needs_twisted
@unittest.skipUnless(hasattr(socket, "AF_UNIX"), "there are no UNIX sockets")
class UNIXTests(RealContract, unittest.TestCase):
    differences = {
        **REAL_SOCKET,
        "test_addresses_are_of_TCP_with_a_host_and_a_port": (
            AttributeError,
            "a UNIXAddress has a name instead",
        ),
    }

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        super().setUp()

    def listen(self, factory: Any) -> Any:
        name = os.path.join(self.folder, f"socket {len(self.ports)}")
        return self.reactor.listenUNIX(name, factory)

    def dial(self, port: Any, factory: Any) -> None:
        self.reactor.connectUNIX(port.getHost().name, factory)


trustme = import_if_there("trustme")
# Twisted can be imported without a part of what it needs for TLS.
HAS_TLS = trustme and all(
    map(import_if_there, ("service_identity", "twisted.internet.ssl"))
)


@unittest.skipUnless(HAS_TLS, "Twisted[tls] and trustme are not installed")
class TLSTests(RealContract, unittest.TestCase):
    aborted = "ConnectionLost"
    differences = {
        **REAL,
        "test_a_push_producer_that_is_not_paused_is_not_waited_for": WAITS,
        "test_abortConnection_after_the_connection_is_lost_does_nothing": (
            AttributeError,
            "it has nothing left to shut down, and stumbles",
        ),
        "test_write_refuses_all_but_bytes_and_delivers_nothing_of_it": (
            AssertionError,
            "it sends everything bytes-like",
        ),
    }

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        ssl = importlib.import_module("twisted.internet.ssl")
        authority = trustme.CA()
        server = authority.issue_cert("localhost")
        pem = server.private_key_and_cert_chain_pem.bytes()
        cls.server_options = ssl.PrivateCertificate.loadPEM(pem).options()
        root = ssl.Certificate.loadPEM(authority.cert_pem.bytes())
        cls.client_options = ssl.optionsForClientTLS("localhost", trustRoot=root)

    server_options: Any
    client_options: Any

    def listen(self, factory: Any) -> Any:
        options = self.server_options
        return self.reactor.listenSSL(0, factory, options, interface="127.0.0.1")

    def dial(self, port: Any, factory: Any) -> None:
        number = port.getHost().port
        self.reactor.connectSSL("127.0.0.1", number, factory, self.client_options)


@needs_twisted
class IosimTests(FakeContract, unittest.TestCase):
    """Another fake: Twisted's iosim, which moves bytes between two protocols."""

    differences = {
        "test_write_refuses_str_and_delivers_nothing_of_it": NOT_CHECKED,
        "test_write_refuses_all_but_bytes_and_delivers_nothing_of_it": NOT_CHECKED,
        "test_connected_is_true_at_first": NO_ATTRIBUTE,
        "test_connected_is_false_after_the_connection_is_lost": NO_ATTRIBUTE,
        "test_addresses_are_of_TCP_with_a_host_and_a_port": NO_ATTRIBUTE,
        "test_registerProducer_refuses_a_second_producer": NOT_REFUSED,
        "test_connectionLost_is_called_before_loseConnection_returns": NOT_AT_ONCE,
        "test_the_reason_says_Bye": (AssertionError, "it says: Connection done"),
        "test_unregisterProducer_is_refused_where_none_is_registered": NOT_REFUSED,
        "test_streaming_is_what_the_producer_was_registered_with": OTHER_NAME,
        "test_stopProducing_leaves_the_connection_open": STOPS,
        "test_pausing_is_refused_after_stopProducing": NOT_REFUSED,
        "test_it_provides_the_zope_interfaces": (
            AssertionError,
            "it does not declare IPushProducer",
        ),
        **(
            {"test_what_is_written_after_the_connection_is_lost_is_kept": DROPPED}
            if TWISTED_VERSION >= (17,)
            else {}
        ),
    }

    def connect(self, protocol: Any = None) -> Any:
        iosim = importlib.import_module("twisted.test.iosim")
        self.protocol, self.other_end = protocol or Protocol(), Protocol()
        server = iosim.FakeTransport(self.protocol, isServer=True)
        client = iosim.FakeTransport(self.other_end, isServer=False)
        self.pump = iosim.connect(self.protocol, server, self.other_end, client)
        return server

    def settle(self) -> None:
        self.pump.flush()

    def delivered(self, transport: Any) -> bytes:
        self.settle()
        return self.other_end.received


# Models: all that a transport does, and random sequences that hold others to it.


class Text(str):
    """What `Stage.describe` says of an object that a model does not make itself."""


class Model:
    """A `StringTransport`, as it is specified.

    What is not said here does not happen: nothing else is changed, called or
    returned.
    """

    connected, disconnecting, disconnected = True, False, False
    hostAddr: Any = None
    peerAddr: Any = None
    producer: Any = None
    streaming: Any = None
    producerState = "producing"

    def __init__(
        self, hostAddress: Any = None, peerAddress: Any = None, lenient: Any = False
    ) -> None:
        self._refuses_when_disconnecting = not lenient
        self.clear()
        if hostAddress is not None:
            self.hostAddr = hostAddress
        if peerAddress is not None:
            self.peerAddr = peerAddress

    def clear(self) -> None:
        self.io = io.BytesIO()

    def value(self) -> bytes:
        return self.io.getvalue()

    def write(self, data: Any) -> None:
        if not isinstance(data, bytes):
            raise TypeError
        self.io.write(data)

    def writeSequence(self, data: Any) -> None:
        self.io.write(b"".join([bytes(memoryview(piece)) for piece in [*data]]))

    def loseConnection(self) -> None:
        self.disconnecting = True

    def abortConnection(self) -> None:
        self.disconnected = True
        self.loseConnection()

    def getPeer(self) -> Any:
        default = Text("IPv4Address('TCP', '192.168.1.1', 54321)")
        return default if self.peerAddr is None else self.peerAddr

    def getHost(self) -> Any:
        default = Text("IPv4Address('TCP', '10.0.0.1', 12345)")
        return default if self.hostAddr is None else self.hostAddr

    def registerProducer(self, producer: Any, streaming: Any) -> None:
        if self.producer is not None:
            raise RuntimeError
        self.producer, self.streaming = producer, streaming

    def unregisterProducer(self) -> None:
        if self.producer is None:
            raise RuntimeError
        self.producer = self.streaming = None

    def _checkState(self) -> None:
        stopped = self.producerState == "stopped"
        if stopped or self.disconnecting and self._refuses_when_disconnecting:
            raise RuntimeError

    def pauseProducing(self) -> None:
        self._checkState()
        self.producerState = "paused"

    def resumeProducing(self) -> None:
        self._checkState()
        self.producerState = "producing"

    def stopProducing(self) -> None:
        self.producerState = "stopped"


BYE = Text("Failure(ConnectionDone('Bye.',))")


class DisconnectingModel(Model):
    """A `StringTransportWithDisconnection`, as it is specified."""

    protocol: Any

    def loseConnection(self) -> None:
        if self.connected:
            call = self.protocol.connectionLost
            self.connected, self.disconnecting = False, True
            call(BYE)

    def _checkState(self) -> None:
        if self.connected or self.producerState == "stopped":
            super()._checkState()


class TwistedModel(Model):
    """Twisted's `StringTransport`: before 21.2, it refused only str at once.

    Its constructor sets `connected`.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connected = True

    if TWISTED_REFUSES_ONLY_STR:

        def write(self, data: Any) -> None:
            if isinstance(data, str):
                raise TypeError
            self.io.write(data)


class TwistedDisconnectingModel(TwistedModel):
    """What Twisted's `StringTransportWithDisconnection` does.

    It does not set `disconnecting`, as ours and real connections do, and it has
    lost the connection when it finds that there is no protocol to tell.
    """

    protocol: Any

    def loseConnection(self) -> None:
        if self.connected:
            self.connected = False
            self.protocol.connectionLost(BYE)


class FailureModel:
    """The stand-in `Failure`, as it is specified."""

    def __init__(self, exc_value: Any) -> None:
        if not isinstance(exc_value, BaseException):
            raise TypeError
        self.value, self.type = exc_value, type(exc_value)

    def _answer(self, asked: Any) -> Any:
        if not isinstance(asked, type):
            raise TypeError
        names = [f"{base.__module__}.{base.__name__}" for base in self.type.__mro__]
        fits = f"{asked.__module__}.{asked.__name__}" in names
        if not issubclass(asked, Exception):
            fits = asked is self.type
        return asked if fits else None

    def check(self, *errorTypes: Any) -> Any:
        return next(filter(None, map(self._answer, errorTypes)), None)

    def trap(self, *errorTypes: Any) -> Any:
        found = self.check(*errorTypes)
        if found is None:
            raise self.value
        return found

    def getErrorMessage(self) -> str:
        return str(self.value)

    def raiseException(self) -> None:
        raise self.value


class TwistedFailureModel(FailureModel):
    """Twisted's `Failure` also takes names of classes, and knows nothing else."""

    def _answer(self, asked: Any) -> Any:
        if isinstance(asked, str):
            names = [f"{base.__module__}.{base.__name__}" for base in self.type.__mro__]
            return asked if asked in names else None
        return super()._answer(asked) if isinstance(asked, type) else None


class Recorder:
    """A protocol, a producer or whatever: it notes all that is asked of it.

    It is false, equals nothing else, and may react to a call.
    """

    def __init__(self, note: Callable[..., bool], reaction: Any = None) -> None:
        self._note, self._reaction = note, reaction

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        self._note(self, f"look up {name}")

        def call(*args: object, **kwargs: object) -> Any:
            self._note(self, name, *args, **kwargs)
            return self._reaction and self._reaction() or "something"

        return call

    def __bool__(self) -> bool:
        return self._note(self, "bool")

    def __eq__(self, other: object) -> bool:
        return self._note(self, "eq", other)

    def __repr__(self) -> str:
        return str(self._note(self, "repr"))

    __hash__ = None  # type: ignore[assignment]


class Unreachable:
    """Has a `connectionLost` that cannot be got at."""

    @property
    def connectionLost(self) -> None:
        raise AttributeError("of its own")


@functools.lru_cache(maxsize=None)
def compiled(step: str) -> types.CodeType:
    try:
        return compile(step, step, "eval")
    except SyntaxError:
        return compile(step, step, "exec")


@functools.lru_cache(maxsize=None)
def data_attributes(cls: Any) -> FrozenSet[str]:
    return frozenset(
        name for name in dir(cls) if not callable(getattr(cls, name, print))
    )


class Stage:
    """Where a story is played: steps about one `t`, which is made of the class `T`.

    To play a printed story by hand, run this before it:

        from test_stringtransport import *
        globals().update(Stage(StringTransport).names)

    Of the attributes of `t`, those are looked at whose names match `watched`.
    """

    def __init__(self, made_of: Any, watched: str = "(?!__)") -> None:
        self.watched = re.compile(watched)
        self.calls: List[object] = []
        self.ios: List[Any] = []
        self.known: Dict[int, str] = {}
        self.recorders: List[Recorder] = []
        self.private: Dict[str, object] = {}
        self.errors = {
            "error": KeyError("key"),
            "interrupt": KeyboardInterrupt("now"),
            "leave": SystemExit("now"),
            "done": stringtransport.ConnectionDone("done"),
            "missing": AttributeError("missing"),
            "wrong": TypeError("wrong"),
        }
        self.pieces = [b"one", b"two"]
        of_builtins = {"__module__": "builtins", "__qualname__": "Outer.KeyError"}
        self.names: Dict[str, Any] = {
            **self.errors,
            "T": made_of,
            "subclass": lambda **names: type("Subclass", (made_of,), names),
            "recorder": self.recorder,
            "fail": self.fail,
            "pieces": self.pieces,
            "BytesIO": io.BytesIO,
            "unreachable": Unreachable(),
            "namesake": type("KeyError", (Exception,), of_builtins),
            "stranger": type("KeyError", (Exception,), {}),
            "thing": object(),
            "producer": self.recorder(),
            "broken": self.recorder(lambda: 1 / 0),
        }
        self.known.update((id(known), name) for name, known in self.names.items())

    def fail(self, error: BaseException) -> None:
        raise error

    def recorder(self, reaction: Any = None) -> Recorder:
        self.recorders.append(Recorder(self.note, reaction))
        self.known[id(self.recorders[-1])] = f"recorder {len(self.recorders)}"
        return self.recorders[-1]

    def note(self, recorder: Recorder, name: str, *args: Any, **kwargs: Any) -> bool:
        given = [self.describe(each) for each in args], sorted(kwargs)
        seen = None if name.startswith("look up") else self.look()
        self.calls.append((self.describe(recorder), name, given, seen))
        return False

    def describe(self, value: Any) -> str:
        """Say what the value is, in words that are the same on each stage."""
        if id(value) in self.known:
            return self.known[id(value)]
        if value is self.names.get("t"):
            return "t"
        if isinstance(value, Text):
            return str(value)
        if type(value) is io.BytesIO:
            if not any(value is known for known in self.ios):
                self.ios.append(value)
            return f"io {[value is known for known in self.ios].index(True)}"
        if isinstance(value, stringtransport.Failure):
            odd = [*vars(value.value), value.value.__traceback__]
            if type(value) is alone.Failure or not twisted_testing:
                odd += {*vars(value)} - {"value", "type"}
            shown = f"Failure({type(value.value).__name__}{value.value.args})"
            return shown if odd == [None] else f"{shown} {odd}"
        if isinstance(value, stringtransport.IPv4Address):
            return f"IPv4Address{(value.type, value.host, value.port)}"
        return f"{type(value).__name__} {value!r}"

    def attributes(self, private: bool) -> Dict[str, Any]:
        t: Any = self.names.get("t", self)
        names = [*filter(self.watched.match, {*vars(t), *data_attributes(t.__class__)})]
        return {n: getattr(t, n) for n in sorted(names) if (n[0] == "_") is private}

    def look(self) -> Dict[str, object]:
        """Describe all that a call could have changed."""
        seen: Dict[str, object] = {
            "recorders": [sorted(vars(recorder)) for recorder in self.recorders],
            "errors": [
                (e.args, e.__cause__, e.__context__, e.__suppress_context__)
                for e in self.errors.values()
            ],
            "pieces": [*self.pieces],
        }
        if "t" in self.names:
            for name, value in self.attributes(private=False).items():
                seen[f"t.{name}"] = self.describe(value)
            t = self.names["t"]
            equal, hashed = object.__eq__, object.__hash__
            seen["plain"] = (t.__class__.__eq__, t.__class__.__hash__) == (
                equal,
                hashed,
            )
            seen["true"] = bool(t)
            seen["private"] = self.attributes(private=True) == self.private
        seen["ios"] = [each.closed or each.getvalue() for each in self.ios]
        return seen

    def play(self, step: str) -> Dict[str, object]:
        """Take a step; return its outcome, and all that can be seen after it."""
        try:
            outcome = "returned " + self.describe(eval(compiled(step), self.names))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and id(error) not in self.known:
                raise
            outcome = "raised " + self.known.get(id(error), type(error).__name__)
        if step.startswith("t = "):
            self.private = self.attributes(private=True)
        return {**self.look(), "outcome": outcome, "calls": [*self.calls]}


def difference(story: Sequence[str], ours: Any, model: Any, *watched: str) -> str:
    """Play a story on two stages; say where they begin to differ, if they do."""
    stage, models = Stage(ours, *watched), Stage(model, *watched)
    for number, step in enumerate(story, start=1):
        seen, expected = stage.play(step), models.play(step)
        if seen != expected:
            about = [
                f"# {name}: {seen.get(name)}, but the model says: {expected.get(name)}"
                for name in sorted({*seen, *expected})
                if seen.get(name) != expected.get(name)
            ]
            return "\n".join([*story[:number], *about])
    return ""


Tell = Callable[[random.Random], List[str]]
Differ = Callable[[List[str]], str]


def shortened(story: List[str], differ: Differ) -> List[str]:
    """Return a story that still differs, and would not with any step less."""
    for number in reversed(range(len(story))):
        shorter = story[:number] + story[number + 1 :]
        if differ(shorter):
            return shortened(shorter, differ)
    return story


class Stories(Mixin):
    """Plays random stories, and shows the first in which two stages differ."""

    def assertNoneDiffers(
        self, about: str, tell: Tell, differ: Differ, stories: int = 300
    ) -> None:
        seed = os.environ.get("STRINGTRANSPORT_SEED") or str(random.randrange(10**9))
        stories = int(os.environ.get("STRINGTRANSPORT_SEQUENCES", stories))
        print(f"\n{about}: {stories} sequences, seed {seed}", flush=True)
        choose = random.Random(seed)
        for _ in range(stories):
            story = tell(choose)
            if differ(story):
                self.fail(f"with seed {seed}:\n\n{differ(shortened(story, differ))}")


def steps(text: str) -> List[str]:
    """Split the text at line ends, and where there is more than one space."""
    return re.split(r"\s{2,}", text.strip())


LENIENT = ["t = T(lenient=True)", "t = T('host', thing, 1)"] if HAS_LENIENT else []
MAKE = LENIENT + steps("""
    t = T()   t = T('host', 'peer')   t = T(peerAddress=thing, hostAddress=0)
    t = T(thing, '')   t = T(None, None, None, None)
    t = subclass(connected=False, disconnecting=True, producer=thing, streaming=thing)()
    t = subclass(producerState='paused', disconnected=True, protocol=thing)()
    t = subclass(getPeer=lambda self: producer.peer(), getHost=lambda self: thing)()
    t = subclass(getHost=lambda self: producer.host(), clear=lambda self: None)()
    t = subclass(clear=lambda self: setattr(self, 'io', BytesIO(b'banner')))()
    t = subclass(clear=lambda self: setattr(self, 'peerAddr', 'cleared'))(thing, thing)
    t = subclass(loseConnection=lambda self: producer.lose(self))()
    t = subclass(loseConnection=lambda self: 1 / 0)()
    t = subclass(_checkState=lambda self: producer.check(self))()
    t = subclass(_checkState=lambda self: 1 / 0)()
    t = subclass(write=lambda self, data: producer.write(type(data)))()
    t = subclass(value=lambda self: producer.value())()
    t = subclass(peerAddr='peer', hostAddr=thing, negotiatedProtocol=b'h2')()
    """)
STEPS = steps("""
    t.write(b'data')   t.write(b'')   t.write(type('Line', (bytes,), {})(b'line'))
    t.write('data')   t.write(None)   t.write(7)   t.write([b'data'])   t.write()
    t.write(bytearray(b'data'))   t.write(memoryview(b'data'))
    t.writeSequence([])   t.writeSequence([b'one', b'two'])   t.writeSequence(None)
    t.writeSequence(p for p in (b'one', bytearray(b'two'), memoryview(b'three')))
    t.writeSequence(1 / p for p in (1, 0))   t.writeSequence({b'one': 1})
    t.writeSequence([b'one', 'two'])   t.writeSequence([b'one', None])
    t.writeSequence(b'data')   t.writeSequence('')   t.writeSequence(pieces)
    t.write(data=b'data')   t.writeSequence(data=pieces)   t.write(b'data' * 99)
    t.writeSequence(t.write(b'inner') or p for p in (b'one', b'two'))
    t.value()   t.clear()   t.io.getvalue()   t.io.seek(0)   type(repr(t))
    t.io = BytesIO(b'given')   t.io = None
    t.loseConnection()   t.loseConnection()   t.abortConnection()   t.abortConnection()
    t.connected = True   t.connected = False   t.connected = thing
    t.disconnecting = True
    t.disconnecting = False   t.further = thing   t.startTLS
    t.getPeer()   t.peerAddr = None   t.peerAddr = producer   t.peerAddr = ['peer', 1]
    t.getHost()   t.hostAddr = None   t.hostAddr = 0   t.hostAddr = ('host', 1)
    t.registerProducer(producer, True)   t.registerProducer(producer, False)
    t.registerProducer(streaming=True, producer=recorder())
    t.registerProducer(broken, thing)   t.registerProducer(None, True)
    t.registerProducer([], 1)   t.registerProducer(producer)
    t.registerProducer(producer, None)
    t.unregisterProducer()   t.unregisterProducer()
    t.producer = None   t.producer = thing   t.streaming = thing
    t.pauseProducing()   t.resumeProducing()   t.stopProducing()   t._checkState()
    t.producerState = 'producing'   t.producerState = ''.join(['stop', 'ped'])
    t.producerState = 'neither'
    t.protocol = recorder()   t.protocol = recorder()
    t.protocol = recorder(lambda: fail(error))
    t.protocol = recorder(lambda: fail(interrupt))
    t.protocol = recorder(lambda: fail(leave))
    t.protocol = recorder(lambda: fail(done))
    t.protocol = recorder(lambda: fail(missing))
    t.protocol = recorder(lambda: fail(wrong))
    t.protocol = recorder(lambda: t.write(b'late'))
    t.protocol = recorder(lambda: t.writeSequence([b'later', b'latest']))
    t.protocol = recorder(lambda: t.clear())
    t.protocol = recorder(lambda: t.registerProducer(recorder(), True))
    t.protocol = recorder(lambda: t.unregisterProducer())
    t.protocol = recorder(lambda: t.loseConnection())
    t.protocol = recorder(lambda: t.abortConnection())
    t.protocol = recorder(lambda: t.pauseProducing())
    t.protocol = recorder(lambda: t.stopProducing())
    t.protocol = recorder(lambda: setattr(t, 'connected', True))
    t.protocol = recorder(lambda: setattr(t, 'protocol', recorder()))
    t.protocol = unreachable   t.protocol = thing   t.protocol = None   del t.protocol
    """)
if HAS_LENIENT:
    STEPS += ["t.disconnected = True", "t.disconnected = False"]

ASK = steps("""
    t.{0}()   t.{0}(KeyError)   t.{0}(ValueError, LookupError, KeyError)
    t.{0}(ValueError)   t.{0}(BaseException, object, int)   t.{0}(namesake)
    t.{0}((ValueError, KeyError))   t.{0}(KeyError, 'KeyError')   t.{0}(error)
    t.{0}('builtins.KeyError')   t.{0}('KeyError')   t.{0}(None)   t.{0}(stranger)
    t.{0}(KeyboardInterrupt)
    t.{0}(OSError, IndexError, ValueError, TypeError, LookupError)
    """)
FAILURE_STEPS = [step.format(name) for name in ("check", "trap") for step in ASK]
FAILURE_STEPS += ["t.getErrorMessage()", "t.raiseException()", "type(repr(t))"]
FAILURES = ["t = T(exc_value=error)", "t = T(interrupt)", "t = T(KeyError())"]
FAILURES += ["t = T(ValueError('  ' + 'x' * 999))", "t = T(error)"]
NO_FAILURES = ["t = T(KeyError)", "t = T('error')", "t = T(None)", "t = T()"]


class SequenceTests(Stories, unittest.TestCase):
    """Ours do what the models say, and so do Twisted's, but for what is agreed."""

    def hold(self, made_of: Any, model: Any, *how: Any) -> None:
        make, steps, *watched = how or (MAKE, STEPS)

        def tell(choose: random.Random) -> List[str]:
            middle = choose.choices(steps, k=choose.randrange(1, 40))
            # The last one shows whether something of the story got into the class.
            return [choose.choice(make), *middle, make[-1]]

        def differ(story: List[str]) -> str:
            return difference(story, made_of, model, *watched)

        touchable = (*made_of.__mro__, stringtransport)

        def contents() -> List[object]:
            names = [(n, v) for each in touchable for n, v in vars(each).items()]
            return [(n, v, n != "__builtins__" and str(v)) for n, v in names]

        before = contents()
        self.assertNoneDiffers(f"{made_of.__name__}, {model.__name__}", tell, differ)
        self.assertEqual(contents(), before)

    def test_StringTransport(self) -> None:
        self.hold(StringTransport, Model)

    def test_StringTransportWithDisconnection(self) -> None:
        self.hold(StringTransportWithDisconnection, DisconnectingModel)

    def test_the_stand_in_Failure(self) -> None:
        with mock.patch.object(stringtransport, "Failure", alone.Failure):
            make = NO_FAILURES + FAILURES
            self.hold(alone.Failure, FailureModel, make, FAILURE_STEPS)

    # 16.2 has no disconnected.
    WATCHED = "(?!__)" if HAS_LENIENT else "(?!__|disconnected)"

    @needs_twisted
    def test_Twisteds_StringTransport(self) -> None:
        theirs = twisted_testing.StringTransport
        self.hold(theirs, TwistedModel, MAKE, STEPS, self.WATCHED)

    @needs_twisted
    def test_Twisteds_StringTransportWithDisconnection(self) -> None:
        theirs = twisted_testing.StringTransportWithDisconnection
        self.hold(theirs, TwistedDisconnectingModel, MAKE, STEPS, self.WATCHED)

    @needs_twisted
    def test_Twisteds_Failure(self) -> None:
        theirs, watched = stringtransport.Failure, "(value|type)$"
        self.hold(theirs, TwistedFailureModel, FAILURES, FAILURE_STEPS, watched)

    def test_a_story_that_differs_is_shortened_and_can_be_pasted(self) -> None:
        class Forgetful(StringTransport):
            def abortConnection(self) -> None:
                super().abortConnection()
                self.clear()

        def differ(story: List[str]) -> str:
            return difference(story, Forgetful, Model)

        story = ["t = T()", "t.value()", "t.write(b'data')", "t.abortConnection()"]
        shown = differ(shortened(story, differ))
        self.assertTrue(shown.startswith("t = T()\nt.abortConnection()\n# "), shown)
        names = Stage(Forgetful).names
        exec(shown, names)
        self.assertEqual(names["t"].value(), b"")


@needs_twisted
class DuetTests(RealConnection, Stories, unittest.TestCase):
    """Ours and a real TCP connection, side by side: what a protocol may do on any."""

    STEPS = steps("""
        t.write(b'data')   t.write(b'data')   t.write(b'')   t.write(LARGE)
        t.write('data')   t.write(None)   t.writeSequence([])
        t.writeSequence([b'one', b'two'])   t.writeSequence([LARGE, b'three'])
        t.writeSequence([b'one', 'two'])   t.writeSequence(None)
        t.registerProducer(producer, True)   t.registerProducer(producer, True)
        t.unregisterProducer()   t.pauseProducing()   t.resumeProducing()
        t.getPeer() == t.getPeer() != t.getHost()   hasattr(t, 'negotiatedProtocol')
        [type(getattr(t.getHost(), name)) for name in ('type', 'host', 'port')]
        let_the_reactor_run()   let_the_reactor_run()
        t.loseConnection()   t.abortConnection()
        """)

    def tell(self, choose: random.Random) -> List[str]:
        return choose.choices(self.STEPS, k=choose.randrange(1, 25))

    def outcome(self, step: str, t: Any, producer: Producer) -> str:
        run = self.settle
        names = dict(t=t, producer=producer, LARGE=LARGE, let_the_reactor_run=run)
        try:
            return f"returned {eval(compiled(step), names)!r}"
        except Exception as error:
            return f"raised {type(error).__name__}"

    def agreed(self, step: str, outcome: str, lost: bool) -> str:
        """Return what has to happen on a real connection where ours does this."""
        if step == "t.unregisterProducer()" and outcome == "raised RuntimeError":
            return "returned None"  # NOT_REFUSED
        if step == "t.registerProducer(producer, True)" and lost:
            return "returned None"  # TOO_LATE
        if "getHost" in step and lost:
            return "raised AttributeError"  # NO_HOST
        if TWISTED_REFUSES_ONLY_STR and step == "t.write(None)":
            return "returned None"  # BYTES_LIKE_WRITTEN
        return outcome

    def end(self, producer: Producer) -> None:
        """Let the real connection come to its end, as ours has."""
        del producer.calls[:]
        self.run_until(
            lambda: self.protocol.reasons or "resumeProducing" in producer.calls
        )
        if not self.protocol.reasons:
            self.protocol.transport.unregisterProducer()  # WAITS
        self.run_until(lambda: self.protocol.reasons and self.other_end.reasons)

    def differ(self, story: List[str]) -> str:
        real, producer = self.connect(), Producer()
        # Smaller than LARGE.
        real.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        ours = StringTransportWithDisconnection()
        due: List[bytes] = []
        ours.protocol = Protocol(lambda transport: due.append(ours.value()))
        ended_by, told = "", []
        for step in [*story, "t.loseConnection()"]:
            told.append(step)
            expected = self.outcome(step, ours, Producer())
            seen = self.outcome(step, real, producer)
            if due and not ended_by:
                ended_by = step
                self.end(producer)
            expected = self.agreed(step, expected, bool(due))
            # After abortConnection alone, only ours are disconnecting: NOT_SET.
            aborted = ours.disconnecting and ended_by == "t.abortConnection()"
            flags = bool(real.disconnecting) or aborted, bool(real.connected)
            if (seen, *flags) != (expected, ours.disconnecting, ours.connected):
                return "\n".join(
                    [*told, f"# {seen}, then {flags}, instead of {expected}"]
                )
        arrived = self.other_end.received
        if ended_by == "t.abortConnection()":
            reasons, due = ["ConnectionAborted"], [due[0][: len(arrived)]]  # DROPPED
        else:
            reasons = ["ConnectionDone"]
        seen_reasons = [reason.type.__name__ for reason in self.protocol.reasons]
        if ([arrived], seen_reasons, 1) != (due, reasons, len(ours.protocol.reasons)):
            about = f"{len(arrived)} bytes of {len(due[0])} arrived, {seen_reasons}"
            return "\n".join([*told, f"# {about}"])
        return ""

    def test_they_agree_but_for_the_differences_that_are_named(self) -> None:
        self.assertNoneDiffers("real TCP", self.tell, self.differ, 100)


# The values that transports hand out: Twisted's, and our stand-ins for them.


class ValuesContract(Contract):
    values: Any

    def test_ConnectionDone_is_an_exception_that_says_what_it_was_given(self) -> None:
        self.assertTrue(issubclass(self.values.ConnectionDone, Exception))
        for given, said in (
            ((), "Connection was closed cleanly."),
            (("Bye.",), "Connection was closed cleanly: Bye.."),
            (("Bye", "for", "now"), "Connection was closed cleanly: Bye for now."),
        ):
            done = self.values.ConnectionDone(*given)
            self.assertEqual((str(done), done.args), (said, given))

    def test_Failure_has_the_exception_and_its_class_and_its_message(self) -> None:
        error = self.values.ConnectionDone()
        failure = self.values.Failure(error)
        self.assertIs(failure.value, error)
        self.assertIs(failure.type, self.values.ConnectionDone)
        self.assertEqual(failure.getErrorMessage(), "Connection was closed cleanly.")

    def test_Failure_shows_the_class_and_the_message_of_its_exception(self) -> None:
        failure = self.values.Failure(ZeroDivisionError("all is lost"))
        for shown in (str(failure), repr(failure)):
            self.assertRegex(shown, "Failure.*ZeroDivisionError.*all is lost")

    def test_IPv4Address_shows_its_fields(self) -> None:
        address = self.values.IPv4Address("TCP", "127.0.0.1", 80)
        shown = "IPv4Address(type='TCP', host='127.0.0.1', port=80)"
        self.assertEqual(repr(address), shown)

    def test_addresses_are_equal_where_their_fields_are(self) -> None:
        address = self.values.IPv4Address("TCP", "127.0.0.1", 80)
        fields = address.type, address.host, address.port
        self.assertEqual(fields, ("TCP", "127.0.0.1", 80))
        same = self.values.IPv4Address(port=80, host="127.0.0.1", type="TCP")
        other = self.values.IPv4Address("TCP", "127.0.0.1", 443)
        self.assertEqual((address == same, address == other), (True, False))
        self.assertEqual((address != same, address != other), (False, True))
        self.assertEqual(len({address, same, other}), 2)


class StandInTests(ValuesContract, unittest.TestCase):
    values = alone

    def test_IPv4Address_is_a_namedtuple(self) -> None:
        address = alone.IPv4Address("TCP", "127.0.0.1", 80)
        self.assertEqual(address, ("TCP", "127.0.0.1", 80))
        self.assertEqual(address._fields, ("type", "host", "port"))
        with self.assertRaises(TypeError):
            "%s" % address
        self.assertEqual("%s" % (address,), repr(address))

    def test_Failure_takes_an_exception_and_nothing_else(self) -> None:
        for given in (alone.ConnectionDone, "error", None):
            message = f"^exc_value must be an exception, not {re.escape(repr(given))}$"
            with self.assertRaisesRegex(TypeError, message):
                alone.Failure(given)

    def test_Failure_shows_just_the_class_and_the_message(self) -> None:
        failure = alone.Failure(ZeroDivisionError("all is lost"))
        self.assertEqual(repr(failure), "<Failure ZeroDivisionError: all is lost>")


@needs_twisted
class TwistedValuesTests(ValuesContract, unittest.TestCase):
    values = stringtransport
    if TWISTED_VERSION < (17,):
        differences = {
            "test_IPv4Address_shows_its_fields": (AssertionError, "16.2 names none")
        }


# The interfaces, and what the module makes of what is installed.


class InterfaceTests(unittest.TestCase):
    METHODS = {
        ITransport: {"write", "writeSequence", "loseConnection", "getPeer", "getHost"},
        IConsumer: {"registerProducer", "unregisterProducer", "write"},
        IPushProducer: {"pauseProducing", "resumeProducing", "stopProducing"},
    }

    def derived(self, abc: Any) -> Any:
        return type("Derived", (abc,), dict.fromkeys(self.METHODS[abc], print))

    def test_their_abstract_methods_are_those_of_the_contract(self) -> None:
        for abc, names in self.METHODS.items():
            self.assertEqual(getattr(abc, "__abstractmethods__"), names)
            self.assertEqual({name for name in dir(abc) if name[0] != "_"}, names)
            with self.assertRaises(TypeError):
                type("Incomplete", (abc,), {})()

    def test_an_instance_of_a_derived_or_registered_class_is_one(self) -> None:
        for abc in self.METHODS:
            registered = type("Registered", (), dict.fromkeys(self.METHODS[abc], print))
            self.assertNotIsInstance(registered(), abc)
            getattr(abc, "register")(registered)
            self.assertIsInstance(registered(), abc)
            self.assertIsInstance(self.derived(abc)(), abc)

    @needs_zope
    def test_a_derived_class_provides_the_zope_interface(self) -> None:
        for abc in self.METHODS:
            interface = zope_interface_of(abc)
            self.assertTrue(interface.implementedBy(self.derived(abc)))
            self.assertTrue(interface.providedBy(self.derived(abc)()))

    @needs_twisted
    def test_the_zope_interface_is_that_of_Twisted(self) -> None:
        interfaces = importlib.import_module("twisted.internet.interfaces")
        for abc in self.METHODS:
            self.assertIs(zope_interface_of(abc), getattr(interfaces, abc.__name__))


@needs_zope
class ZopeInterfaceTests(unittest.TestCase):
    """The zope interfaces that are made from ours where Twisted is not there."""

    @classmethod
    def setUpClass(cls) -> None:
        with hidden("twisted"):
            cls.module = run_copy("stringtransport_without_twisted")

    module: Any

    def pairs(self) -> Iterator[Tuple[Any, Any]]:
        for name in (abc.__name__ for abc in INTERFACES):
            abc = getattr(self.module, name)
            yield abc, zope_interface_of(abc)

    def test_they_have_the_name_the_module_and_the_docstring_of_ours(self) -> None:
        for abc, interface in self.pairs():
            self.assertEqual(interface.__name__, abc.__name__)
            self.assertEqual(interface.__module__, "stringtransport_without_twisted")
            self.assertEqual(interface.__doc__ or "", abc.__doc__ or "")

    def test_they_have_the_methods_the_docstrings_and_signatures(self) -> None:
        for abc, interface in self.pairs():
            self.assertEqual(set(interface.names()), set(abc.__abstractmethods__))
            for name in interface.names():
                method = getattr(abc, name)
                self.assertEqual(interface[name].__doc__ or "", method.__doc__ or "")
                named = ", ".join([*inspect.signature(method).parameters][1:])
                self.assertEqual(interface[name].getSignatureString(), f"({named})")


class SurroundingsTests(unittest.TestCase):
    STAND_INS = ("ConnectionDone", "Failure", "IPv4Address")

    def assertStandsAlone(self, copy: Any) -> None:
        for name in self.STAND_INS:
            self.assertEqual(getattr(copy, name).__module__, copy.__name__)
        transport = copy.StringTransportWithDisconnection()
        transport.protocol = protocol = Protocol()
        transport.loseConnection()
        done = copy.ConnectionDone
        self.assertEqual([reason.check(done) for reason in protocol.reasons], [done])

    def test_it_exports_the_names_of_the_contract(self) -> None:
        interfaces = [abc.__name__ for abc in INTERFACES]
        transports = ["StringTransport", "StringTransportWithDisconnection"]
        names = [*interfaces, *transports, *self.STAND_INS]
        self.assertEqual(stringtransport.__all__, names)
        for name in names:
            self.assertEqual(getattr(stringtransport, name).__name__, name)

    @needs_twisted
    def test_with_Twisted_the_values_are_of_its_own_classes(self) -> None:
        for module, name in (
            ("twisted.internet.error", "ConnectionDone"),
            ("twisted.python.failure", "Failure"),
            ("twisted.internet.address", "IPv4Address"),
        ):
            own = getattr(importlib.import_module(module), name)
            self.assertIs(getattr(stringtransport, name), own)

    def test_without_Twisted_the_values_are_stand_ins(self) -> None:
        self.assertStandsAlone(alone)

    # As much of a Twisted as the module asks for.
    TWISTED: Dict[str, Dict[str, object]] = {
        "twisted": {"__path__": []},
        "twisted.internet": {"__path__": []},
        "twisted.internet.address": {"IPv4Address": lambda *fields: fields},
        "twisted.internet.error": {"ConnectionDone": KeyError},
        "twisted.internet.interfaces": {},
        "twisted.python": {"__path__": []},
        "twisted.python.failure": {"Failure": dict},
    }

    def run_beside(self, modules: Dict[str, Dict[str, object]], *packages: str) -> Any:
        """Run a copy where modules, each with its names, stand in for the packages."""
        with hidden(*packages):
            for name, attributes in modules.items():
                module = sys.modules[name] = types.ModuleType(name)
                vars(module).update(attributes)
            return run_copy("beside_others")

    def test_the_fake_Twisted_of_these_tests_lacks_nothing(self) -> None:
        copy = self.run_beside(self.TWISTED, "twisted", "zope")
        self.assertIs(copy.ConnectionDone, KeyError)

    def test_a_module_of_the_users_called_twisted_does_no_harm(self) -> None:
        self.assertStandsAlone(self.run_beside({"twisted": {}}, "twisted", "zope"))

    def test_half_a_Twisted_does_no_harm(self) -> None:
        for module, names in self.TWISTED.items():
            lacking = {**self.TWISTED, module: {}}
            if names != {"__path__": []} and names:
                self.assertStandsAlone(self.run_beside(lacking, "twisted"))
            if names != {"__path__": []}:
                del lacking[module]
                self.assertStandsAlone(self.run_beside(lacking, "twisted"))

    def test_half_a_zope_does_no_harm(self) -> None:
        modules: Dict[str, Dict[str, object]] = {"zope": {"__path__": []}}
        self.assertStandsAlone(self.run_beside(modules, "twisted", "zope"))
        modules["zope.interface"] = {"__path__": [], "classImplements": print}
        modules["zope.interface.interface"] = {}
        self.assertStandsAlone(self.run_beside(modules, "twisted", "zope"))

    def test_another_error_than_ImportError_is_not_hidden(self) -> None:
        class Broken(types.ModuleType):
            def __getattr__(self, name: str) -> object:
                raise ZeroDivisionError

        for broken in ("twisted.internet", "zope.interface"):
            with hidden("twisted", "zope"), self.assertRaises(ZeroDivisionError):
                for package in ("twisted", "zope"):
                    sys.modules[package] = types.ModuleType(package)
                sys.modules[broken] = Broken(broken)
                run_copy("beside_a_broken_one")

    def test_alone_it_imports_nothing_but_abc_collections_and_io(self) -> None:
        imported = []
        real_import = __import__

        def spy(name: str, namespace: Any = None, *rest: Any) -> Any:
            if namespace and namespace.get("__name__") == "watched":
                imported.append(name)
            return real_import(name, namespace, *rest)

        with hidden("twisted", "zope"), mock.patch("builtins.__import__", spy):
            run_copy("watched")
        ours = [name for name in imported if not re.match("twisted|zope", name)]
        self.assertEqual(ours, ["abc", "collections", "io"])

    def test_two_copies_in_one_process_do_not_touch_each_other(self) -> None:
        first, second = run_copy("package._vendor.first"), run_copy("second")
        self.assertNotIsInstance(first.StringTransport(), second.ITransport)
        for copy in (first, second):
            self.assertIsInstance(copy.StringTransport(), copy.ITransport)

    def test_every_annotation_can_be_evaluated(self) -> None:
        own = type("Own", (alone.StringTransportWithDisconnection,), {})
        hints: List[Tuple[str, Any]] = []
        with mock.patch.dict(sys.modules, {alone.__name__: alone}):
            for public in (own, *(getattr(alone, name) for name in alone.__all__)):
                functions = filter(inspect.isfunction, vars(public).values())
                for annotated in (public, *functions):
                    hints += typing.get_type_hints(annotated).items()
        for name, hint in (("connected", bool), ("hostAddr", object), ("data", object)):
            self.assertIn((name, hint), hints)


@unittest.skipIf(sys.flags.optimize > 1, "python -OO takes docstrings out")
class DocumentationTests(unittest.TestCase):
    def test_all_that_is_public_has_a_docstring_or_inherits_one(self) -> None:
        with mock.patch.dict(sys.modules, {alone.__name__: alone}):
            for public in (alone, *(getattr(alone, name) for name in alone.__all__)):
                self.assertTrue(public.__doc__, public)
                for name in {*vars(public)} - {*dir(types.ModuleType)}:
                    if name[0] != "_" and callable(getattr(public, name)):
                        self.assertTrue(inspect.getdoc(getattr(public, name)), name)

    def test_the_example_at_the_top_of_the_module_runs(self) -> None:
        def answer(data: bytes) -> None:
            protocol.transport.write(data.replace(b"I", b"O"))

        protocol = Protocol()
        setattr(protocol, "dataReceived", answer)
        example = re.findall("^    (.*)$", alone.__doc__, re.M)
        exec("\n".join(example), {**vars(alone), "protocol": protocol})
        self.assertEqual(len(example), 4)

    def test_writing_says_what_it_does_and_what_to_pass(self) -> None:
        for transport in (alone.ITransport, alone.StringTransport):
            self.assertIn("Pass a list", transport.writeSequence.__doc__)
        self.assertTrue(alone.StringTransport.write.__doc__.startswith("Append bytes"))

    def test_IPv4Address_and_its_fields_have_docstrings(self) -> None:
        address = alone.IPv4Address
        for documented in (address, address.type, address.host, address.port):
            self.assertRegex(documented.__doc__, r"^The .*\.$")


# A real conversation.

TRANSACTION = b"""\
S: 220 foo.com Simple Mail Transfer Service Ready
C: EHLO bar.com
S: 250-foo.com greets bar.com
S: 250-8BITMIME
S: 250-SIZE
S: 250-DSN
S: 250 HELP
C: MAIL FROM:<Smith@bar.com>
S: 250 OK
C: RCPT TO:<Jones@foo.com>
S: 250 OK
C: RCPT TO:<Green@foo.com>
S: 550 No such user here
C: RCPT TO:<Brown@foo.com>
S: 250 OK
C: DATA
S: 354 Start mail input; end with <CRLF>.<CRLF>
C: Blah blah blah...
C: ...etc. etc. etc.
C: .
S: 250 OK
C: QUIT
S: 221 foo.com Service closing transmission channel
"""


class SMTPServer(Protocol):
    """As much of an SMTP server as RFC 5321, appendix D.1, needs."""

    REPLIES = {
        b"EHLO bar.com": b"250-foo.com greets bar.com\n250-8BITMIME\n250-SIZE\n"
        b"250-DSN\n250 HELP",
        b"RCPT TO:<Green@foo.com>": b"550 No such user here",
        b"DATA": b"354 Start mail input; end with <CRLF>.<CRLF>",
        b"QUIT": b"221 foo.com Service closing transmission channel",
    }

    def makeConnection(self, transport: ITransport) -> None:
        super().makeConnection(transport)
        self.in_mail = False
        self.mail: List[bytes] = []
        self.reply(b"220 foo.com Simple Mail Transfer Service Ready")

    def dataReceived(self, data: bytes) -> None:
        *lines, self.received = (self.received + data).split(b"\r\n")
        for line in lines:
            if self.in_mail and line != b".":
                self.mail.append(line)
            else:
                self.in_mail = line == b"DATA"
                self.reply(self.REPLIES.get(line, b"250 OK"))
            if line == b"QUIT":
                self.transport.loseConnection()

    def reply(self, lines: bytes) -> None:
        self.transport.writeSequence([line + b"\r\n" for line in lines.split(b"\n")])


class ConversationTests(unittest.TestCase):
    @staticmethod
    def side(who: bytes) -> bytes:
        lines = TRANSACTION.splitlines()
        return b"".join(line[3:] + b"\r\n" for line in lines if line.startswith(who))

    def converse(self, pieces: Sequence[bytes]) -> None:
        transport = StringTransportWithDisconnection()
        server = transport.protocol = SMTPServer()
        server.makeConnection(transport)
        for piece in pieces:
            self.assertEqual(server.reasons, [])
            server.dataReceived(piece)
        self.assertEqual(transport.value(), self.side(b"S:"))
        self.assertEqual(server.mail, [b"Blah blah blah...", b"...etc. etc. etc."])
        self.assertEqual(len(server.reasons), 1)

    def test_an_SMTP_transaction_cut_in_two_at_every_place_and_in_bytes(self) -> None:
        client = self.side(b"C:")
        for cut in range(len(client)):
            self.converse([client[:cut], client[cut:]])
        self.converse([client[i : i + 1] for i in range(len(client))])


HERE = os.path.dirname(os.path.abspath(__file__))


@unittest.skipUnless(
    os.path.exists(os.path.join(HERE, "README.md")), "README.md is not beside this file"
)
class CheckoutTests(unittest.TestCase):
    """What lies beside the module in a checkout."""

    def read(self, name: str) -> str:
        with io.open(os.path.join(HERE, name), encoding="utf-8") as file:
            return file.read()

    def blocks(self, language: str) -> List[str]:
        pattern = rf"^```{language}\n(.*?)^```"
        return re.findall(pattern, self.read("README.md"), re.M | re.S)

    def run_program(self, block: str) -> unittest.TestResult:
        """Run a program of the README in a project that has vendored the module."""
        program = types.ModuleType("tests.test_of_the_readme")
        program.__package__ = "tests"
        modules = {
            "tests": types.ModuleType("tests"),
            "tests._vendor": types.ModuleType("tests._vendor"),
            "tests._vendor.stringtransport": stringtransport,
            "test_stringtransport": sys.modules[__name__],
            program.__name__: program,
        }
        # Before 3.8, users have it from typing_extensions.
        protocol = getattr(typing, "Protocol", object)
        with mock.patch.dict(sys.modules, modules):
            with mock.patch.object(typing, "Protocol", protocol, create=True):
                exec(block, vars(program))
            result = unittest.TestResult()
            unittest.TestLoader().loadTestsFromModule(program).run(result)
        return result

    def test_the_examples_of_the_readme_do_what_they_say(self) -> None:
        readme = os.path.join(HERE, "README.md")
        failed, attempted = doctest.testfile(readme, module_relative=False)
        self.assertEqual(failed, 0)
        self.assertGreater(attempted, 20)

    def test_the_programs_of_the_readme_do_what_they_should(self) -> None:
        vendored, typed, contract = self.blocks("py")
        for program, tests in ((vendored, 1), (typed, 0), (contract, 20)):
            result = self.run_program(program)
            self.assertGreaterEqual(result.testsRun, tests)
            self.assertEqual(result.errors + result.failures, [])

    def test_the_contract_finds_the_defect_that_the_readme_describes(self) -> None:
        sound, defect = (
            'self.write(b"".join(data))',
            "for piece in data: self.write(piece)",
        )
        self.assertIn(f"`{defect}`", self.read("README.md"))
        self.assertIn(sound, self.blocks("py")[2])
        result = self.run_program(self.blocks("py")[2].replace(sound, defect))
        failed = [f"FAIL: {test.id().split('.')[-1]}" for test, _ in result.failures]
        self.assertEqual(failed, self.blocks("text")[1].splitlines())

    def test_the_quick_start_prints_what_the_readme_says(self) -> None:
        program = r"<<'EOF'\n(.*)^EOF$"
        (program,) = re.findall(program, self.blocks("sh")[0], re.M | re.S)
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(program, {"__name__": "__main__"})
        self.assertEqual(printed.getvalue(), self.blocks("text")[0])

    def test_the_first_column_of_the_api_table_names_all_that_is_public(self) -> None:
        section = self.read("README.md").split("\n## The API\n")[1].split("\n## ")[0]
        rows = [line.split("|")[1] for line in section.splitlines() if line[:1] == "|"]
        named = set(re.findall(r"`\.?(\w+)[^`]*`", "".join(rows)))
        transport = StringTransportWithDisconnection()
        public = {*stringtransport.__all__, *dir(transport), "protocol"}
        self.assertEqual(named, {name for name in public if not name.startswith("_")})

    def test_the_newest_of_the_changes_is_of_this_version(self) -> None:
        changes = self.read("README.md").split("\n## Changes\n")[1].strip()
        self.assertEqual(changes.split("**")[1], stringtransport.__version__)

    def test_the_licence_stands_whole_at_the_top_of_the_module(self) -> None:
        header = inspect.getsource(stringtransport).split("\n\n")[0]
        licence = re.sub("^# ?", "", header, flags=re.M)
        self.assertEqual("MIT License\n\n" + licence + "\n", self.read("LICENSE"))


if __name__ == "__main__":
    unittest.main()
