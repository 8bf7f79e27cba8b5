"""The tests of stringtransport, which are its specification too.

They need nothing but the standard library: `python3 -m unittest`. Where Twisted
or zope.interface is installed, Twisted's own classes and a real TCP connection
are put through the same contracts as ours. Two environment variables steer the
differential test: STRINGTRANSPORT_SEQUENCES, how many random sequences to run,
and STRINGTRANSPORT_SEED, a seed that it printed, to run the same ones again.
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
import time
import types
import unittest
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Sequence, Tuple
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


class RecordingProtocol:
    """Keeps the reasons for which its connection was lost."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.reasons: List[Any] = []

    def makeConnection(self, transport: Any) -> None:
        self.transport = transport

    def dataReceived(self, data: bytes) -> None:
        raise AssertionError("nobody sends anything to this protocol")

    def connectionLost(self, reason: Any) -> None:
        self.reasons.append(reason)


class DistrustfulProtocol(RecordingProtocol):
    """Closes its connection again while it is told that it is lost."""

    def connectionLost(self, reason: Any) -> None:
        super().connectionLost(reason)
        self.transport.loseConnection()


class FailingProtocol(RecordingProtocol):
    """Cannot cope with the loss of its connection."""

    def connectionLost(self, reason: Any) -> None:
        super().connectionLost(reason)
        raise ZeroDivisionError


class IdleProducer:
    """Counts its calls, and produces nothing."""

    calls = 0

    def resumeProducing(self) -> None:
        self.calls += 1

    pauseProducing = stopProducing = resumeProducing


class FalseProducer(IdleProducer):
    """Is false, as an empty queue is."""

    def __len__(self) -> int:
        return 0


def failing_as_it_should(test: Callable[[Any], None]) -> Callable[[Any], None]:
    @functools.wraps(test)
    def differing(self: Any) -> None:
        with self.assertRaises((AssertionError, AttributeError, TypeError)):
            test(self)

    return differing


# The contracts, from the one that every transport keeps to the one that is ours.


class Contract(Mixin):
    """Behaviours that several implementations are held to.

    `differences` names the tests that an implementation fails, besides those that
    its base class names, each with the reason. It has to fail them: a difference
    that is gone must be taken out.
    """

    differences: Dict[str, str] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for name in vars(cls).get("differences", ()):
            setattr(cls, name, failing_as_it_should(getattr(cls, name)))


class TransportContract(Contract):
    """What a protocol may rely on, in memory and on a real connection."""

    def connect(self, protocol: Any = None) -> Any:
        """Return a new transport that has the protocol attached to it."""
        raise NotImplementedError

    def delivered(self, transport: Any) -> bytes:
        """Return all that gets to the other side of the transport."""
        raise NotImplementedError

    def settle(self) -> None:
        """Let everything happen that is going to happen."""

    def test_write_delivers_in_the_order_of_the_calls(self) -> None:
        transport = self.connect()
        for data in (b"one ", b"", b"two ", b"three"):
            transport.write(data)
        self.assertEqual(self.delivered(transport), b"one two three")

    def test_write_delivers_every_byte_there_is(self) -> None:
        transport = self.connect()
        transport.write(bytes(range(256)))
        self.assertEqual(self.delivered(transport), bytes(range(256)))

    def test_write_delivers_a_large_piece_whole(self) -> None:
        transport = self.connect()
        large = b"0123456789abcdef" * 65536
        transport.write(large)
        self.assertTrue(self.delivered(transport) == large)

    def test_write_takes_a_subclass_of_bytes(self) -> None:
        transport = self.connect()
        transport.write(type("Line", (bytes,), {})(b"line"))
        self.assertEqual(self.delivered(transport), b"line")

    def test_write_returns_None(self) -> None:
        self.assertIsNone(self.connect().write(b"data"))

    def assertRefusesToWrite(self, data: object) -> None:
        transport = self.connect()
        transport.write(b"before ")
        with self.assertRaises(TypeError):
            transport.write(data)
        transport.write(b"after")
        self.assertEqual(self.delivered(transport), b"before after")

    def test_write_refuses_str_and_delivers_nothing_of_it(self) -> None:
        self.assertRefusesToWrite("data")

    def test_write_refuses_bytearray_and_delivers_nothing_of_it(self) -> None:
        self.assertRefusesToWrite(bytearray(b"data"))

    def test_write_refuses_memoryview_and_delivers_nothing_of_it(self) -> None:
        self.assertRefusesToWrite(memoryview(b"data"))

    def test_write_refuses_None_and_delivers_nothing_of_it(self) -> None:
        self.assertRefusesToWrite(None)

    def test_write_refuses_int_and_delivers_nothing_of_it(self) -> None:
        self.assertRefusesToWrite(7)

    def test_writeSequence_delivers_the_pieces_in_their_order(self) -> None:
        transport = self.connect()
        transport.writeSequence([b"one ", b"", b"two ", b"three"])
        self.assertEqual(self.delivered(transport), b"one two three")

    def test_writeSequence_delivers_nothing_of_an_empty_sequence(self) -> None:
        transport = self.connect()
        transport.writeSequence([])
        self.assertEqual(self.delivered(transport), b"")

    def test_writeSequence_keeps_its_place_among_the_writes(self) -> None:
        transport = self.connect()
        transport.write(b"one ")
        transport.writeSequence((b"two ", b"three "))
        transport.write(b"four")
        self.assertEqual(self.delivered(transport), b"one two three four")

    def test_writeSequence_takes_a_generator(self) -> None:
        transport = self.connect()
        transport.writeSequence(piece for piece in (b"one ", b"two"))
        self.assertEqual(self.delivered(transport), b"one two")

    def test_writeSequence_takes_every_bytes_like_item(self) -> None:
        transport = self.connect()
        transport.writeSequence([b"one ", bytearray(b"two "), memoryview(b"three")])
        self.assertEqual(self.delivered(transport), b"one two three")

    def test_writeSequence_returns_None(self) -> None:
        self.assertIsNone(self.connect().writeSequence([b"data"]))

    def test_writeSequence_delivers_no_piece_where_one_is_str(self) -> None:
        transport = self.connect()
        transport.write(b"before ")
        with self.assertRaises(TypeError):
            transport.writeSequence([b"data", "data", b"data"])
        transport.write(b"after")
        self.assertEqual(self.delivered(transport), b"before after")

    def test_writeSequence_delivers_no_piece_where_the_iteration_fails(self) -> None:
        def failing() -> Iterator[bytes]:
            yield b"data"
            raise ZeroDivisionError

        transport = self.connect()
        transport.write(b"before ")
        with self.assertRaises(ZeroDivisionError):
            transport.writeSequence(failing())
        transport.write(b"after")
        self.assertEqual(self.delivered(transport), b"before after")

    def test_writeSequence_refuses_what_cannot_be_iterated(self) -> None:
        transport = self.connect()
        with self.assertRaises(TypeError):
            transport.writeSequence(None)
        self.assertEqual(self.delivered(transport), b"")

    def test_what_was_written_before_loseConnection_is_delivered(self) -> None:
        transport = self.connect()
        transport.write(b"data")
        transport.writeSequence([b", more ", b"data"])
        transport.loseConnection()
        self.assertEqual(self.delivered(transport), b"data, more data")

    def test_pausing_and_resuming_may_be_repeated(self) -> None:
        transport = self.connect()
        for again in (transport.pauseProducing, transport.resumeProducing):
            again()
            again()

    def test_writing_works_after_loseConnection(self) -> None:
        transport = self.connect()
        transport.loseConnection()
        self.settle()
        transport.write(b"data, ")
        transport.writeSequence([b"more ", b"data"])
        self.assertEqual(self.delivered(transport), b"data, more data")

    def test_disconnecting_is_false_at_first(self) -> None:
        self.assertFalse(self.connect().disconnecting)

    def test_disconnecting_is_true_after_loseConnection(self) -> None:
        transport = self.connect()
        transport.loseConnection()
        self.assertTrue(transport.disconnecting)

    def test_connected_is_true_at_first(self) -> None:
        self.assertTrue(self.connect().connected)

    def test_connectionLost_is_not_called_while_the_connection_lasts(self) -> None:
        protocol = RecordingProtocol()
        self.connect(protocol).write(b"data")
        self.settle()
        self.assertEqual(protocol.reasons, [])

    def test_loseConnection_makes_it_call_connectionLost_once(self) -> None:
        protocol = RecordingProtocol()
        self.connect(protocol).loseConnection()
        self.settle()
        self.assertEqual(len(protocol.reasons), 1)

    def test_loseConnection_twice_makes_it_call_connectionLost_once(self) -> None:
        protocol = RecordingProtocol()
        transport = self.connect(protocol)
        transport.loseConnection()
        transport.loseConnection()
        self.settle()
        self.assertEqual(len(protocol.reasons), 1)

    def test_loseConnection_from_inside_connectionLost_does_nothing(self) -> None:
        protocol = DistrustfulProtocol()
        self.connect(protocol).loseConnection()
        self.settle()
        self.assertEqual(len(protocol.reasons), 1)

    def test_connectionLost_is_given_a_failure_that_is_ConnectionDone(self) -> None:
        protocol = RecordingProtocol()
        self.connect(protocol).loseConnection()
        self.settle()
        done = stringtransport.ConnectionDone
        checked = [reason.check(KeyError, done) for reason in protocol.reasons]
        self.assertEqual(checked, [done])

    def test_connectionLost_is_called_before_loseConnection_returns(self) -> None:
        protocol = RecordingProtocol()
        self.connect(protocol).loseConnection()
        self.assertEqual(len(protocol.reasons), 1)

    def test_the_reason_after_abortConnection_is_ConnectionDone(self) -> None:
        protocol = RecordingProtocol()
        self.connect(protocol).abortConnection()
        self.settle()
        done = stringtransport.ConnectionDone
        self.assertEqual([reason.check(done) for reason in protocol.reasons], [done])

    def test_pausing_is_refused_after_loseConnection(self) -> None:
        transport = self.connect()
        transport.loseConnection()
        with self.assertRaises(RuntimeError):
            transport.pauseProducing()

    def test_pausing_is_refused_after_stopProducing(self) -> None:
        transport = self.connect()
        transport.stopProducing()
        with self.assertRaises(RuntimeError):
            transport.pauseProducing()

    def test_stopProducing_leaves_the_connection_open(self) -> None:
        protocol = RecordingProtocol()
        transport = self.connect(protocol)
        transport.stopProducing()
        self.settle()
        self.assertTrue(transport.connected)
        self.assertEqual(protocol.reasons, [])

    def test_loseConnection_does_not_wait_for_a_push_producer(self) -> None:
        protocol = RecordingProtocol()
        transport = self.connect(protocol)
        transport.registerProducer(IdleProducer(), True)
        transport.loseConnection()
        self.settle()
        self.assertEqual(len(protocol.reasons), 1)

    def test_loseConnection_does_not_wait_for_a_pull_producer(self) -> None:
        protocol = RecordingProtocol()
        transport = self.connect(protocol)
        transport.registerProducer(IdleProducer(), False)
        transport.loseConnection()
        self.settle()
        self.assertEqual(len(protocol.reasons), 1)

    def test_registerProducer_keeps_the_producer(self) -> None:
        transport, producer = self.connect(), IdleProducer()
        transport.registerProducer(producer, True)
        self.assertIs(transport.producer, producer)

    def test_registerProducer_keeps_streaming(self) -> None:
        transport = self.connect()
        transport.registerProducer(IdleProducer(), False)
        self.assertIs(transport.streaming, False)

    def test_registerProducer_refuses_a_second_one_and_keeps_the_first(self) -> None:
        transport, producer = self.connect(), IdleProducer()
        transport.registerProducer(producer, True)
        with self.assertRaises(RuntimeError):
            transport.registerProducer(IdleProducer(), True)
        self.assertIs(transport.producer, producer)

    def test_registerProducer_refuses_a_second_one_where_the_first_is_false(
        self,
    ) -> None:
        transport, queue = self.connect(), FalseProducer()
        transport.registerProducer(queue, True)
        with self.assertRaises(RuntimeError):
            transport.registerProducer(IdleProducer(), True)
        self.assertIs(transport.producer, queue)

    def test_unregisterProducer_leaves_the_connection_open(self) -> None:
        protocol = RecordingProtocol()
        transport = self.connect(protocol)
        transport.registerProducer(IdleProducer(), True)
        transport.unregisterProducer()
        self.settle()
        self.assertTrue(transport.connected)
        self.assertEqual(protocol.reasons, [])

    def test_unregisterProducer_makes_room_for_another(self) -> None:
        transport, another = self.connect(), IdleProducer()
        transport.registerProducer(IdleProducer(), True)
        transport.unregisterProducer()
        transport.registerProducer(another, True)
        self.assertIs(transport.producer, another)

    def test_unregisterProducer_refuses_where_none_is_registered(self) -> None:
        with self.assertRaises(RuntimeError):
            self.connect().unregisterProducer()

    def assertIsAddress(self, address: Any) -> None:
        self.assertEqual(address.type, "TCP")
        self.assertRegex(address.host, r"^\d+\.\d+\.\d+\.\d+$")
        self.assertIsInstance(address.port, int)

    def test_the_producer_is_never_called(self) -> None:
        transport, producer = self.connect(), IdleProducer()
        transport.registerProducer(producer, False)
        transport.write(b"0123456789abcdef" * 65536)
        self.settle()
        self.assertEqual(producer.calls, 0)

    def test_getPeer_returns_an_address_with_type_host_and_port(self) -> None:
        self.assertIsAddress(self.connect().getPeer())

    def test_getHost_returns_an_address_with_type_host_and_port(self) -> None:
        self.assertIsAddress(self.connect().getHost())

    def test_addresses_of_the_two_sides_differ(self) -> None:
        transport = self.connect()
        self.assertNotEqual(transport.getPeer(), transport.getHost())

    def test_an_unknown_attribute_raises_AttributeError(self) -> None:
        with self.assertRaises(AttributeError):
            self.connect().negotiatedProtocol_of_another_transport

    @needs_zope
    def test_it_provides_the_zope_interfaces(self) -> None:
        transport = self.connect()
        for abc in INTERFACES:
            self.assertTrue(zope_interface_of(abc).providedBy(transport), abc)


ATTRIBUTES = (
    "connected",
    "disconnecting",
    "disconnected",
    "producer",
    "streaming",
    "producerState",
    "hostAddr",
    "peerAddr",
)


class InMemoryContract(TransportContract):
    """What a test may rely on, from Twisted's transports in memory and from ours."""

    transport_class: Any

    def connect(self, protocol: Any = None) -> Any:
        return self.attach(self.transport_class(), protocol)

    def attach(self, transport: Any, protocol: Any = None) -> Any:
        transport.protocol = protocol or RecordingProtocol()
        transport.protocol.makeConnection(transport)
        return transport

    def delivered(self, transport: Any) -> bytes:
        value = transport.value()
        assert isinstance(value, bytes)
        return value

    def subclass(self, **attributes: object) -> Any:
        return type("Subclass", (self.transport_class,), attributes)

    # What was written

    def test_value_is_empty_bytes_at_first(self) -> None:
        value = self.connect().value()
        self.assertIs(type(value), bytes)
        self.assertEqual(value, b"")

    def test_value_leaves_what_was_written_in_place(self) -> None:
        transport = self.connect()
        transport.write(b"data")
        transport.value()
        self.assertEqual(transport.value(), b"data")

    def test_value_has_what_was_written_since_clear(self) -> None:
        transport = self.connect()
        transport.write(b"before")
        transport.clear()
        transport.write(b"after")
        self.assertEqual(transport.value(), b"after")

    def test_writing_goes_on_after_value(self) -> None:
        transport = self.connect()
        transport.write(b"one ")
        transport.value()
        transport.write(b"two")
        self.assertEqual(transport.value(), b"one two")

    def test_io_is_a_BytesIO_with_what_was_written(self) -> None:
        transport = self.connect()
        transport.write(b"data")
        self.assertIs(type(transport.io), io.BytesIO)
        self.assertEqual(transport.io.getvalue(), b"data")

    def test_io_can_be_assigned(self) -> None:
        transport = self.connect()
        transport.io = io.BytesIO(b"given")
        self.assertEqual(transport.value(), b"given")

    def test_clear_leaves_the_old_io_as_it_was(self) -> None:
        transport = self.connect()
        transport.write(b"data")
        old = transport.io
        transport.clear()
        self.assertEqual((old.getvalue(), transport.io.getvalue()), (b"data", b""))

    def test_two_transports_have_nothing_in_common(self) -> None:
        first, second = self.connect(), self.connect()
        first.write(b"data")
        self.assertEqual(second.value(), b"")

    def test_a_new_transport_calls_an_overridden_clear(self) -> None:
        transport = self.subclass(
            clear=lambda self: setattr(self, "io", io.BytesIO(b"banner"))
        )()
        self.assertEqual(transport.value(), b"banner")

    def test_writeSequence_does_not_call_an_overridden_write(self) -> None:
        transport = self.subclass(write=lambda self, data: None)()
        transport.writeSequence([b"one ", b"two"])
        self.assertEqual(transport.value(), b"one two")

    def test_the_constructor_calls_clear_before_it_takes_its_arguments(self) -> None:
        def clear(transport: Any) -> None:
            transport.peerAddr = "cleared"

        transport = self.subclass(clear=clear)(peerAddress="given")
        self.assertEqual(transport.getPeer(), "given")

    def test_writeSequence_refuses_bytes_which_are_a_sequence_of_int(self) -> None:
        transport = self.connect()
        with self.assertRaises(TypeError):
            transport.writeSequence(b"data")
        self.assertEqual(transport.value(), b"")

    # How the connection ends

    def test_writing_works_after_abortConnection(self) -> None:
        transport = self.connect()
        transport.abortConnection()
        transport.write(b"data, ")
        transport.writeSequence([b"more ", b"data"])
        self.assertEqual(transport.value(), b"data, more data")

    def test_loseConnection_may_be_called_any_number_of_times(self) -> None:
        transport = self.connect()
        for _ in range(4):
            transport.loseConnection()
            self.assertIs(transport.disconnecting, True)

    def test_loseConnection_leaves_disconnected_False(self) -> None:
        transport = self.connect()
        transport.loseConnection()
        self.assertIs(transport.disconnected, False)

    def test_disconnecting_is_True_after_abortConnection(self) -> None:
        transport = self.connect()
        transport.abortConnection()
        self.assertIs(transport.disconnecting, True)

    def test_disconnected_is_False_at_first(self) -> None:
        self.assertIs(self.connect().disconnected, False)

    def test_disconnected_is_True_after_abortConnection(self) -> None:
        transport = self.connect()
        transport.abortConnection()
        self.assertIs(transport.disconnected, True)

    def test_abortConnection_calls_an_overridden_loseConnection(self) -> None:
        calls: List[Any] = []
        transport = self.subclass(loseConnection=lambda self: calls.append(self))()
        transport.abortConnection()
        self.assertEqual(calls, [transport])

    # Addresses

    def assertIsTheAddress(self, address: Any, host: str, port: int) -> None:
        expected = stringtransport.IPv4Address("TCP", host, port)
        self.assertEqual(address, expected)
        self.assertEqual(address.type, expected.type)
        self.assertEqual(address.host, expected.host)
        self.assertEqual(address.port, expected.port)

    def test_getPeer_returns_its_default(self) -> None:
        self.assertIsTheAddress(self.connect().getPeer(), "192.168.1.1", 54321)

    def test_getHost_returns_its_default(self) -> None:
        self.assertIsTheAddress(self.connect().getHost(), "10.0.0.1", 12345)

    def test_default_addresses_are_of_the_address_class(self) -> None:
        transport = self.connect()
        for address in (transport.getPeer(), transport.getHost()):
            self.assertIs(type(address), stringtransport.IPv4Address)

    def test_peerAddr_and_hostAddr_are_None_at_first(self) -> None:
        transport = self.connect()
        self.assertEqual((transport.peerAddr, transport.hostAddr), (None, None))

    def test_the_constructor_takes_hostAddress_and_peerAddress_in_order(self) -> None:
        transport = self.transport_class("host", "peer")
        self.assertEqual((transport.getHost(), transport.getPeer()), ("host", "peer"))
        self.assertEqual((transport.hostAddr, transport.peerAddr), ("host", "peer"))

    def test_the_constructor_takes_its_arguments_by_name(self) -> None:
        transport = self.transport_class(peerAddress="peer", hostAddress="host")
        self.assertEqual((transport.getHost(), transport.getPeer()), ("host", "peer"))

    def test_an_assigned_address_is_returned(self) -> None:
        transport = self.connect()
        transport.hostAddr, transport.peerAddr = "host", "peer"
        self.assertEqual((transport.getHost(), transport.getPeer()), ("host", "peer"))

    def test_a_false_address_that_is_not_None_is_returned(self) -> None:
        transport = self.transport_class(hostAddress="", peerAddress=())
        self.assertEqual((transport.getHost(), transport.getPeer()), ("", ()))

    def test_an_address_of_a_subclass_is_returned(self) -> None:
        transport = self.subclass(hostAddr="host", peerAddr="peer")()
        self.assertEqual((transport.getHost(), transport.getPeer()), ("host", "peer"))

    def test_the_end_of_the_connection_changes_no_address(self) -> None:
        transport = self.attach(self.transport_class("host", "peer"))
        transport.abortConnection()
        self.assertEqual((transport.getHost(), transport.getPeer()), ("host", "peer"))

    # The transport as a consumer

    def test_producer_and_streaming_are_None_at_first(self) -> None:
        transport = self.connect()
        self.assertEqual((transport.producer, transport.streaming), (None, None))

    def test_registerProducer_keeps_the_very_object_that_streaming_is(self) -> None:
        objects: List[Any] = [1, [], None]
        for streaming in objects:
            transport = self.connect()
            transport.registerProducer(IdleProducer(), streaming)
            self.assertIs(transport.streaming, streaming)
            with self.assertRaises(RuntimeError):
                transport.registerProducer(IdleProducer(), True)

    def test_unregisterProducer_lets_go_of_a_producer_that_is_false(self) -> None:
        transport = self.connect()
        transport.registerProducer(FalseProducer(), True)
        transport.unregisterProducer()
        self.assertIsNone(transport.producer)

    def test_a_producer_can_come_and_go_after_the_end(self) -> None:
        transport, producer = self.connect(), IdleProducer()
        transport.stopProducing()
        transport.abortConnection()
        transport.registerProducer(producer, True)
        self.assertIs(transport.producer, producer)
        self.assertEqual(transport.producerState, "stopped")
        transport.unregisterProducer()
        self.assertIsNone(transport.producer)

    def test_registerProducer_keeps_streaming_where_it_refuses(self) -> None:
        transport = self.connect()
        transport.registerProducer(IdleProducer(), False)
        with self.assertRaises(RuntimeError):
            transport.registerProducer(IdleProducer(), True)
        self.assertIs(transport.streaming, False)

    def test_unregisterProducer_sets_producer_and_streaming_to_None(self) -> None:
        transport = self.connect()
        transport.registerProducer(IdleProducer(), True)
        transport.unregisterProducer()
        self.assertEqual((transport.producer, transport.streaming), (None, None))

    # The transport as a producer

    def test_producerState_is_producing_at_first(self) -> None:
        self.assertEqual(self.connect().producerState, "producing")

    def test_pauseProducing_sets_paused(self) -> None:
        transport = self.connect()
        transport.pauseProducing()
        self.assertEqual(transport.producerState, "paused")

    def test_resumeProducing_sets_producing(self) -> None:
        transport = self.connect()
        transport.pauseProducing()
        transport.resumeProducing()
        self.assertEqual(transport.producerState, "producing")

    def test_stopProducing_sets_stopped(self) -> None:
        transport = self.connect()
        transport.stopProducing()
        self.assertEqual(transport.producerState, "stopped")

    def test_stopProducing_works_after_loseConnection_and_again(self) -> None:
        transport = self.connect()
        transport.loseConnection()
        transport.stopProducing()
        transport.stopProducing()
        self.assertEqual(transport.producerState, "stopped")

    def test_pauseProducing_is_refused_after_loseConnection(self) -> None:
        transport = self.connect()
        transport.loseConnection()
        with self.assertRaisesRegex(RuntimeError, "loseConnection"):
            transport.pauseProducing()
        self.assertEqual(transport.producerState, "producing")

    def test_resumeProducing_is_refused_after_loseConnection(self) -> None:
        transport = self.connect()
        transport.pauseProducing()
        transport.loseConnection()
        with self.assertRaisesRegex(RuntimeError, "loseConnection"):
            transport.resumeProducing()
        self.assertEqual(transport.producerState, "paused")

    def test_pauseProducing_is_refused_after_stopProducing(self) -> None:
        transport = self.connect()
        transport.stopProducing()
        with self.assertRaisesRegex(RuntimeError, "stop"):
            transport.pauseProducing()
        self.assertEqual(transport.producerState, "stopped")

    def test_resumeProducing_is_refused_after_stopProducing(self) -> None:
        transport = self.connect()
        transport.stopProducing()
        with self.assertRaisesRegex(RuntimeError, "stop"):
            transport.resumeProducing()
        self.assertEqual(transport.producerState, "stopped")

    def test_a_lenient_transport_pauses_and_resumes_after_loseConnection(self) -> None:
        transport = self.attach(self.transport_class(lenient=True))
        transport.loseConnection()
        transport.pauseProducing()
        self.assertEqual(transport.producerState, "paused")
        transport.resumeProducing()
        self.assertEqual(transport.producerState, "producing")

    def test_a_lenient_transport_refuses_after_stopProducing_too(self) -> None:
        transport = self.attach(self.transport_class(lenient=True))
        transport.stopProducing()
        with self.assertRaisesRegex(RuntimeError, "stop"):
            transport.pauseProducing()
        self.assertEqual(transport.producerState, "stopped")

    def test_lenient_is_the_third_argument(self) -> None:
        transport = self.attach(self.transport_class(None, None, True))
        transport.loseConnection()
        transport.pauseProducing()
        self.assertEqual(transport.producerState, "paused")

    def test_an_overridden_checkState_is_asked(self) -> None:
        def refuse(transport: Any) -> None:
            raise ZeroDivisionError

        transport = self.subclass(_checkState=refuse)()
        for method in (transport.pauseProducing, transport.resumeProducing):
            with self.assertRaises(ZeroDivisionError):
                method()

    # Attributes

    def test_every_attribute_can_be_assigned(self) -> None:
        transport = self.connect()
        for name in (*ATTRIBUTES, "io"):
            with self.subTest(name=name):
                given = object()
                setattr(transport, name, given)
                self.assertIs(getattr(transport, name), given)

    def test_an_assigned_producerState_counts(self) -> None:
        transport = self.connect()
        transport.producerState = "".join(["stop", "ped"])
        with self.assertRaises(RuntimeError):
            transport.resumeProducing()

    def test_an_unknown_producerState_can_be_left(self) -> None:
        for unknown in ("absent", "wandering"):
            transport = self.connect()
            transport.producerState = unknown
            transport.resumeProducing()
            self.assertEqual(transport.producerState, "producing")

    def test_only_disconnecting_and_producerState_decide_about_pausing(self) -> None:
        transport = self.connect()
        transport.connected, transport.disconnected = False, True
        transport.pauseProducing()
        self.assertEqual(transport.producerState, "paused")

    def test_an_assigned_disconnecting_counts(self) -> None:
        transport = self.connect()
        transport.disconnecting = True
        with self.assertRaises(RuntimeError):
            transport.pauseProducing()

    def test_any_further_attribute_can_be_set(self) -> None:
        transport = self.connect()
        transport.negotiatedProtocol = b"h2"
        self.assertEqual(transport.negotiatedProtocol, b"h2")

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

    @needs_zope
    def test_zope_lists_the_three_interfaces(self) -> None:
        provided = zope_interface.providedBy(self.connect())
        names = [interface.__name__ for interface in provided]
        self.assertEqual(names, [abc.__name__ for abc in INTERFACES])


class DisconnectionContract(InMemoryContract):
    """What `StringTransportWithDisconnection` adds, Twisted's and ours."""

    def test_connected_is_False_after_loseConnection(self) -> None:
        transport = self.connect()
        transport.loseConnection()
        self.assertIs(transport.connected, False)

    def test_the_reason_says_Bye(self) -> None:
        protocol = RecordingProtocol()
        self.connect(protocol).loseConnection()
        (reason,) = protocol.reasons
        self.assertIs(type(reason), stringtransport.Failure)
        self.assertIs(type(reason.value), stringtransport.ConnectionDone)
        self.assertEqual(reason.value.args, ("Bye.",))

    def test_connected_is_False_inside_connectionLost(self) -> None:
        seen = []
        protocol = mock.Mock()
        transport = self.connect(protocol)
        protocol.connectionLost = lambda reason: seen.append(transport.connected)
        transport.loseConnection()
        self.assertEqual(seen, [False])

    def test_abortConnection_alone_calls_connectionLost_once(self) -> None:
        protocol = RecordingProtocol()
        self.connect(protocol).abortConnection()
        self.assertEqual(len(protocol.reasons), 1)

    def test_abortConnection_after_loseConnection_calls_nothing(self) -> None:
        protocol = RecordingProtocol()
        transport = self.connect(protocol)
        transport.loseConnection()
        transport.abortConnection()
        self.assertEqual(len(protocol.reasons), 1)

    def test_loseConnection_after_abortConnection_calls_nothing(self) -> None:
        protocol = RecordingProtocol()
        transport = self.connect(protocol)
        transport.abortConnection()
        transport.loseConnection()
        self.assertEqual(len(protocol.reasons), 1)

    def test_loseConnection_does_nothing_where_connected_was_set_to_false(self) -> None:
        protocol = RecordingProtocol()
        transport = self.connect(protocol)
        transport.connected = False
        transport.loseConnection()
        self.assertEqual((protocol.reasons, transport.disconnecting), ([], False))

    def test_an_exception_of_connectionLost_gets_to_the_caller(self) -> None:
        transport = self.connect(FailingProtocol())
        with self.assertRaises(ZeroDivisionError):
            transport.loseConnection()
        self.assertIs(transport.connected, False)

    def test_after_an_exception_connectionLost_is_not_called_again(self) -> None:
        protocol = FailingProtocol()
        transport = self.connect(protocol)
        with self.assertRaises(ZeroDivisionError):
            transport.abortConnection()
        transport.loseConnection()
        self.assertEqual(len(protocol.reasons), 1)

    def test_without_a_protocol_it_raises_AttributeError(self) -> None:
        for end in ("loseConnection", "abortConnection"):
            with self.assertRaises(AttributeError):
                getattr(self.transport_class(), end)()

    def test_protocol_is_not_there_until_it_is_set(self) -> None:
        self.assertFalse(hasattr(self.transport_class(), "protocol"))


class SilenceContract(InMemoryContract):
    """What `StringTransport` does not do, Twisted's and ours."""

    differences = dict.fromkeys(
        (
            "test_loseConnection_makes_it_call_connectionLost_once",
            "test_loseConnection_twice_makes_it_call_connectionLost_once",
            "test_loseConnection_from_inside_connectionLost_does_nothing",
            "test_connectionLost_is_given_a_failure_that_is_ConnectionDone",
            "test_connectionLost_is_called_before_loseConnection_returns",
            "test_the_reason_after_abortConnection_is_ConnectionDone",
            "test_loseConnection_does_not_wait_for_a_push_producer",
            "test_loseConnection_does_not_wait_for_a_pull_producer",
        ),
        "a StringTransport never calls a protocol",
    )

    def test_connected_stays_True(self) -> None:
        transport = self.connect()
        transport.loseConnection()
        transport.abortConnection()
        self.assertIs(transport.connected, True)

    def test_the_protocol_is_never_called(self) -> None:
        protocol = mock.Mock(spec=["makeConnection"])
        transport = self.connect(protocol)
        transport.write(b"data")
        transport.pauseProducing()
        transport.stopProducing()
        transport.loseConnection()
        transport.abortConnection()
        self.assertEqual(protocol.mock_calls, [mock.call.makeConnection(transport)])


class OurContract(InMemoryContract):
    """What ours promise beyond what Twisted's do."""

    def test_it_is_an_instance_of_the_interfaces(self) -> None:
        for abc in INTERFACES:
            self.assertIsInstance(self.connect(), abc)

    def test_write_names_the_type_that_it_refuses(self) -> None:
        for data in ("data", bytearray(), memoryview(b""), None, 7, [b"data"]):
            with self.subTest(data=data):
                name = type(data).__name__
                message = f"^data must be bytes, not {name}$"
                with self.assertRaisesRegex(TypeError, message):
                    self.connect().write(data)

    def test_pausing_and_resuming_say_why_they_are_refused(self) -> None:
        for end in ("loseConnection", "stopProducing"):
            transport = self.connect()
            getattr(transport, end)()
            message = f"^cannot pause or resume after {end}$"
            for method in (transport.pauseProducing, transport.resumeProducing):
                with self.assertRaisesRegex(RuntimeError, message):
                    method()

    def test_registerProducer_says_why_it_is_refused(self) -> None:
        transport = self.connect()
        transport.registerProducer(IdleProducer(), True)
        message = "^a producer is already registered: unregister it first$"
        with self.assertRaisesRegex(RuntimeError, message):
            transport.registerProducer(IdleProducer(), True)

    def test_unregisterProducer_says_why_it_is_refused(self) -> None:
        with self.assertRaisesRegex(RuntimeError, "^no producer is registered$"):
            self.connect().unregisterProducer()

    def test_disconnecting_is_True_and_not_just_true(self) -> None:
        transport = self.connect()
        self.assertIs(transport.disconnecting, False)
        transport.loseConnection()
        self.assertIs(transport.disconnecting, True)

    def test_disconnected_is_True_when_abortConnection_calls_loseConnection(
        self,
    ) -> None:
        seen: List[bool] = []
        transport = self.subclass(
            loseConnection=lambda self: seen.append(self.disconnected)
        )()
        transport.abortConnection()
        self.assertEqual((seen, transport.disconnected), ([True], True))

    def test_connected_is_True_and_not_just_true(self) -> None:
        self.assertIs(self.connect().connected, True)

    def test_every_attribute_can_be_overridden_in_a_subclass(self) -> None:
        for name in ATTRIBUTES:
            with self.subTest(name=name):
                given = object()
                transport = self.subclass(**{name: given})()
                self.assertIs(getattr(transport, name), given)

    def test_default_addresses_are_made_once(self) -> None:
        first, second = self.connect(), self.connect()
        self.assertIs(first.getPeer(), second.getPeer())
        self.assertIs(first.getHost(), second.getHost())


# The implementations, each with what it is known to do differently. The table in
# README.md says the same.

STAYS_FALSE = "Twisted's class does not set disconnecting when it disconnects"
NEVER_DISCONNECTING = {
    "test_disconnecting_is_true_after_loseConnection": STAYS_FALSE,
    "test_disconnecting_is_True_after_abortConnection": STAYS_FALSE,
    "test_pausing_is_refused_after_loseConnection": STAYS_FALSE,
    "test_loseConnection_may_be_called_any_number_of_times": STAYS_FALSE,
    "test_pauseProducing_is_refused_after_loseConnection": STAYS_FALSE,
    "test_resumeProducing_is_refused_after_loseConnection": STAYS_FALSE,
}

REFUSES_ONLY_STR = "before 21.2, Twisted's own write refused str alone"
TOLERANT = {
    "test_write_refuses_bytearray_and_delivers_nothing_of_it": REFUSES_ONLY_STR,
    "test_write_refuses_memoryview_and_delivers_nothing_of_it": REFUSES_ONLY_STR,
}
TOLERANT_CONNECTION = {
    **TOLERANT,
    "test_write_refuses_None_and_delivers_nothing_of_it": REFUSES_ONLY_STR,
    "test_write_refuses_int_and_delivers_nothing_of_it": REFUSES_ONLY_STR,
}
STRICT_CONNECTION = {
    "test_writeSequence_takes_every_bytes_like_item": "it takes bytes alone",
}

NOT_YET = "Twisted's class had neither disconnected nor lenient in 16.2"
WITHOUT_LENIENT = {
    "test_disconnected_is_False_at_first": NOT_YET,
    "test_disconnected_is_True_after_abortConnection": NOT_YET,
    "test_loseConnection_leaves_disconnected_False": NOT_YET,
    "test_lenient_is_the_third_argument": NOT_YET,
    "test_a_lenient_transport_pauses_and_resumes_after_loseConnection": NOT_YET,
    "test_a_lenient_transport_refuses_after_stopProducing_too": NOT_YET,
}

TWISTED_HAS_LENIENT = TWISTED_VERSION >= (17,)
TWISTED_REFUSES_ONLY_STR = TWISTED_VERSION < (21,)
OF_OLD_VERSIONS = {
    **(TOLERANT if TWISTED_REFUSES_ONLY_STR else {}),
    **({} if TWISTED_HAS_LENIENT else WITHOUT_LENIENT),
}


class StringTransportTests(SilenceContract, OurContract, unittest.TestCase):
    transport_class = StringTransport


class StringTransportWithDisconnectionTests(
    DisconnectionContract, OurContract, unittest.TestCase
):
    transport_class = StringTransportWithDisconnection

    def test_without_a_protocol_it_says_what_to_set(self) -> None:
        for end in ("loseConnection", "abortConnection"):
            message = "^no protocol with connectionLost: set transport.protocol first$"
            with self.assertRaisesRegex(AttributeError, message):
                getattr(self.transport_class(), end)()

    def test_without_a_protocol_nothing_changes(self) -> None:
        for unusable in ({}, {"protocol": None}, {"protocol": object()}):
            for end in ("loseConnection", "abortConnection"):
                with self.subTest(unusable=unusable, end=end):
                    transport = self.transport_class()
                    vars(transport).update(unusable)
                    before = dict(vars(transport))
                    with self.assertRaises(AttributeError):
                        getattr(transport, end)()
                    after = vars(transport)
                    self.assertIs(after.pop("disconnected", False), False)
                    self.assertEqual(after, before)

    def test_a_protocol_that_cannot_be_reached_changes_nothing(self) -> None:
        def unreachable(transport: Any) -> None:
            raise KeyboardInterrupt

        for end in ("loseConnection", "abortConnection"):
            transport = self.subclass(protocol=property(unreachable))()
            with self.assertRaises(KeyboardInterrupt):
                getattr(transport, end)()
            state = transport.connected, transport.disconnecting, transport.disconnected
            self.assertEqual(state, (True, False, False))

    def test_a_refused_abortConnection_keeps_an_assigned_disconnected(self) -> None:
        transport = self.transport_class()
        transport.disconnected = True
        with self.assertRaises(AttributeError):
            transport.abortConnection()
        self.assertIs(transport.disconnected, True)

    def test_an_override_of_loseConnection_may_refuse_abortConnection(self) -> None:
        def refuse(transport: Any) -> None:
            raise ZeroDivisionError

        transport = self.subclass(loseConnection=refuse)()
        with self.assertRaises(ZeroDivisionError):
            transport.abortConnection()
        self.assertIs(transport.disconnected, False)

    def test_setting_the_protocol_and_calling_again_works(self) -> None:
        for end in ("loseConnection", "abortConnection"):
            with self.subTest(end=end):
                transport = self.transport_class()
                with self.assertRaises(AttributeError):
                    getattr(transport, end)()
                transport.protocol = RecordingProtocol()
                getattr(transport, end)()
                self.assertEqual(len(transport.protocol.reasons), 1)

    def test_an_AttributeError_of_connectionLost_leaves_it_disconnected(self) -> None:
        protocol = mock.Mock()
        protocol.connectionLost.side_effect = AttributeError
        transport = self.connect(protocol)
        with self.assertRaises(AttributeError):
            transport.abortConnection()
        state = transport.connected, transport.disconnecting, transport.disconnected
        self.assertEqual(state, (False, True, True))

    def test_disconnecting_is_True_inside_connectionLost(self) -> None:
        seen = []
        protocol = mock.Mock()
        transport = self.connect(protocol)
        protocol.connectionLost = lambda reason: seen.append(transport.disconnecting)
        transport.loseConnection()
        self.assertEqual(seen, [True])


@needs_twisted
class TwistedStringTransportTests(SilenceContract, unittest.TestCase):
    transport_class = getattr(twisted_testing, "StringTransport", None)
    differences = OF_OLD_VERSIONS


@needs_twisted
class TwistedStringTransportWithDisconnectionTests(
    DisconnectionContract, unittest.TestCase
):
    transport_class = getattr(twisted_testing, "StringTransportWithDisconnection", None)
    differences = {**NEVER_DISCONNECTING, **OF_OLD_VERSIONS}


class PlainSocket:
    """The other end of the connection: it reads whatever comes, until the end."""

    def __init__(self, reactor: Any, port: int) -> None:
        self.reactor = reactor
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.received = b""
        self.at_end = False
        reactor.addReader(self)

    def fileno(self) -> int:
        return self.socket.fileno()

    def logPrefix(self) -> str:
        return "the other end"

    def doRead(self) -> None:
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self.received += data
        if not data:
            self.at_end = True
            self.reactor.removeReader(self)

    def connectionLost(self, reason: object) -> None:
        self.socket.close()


@needs_twisted
class RealConnectionTests(TransportContract, unittest.TestCase):
    """A server's side of a TCP connection over loopback, with a reactor of its own."""

    differences = {
        "test_writeSequence_takes_a_generator": "it iterates twice, and sends nothing",
        "test_writing_works_after_loseConnection": "it drops what is written too late",
        "test_connectionLost_is_called_before_loseConnection_returns": "it comes later",
        "test_the_reason_after_abortConnection_is_ConnectionDone": "ConnectionAborted",
        "test_pausing_is_refused_after_loseConnection": "it does not mind",
        "test_pausing_is_refused_after_stopProducing": "it does not mind",
        "test_stopProducing_leaves_the_connection_open": "it closes it",
        "test_loseConnection_does_not_wait_for_a_pull_producer": "it does",
        "test_unregisterProducer_refuses_where_none_is_registered": "it does not mind",
        "test_registerProducer_keeps_streaming": "as streamingProducer",
        "test_the_producer_is_never_called": "it resumes a pull producer",
        **(TOLERANT_CONNECTION if TWISTED_REFUSES_ONLY_STR else STRICT_CONNECTION),
    }

    def setUp(self) -> None:
        installed = sys.modules.get("twisted.internet.reactor")
        self.reactor = importlib.import_module(
            "twisted.internet.selectreactor"
        ).SelectReactor()
        self.addCleanup(self.close)
        self.addCleanup(
            lambda: self.assertIs(
                sys.modules.get("twisted.internet.reactor"), installed
            )
        )

    def close(self) -> None:
        failure = stringtransport.Failure(stringtransport.ConnectionDone())
        descriptors = {*self.reactor.removeAll(), *self.reactor._internalReaders}
        descriptors.add(self.other_end)
        if self.protocol.transport.connected:
            descriptors.add(self.protocol.transport)
        for descriptor in descriptors:
            descriptor.connectionLost(failure)

    def connect(self, protocol: Any = None) -> Any:
        self.protocol = protocol or RecordingProtocol()
        factory = importlib.import_module("twisted.internet.protocol").Factory()
        factory.noisy = False
        factory.buildProtocol = lambda address: self.protocol
        port = self.reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.other_end = PlainSocket(self.reactor, port.getHost().port)
        self.run_until(lambda: bool(self.protocol.transport))
        return self.protocol.transport

    def run_until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError("the connection is stuck")
            self.reactor.iterate(1)

    def settle(self) -> None:
        for _ in range(9):
            self.reactor.iterate(0)
        transport = self.protocol.transport
        if transport.disconnecting and transport.producer is None:
            self.run_until(lambda: self.other_end.at_end)

    def delivered(self, transport: Any) -> bytes:
        transport.loseConnection()
        self.run_until(lambda: self.other_end.at_end)
        return self.other_end.received

    def test_its_reason_is_a_ConnectionDone_without_arguments(self) -> None:
        protocol = RecordingProtocol()
        self.connect(protocol).loseConnection()
        self.settle()
        self.assertEqual([reason.value.args for reason in protocol.reasons], [()])

    def test_abortConnection_drops_what_was_not_sent_and_says_so(self) -> None:
        protocol = RecordingProtocol()
        transport = self.connect(protocol)
        transport.write(b"data")
        transport.abortConnection()
        self.settle()
        self.assertEqual(self.other_end.received, b"")
        names = [reason.type.__name__ for reason in protocol.reasons]
        self.assertEqual(names, ["ConnectionAborted"])

    def test_it_pauses_a_push_producer_that_writes_too_much(self) -> None:
        transport, producer = self.connect(), mock.Mock()
        transport.registerProducer(producer, True)
        transport.write(b"0123456789abcdef" * 65536)
        self.assertEqual(producer.mock_calls, [mock.call.pauseProducing()])

    def test_it_stops_its_producer_when_the_connection_is_lost(self) -> None:
        transport, producer = self.connect(), mock.Mock()
        transport.registerProducer(producer, True)
        transport.loseConnection()
        self.settle()
        self.assertEqual(producer.mock_calls, [mock.call.stopProducing()])

    def test_it_stops_a_producer_that_comes_too_late_and_does_not_keep_it(self) -> None:
        transport, producer = self.connect(), mock.Mock()
        transport.loseConnection()
        self.settle()
        transport.registerProducer(producer, True)
        self.assertIsNone(transport.producer)
        self.assertEqual(producer.mock_calls, [mock.call.stopProducing()])


@needs_twisted
class DifferentialTests(unittest.TestCase):
    """Ours and Twisted's go the same random ways, side by side.

    Each step is Python source about a transport `t`, so that what a failure
    prints can be read and run.
    """

    CONSTRUCTIONS = ["T()", "T('host', 'peer')", "T(peerAddress='peer')"]
    if TWISTED_HAS_LENIENT:
        CONSTRUCTIONS += ["T(lenient=True)"]

    STEPS = """
        t.write(b'data')
        t.write(b'')
        t.write('data')
        t.write(None)
        t.write(7)
        t.write(bytearray(b'data'))
        t.write(memoryview(b'data'))
        t.write()
        t.writeSequence([])
        t.writeSequence([b'one', b'two'])
        t.writeSequence(p for p in (b'one', bytearray(b'two'), memoryview(b'three')))
        t.writeSequence(1 / p for p in (1, 0))
        t.writeSequence([b'one', 'two'])
        t.writeSequence([b'one', None])
        t.writeSequence(b'data')
        t.writeSequence('data')
        t.writeSequence('')
        t.writeSequence({b'one': 1})
        t.writeSequence(None)
        t.value()
        t.clear()
        t.io.getvalue()
        t.io = BytesIO(b'given')
        t.io = None
        t.loseConnection()
        t.abortConnection()
        t.connected
        t.connected = True
        t.connected = False
        t.disconnecting = True
        t.disconnecting = False
        t.getPeer()
        t.getHost()
        t.peerAddr = None
        t.peerAddr = ('peer', 1)
        t.hostAddr = None
        t.hostAddr = 0
        t.registerProducer(producer, True)
        t.registerProducer(producer, False)
        t.registerProducer(None, True)
        t.registerProducer([], 1)
        t.registerProducer(producer)
        t.unregisterProducer()
        t.producer = None
        t.producer = producer
        t.streaming = 'neither'
        t.pauseProducing()
        t.resumeProducing()
        t.stopProducing()
        t._checkState()
        t.producerState = 'producing'
        t.producerState = 'stopped'
        t.producerState = 'neither'
        t.protocol = RecordingProtocol()
        t.protocol = FailingProtocol()
        t.protocol = DistrustfulProtocol(); t.protocol.makeConnection(t)
        t.protocol = None
        del t.protocol
        del t.disconnecting
        t.startTLS
        t.further = 'attribute'
        t.further
    """.strip().splitlines()
    if TWISTED_HAS_LENIENT:
        STEPS += ["t.disconnected = True", "t.disconnected = False"]

    STATE = [
        "t.value()",
        "t.connected",
        "t.disconnecting",
        "t.hostAddr",
        "t.peerAddr",
        "t.producer",
        "t.streaming",
        "t.producerState",
        "[str(reason.value) for reason in t.protocol.reasons]",
    ]
    if TWISTED_HAS_LENIENT:
        STATE += ["t.disconnected"]

    @staticmethod
    def with_agreed_differences(transport_class: Any) -> Any:
        """Return Twisted's class with the differences that we have agreed on.

        They are those of the table in README.md; none but these is tolerated.
        """
        attributes: Dict[str, Any] = {}

        if TWISTED_REFUSES_ONLY_STR:

            def write(self: Any, data: object) -> None:
                if not isinstance(data, bytes):
                    raise TypeError
                transport_class.write(self, data)

            attributes["write"] = write

        if issubclass(
            transport_class, twisted_testing.StringTransportWithDisconnection
        ):

            def loseConnection(self: Any) -> None:
                if self.connected:
                    self.protocol.connectionLost  # Refused before anything changes.
                    self.disconnecting = True
                transport_class.loseConnection(self)

            def abortConnection(self: Any) -> None:
                if self.connected:
                    self.protocol.connectionLost  # Refused before anything changes.
                transport_class.abortConnection(self)

            attributes["loseConnection"] = loseConnection
            attributes["abortConnection"] = abortConnection

        return type("AsAgreed", (transport_class,), attributes)

    @staticmethod
    def outcome(step: str, names: Dict[str, Any]) -> object:
        code = compiled(step)
        try:
            return "returned", eval(code, names)
        except Exception as error:
            return "raised", type(error)

    def compare(self, our_class: Any, twisted_class: Any) -> None:
        seed = os.environ.get("STRINGTRANSPORT_SEED") or str(random.randrange(10**9))
        sequences = int(os.environ.get("STRINGTRANSPORT_SEQUENCES", "500"))
        print(f"\n{our_class.__name__}: {sequences} sequences, seed {seed}", flush=True)
        choose = random.Random(seed)
        for _ in range(sequences):
            shared = {**globals(), "BytesIO": io.BytesIO, "producer": IdleProducer()}
            ours = {**shared, "T": our_class}
            theirs = {**shared, "T": twisted_class}
            story = ["t = " + choose.choice(self.CONSTRUCTIONS)]
            story += choose.choices(self.STEPS, k=choose.randrange(1, 40))
            for number, step in enumerate(story, start=1):
                for look in (step, *self.STATE):
                    self.assertEqual(
                        self.outcome(look, ours),
                        self.outcome(look, theirs),
                        f"seed {seed}, {look} after: " + "; ".join(story[:number]),
                    )

    def test_random_sequences_on_StringTransport(self) -> None:
        self.compare(
            StringTransport,
            self.with_agreed_differences(twisted_testing.StringTransport),
        )

    def test_random_sequences_on_StringTransportWithDisconnection(self) -> None:
        self.compare(
            StringTransportWithDisconnection,
            self.with_agreed_differences(
                twisted_testing.StringTransportWithDisconnection
            ),
        )


@functools.lru_cache(maxsize=None)
def compiled(step: str) -> types.CodeType:
    step = step.strip()
    try:
        return compile(step, step, "eval")
    except SyntaxError:
        return compile(step, step, "exec")


# The values that transports hand out: Twisted's, and our stand-ins for them.


class ValuesContract(Contract):
    values: Any

    def test_ConnectionDone_says_what_it_was_given(self) -> None:
        done = self.values.ConnectionDone("Bye.")
        self.assertEqual(str(done), "Connection was closed cleanly: Bye..")

    def test_ConnectionDone_joins_its_arguments_by_a_space(self) -> None:
        done = self.values.ConnectionDone("Bye", "for", "now")
        self.assertEqual(str(done), "Connection was closed cleanly: Bye for now.")

    def test_ConnectionDone_needs_no_argument(self) -> None:
        done = self.values.ConnectionDone()
        self.assertEqual(str(done), "Connection was closed cleanly.")

    def test_ConnectionDone_keeps_its_arguments(self) -> None:
        self.assertEqual(self.values.ConnectionDone("Bye", "now").args, ("Bye", "now"))

    def test_ConnectionDone_is_an_exception_of_its_name(self) -> None:
        self.assertTrue(issubclass(self.values.ConnectionDone, Exception))
        self.assertEqual(self.values.ConnectionDone.__name__, "ConnectionDone")

    def test_Failure_has_the_exception_and_its_class(self) -> None:
        error = KeyError("key")
        failure = self.values.Failure(error)
        self.assertIs(failure.value, error)
        self.assertIs(failure.type, KeyError)

    def test_Failure_takes_its_exception_by_name(self) -> None:
        error = KeyError("key")
        self.assertIs(self.values.Failure(exc_value=error).value, error)

    def test_check_returns_the_first_class_that_fits(self) -> None:
        failure = self.values.Failure(KeyError("key"))
        self.assertIs(failure.check(ValueError, LookupError, KeyError), LookupError)

    def test_check_returns_None_where_no_class_fits(self) -> None:
        failure = self.values.Failure(KeyError("key"))
        self.assertIsNone(failure.check(ValueError, IndexError))
        self.assertIsNone(failure.check())

    def test_trap_returns_the_first_class_that_fits(self) -> None:
        failure = self.values.Failure(KeyError("key"))
        self.assertIs(failure.trap(ValueError, LookupError, KeyError), LookupError)

    def test_trap_raises_the_exception_where_no_class_fits(self) -> None:
        error = KeyError("key")
        with self.assertRaises(KeyError) as raised:
            self.values.Failure(error).trap(ValueError)
        self.assertIs(raised.exception, error)

    def test_raiseException_raises_the_exception(self) -> None:
        error = KeyError("key")
        with self.assertRaises(KeyError) as raised:
            self.values.Failure(error).raiseException()
        self.assertIs(raised.exception, error)

    def test_getErrorMessage_is_what_the_exception_says(self) -> None:
        message = self.values.Failure(self.values.ConnectionDone()).getErrorMessage()
        self.assertEqual(message, "Connection was closed cleanly.")

    def test_Failure_shows_the_class_and_the_message_of_its_exception(self) -> None:
        failure = self.values.Failure(ZeroDivisionError("all is lost"))
        for shown in (str(failure), repr(failure)):
            self.assertRegex(shown, "Failure.*ZeroDivisionError.*all is lost")

    def test_IPv4Address_has_type_host_and_port(self) -> None:
        address = self.values.IPv4Address("TCP", "127.0.0.1", 80)
        fields = address.type, address.host, address.port
        self.assertEqual(fields, ("TCP", "127.0.0.1", 80))

    def test_IPv4Address_takes_its_fields_by_name(self) -> None:
        address = self.values.IPv4Address(port=80, host="127.0.0.1", type="TCP")
        self.assertEqual(address, self.values.IPv4Address("TCP", "127.0.0.1", 80))

    def test_IPv4Address_shows_its_fields(self) -> None:
        address = self.values.IPv4Address("TCP", "127.0.0.1", 80)
        shown = "IPv4Address(type='TCP', host='127.0.0.1', port=80)"
        self.assertEqual(repr(address), shown)

    def test_addresses_are_equal_where_their_fields_are(self) -> None:
        address = self.values.IPv4Address("TCP", "127.0.0.1", 80)
        same = self.values.IPv4Address("TCP", "127.0.0.1", 80)
        other = self.values.IPv4Address("TCP", "127.0.0.1", 443)
        self.assertEqual((address == same, address == other), (True, False))
        self.assertEqual(len({address, same, other}), 2)


class StandInTests(ValuesContract, unittest.TestCase):
    values = alone

    def test_IPv4Address_is_a_namedtuple(self) -> None:
        address = alone.IPv4Address("TCP", "127.0.0.1", 80)
        self.assertEqual(address, ("TCP", "127.0.0.1", 80))
        self.assertEqual(address._fields, ("type", "host", "port"))

    def test_percent_formatting_unpacks_an_IPv4Address_that_is_not_wrapped(
        self,
    ) -> None:
        address = alone.IPv4Address("TCP", "127.0.0.1", 80)
        with self.assertRaises(TypeError):
            "%s" % address
        self.assertEqual("%s" % (address,), repr(address))

    def test_Failure_shows_just_the_class_and_the_message(self) -> None:
        failure = alone.Failure(ZeroDivisionError("all is lost"))
        self.assertEqual(repr(failure), "<Failure ZeroDivisionError: all is lost>")

    def test_IPv4Address_and_its_fields_have_docstrings(self) -> None:
        public = alone.IPv4Address
        for documented in (public, public.type, public.host, public.port):
            self.assertRegex(documented.__doc__, r"^The .*\.$")


@needs_twisted
class TwistedValuesTests(ValuesContract, unittest.TestCase):
    values = stringtransport
    if TWISTED_VERSION < (17,):
        differences = {"test_IPv4Address_shows_its_fields": "16.2 does not name them"}


class InterfaceTests(unittest.TestCase):
    """The interfaces, which are the same whatever is installed."""

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

    def test_a_class_that_lacks_a_method_cannot_be_instantiated(self) -> None:
        for abc in self.METHODS:
            with self.assertRaises(TypeError):
                type("Incomplete", (abc,), {})()

    def test_an_instance_of_a_derived_class_is_one_of_the_interface(self) -> None:
        for abc in self.METHODS:
            self.assertIsInstance(self.derived(abc)(), abc)

    def test_a_class_can_be_registered(self) -> None:
        for abc in self.METHODS:
            with self.subTest(abc=abc):
                Own = type("Own", (), {})
                self.assertNotIsInstance(Own(), abc)
                getattr(abc, "register")(Own)
                self.assertIsInstance(Own(), abc)

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

    def test_they_have_the_name_and_the_module_of_ours(self) -> None:
        for abc, interface in self.pairs():
            self.assertEqual(interface.__name__, abc.__name__)
            self.assertEqual(interface.__module__, "stringtransport_without_twisted")

    def test_they_have_the_abstract_methods_and_no_other(self) -> None:
        for abc, interface in self.pairs():
            self.assertEqual(set(interface.names()), set(abc.__abstractmethods__))

    def test_their_methods_have_the_signatures_of_ours(self) -> None:
        signatures = {
            name: interface[name].getSignatureString()
            for _, interface in self.pairs()
            for name in interface.names()
        }
        expected = {
            "write": "(data)",
            "writeSequence": "(data)",
            "loseConnection": "()",
            "getPeer": "()",
            "getHost": "()",
            "registerProducer": "(producer, streaming)",
            "unregisterProducer": "()",
            "pauseProducing": "()",
            "resumeProducing": "()",
            "stopProducing": "()",
        }
        self.assertEqual(signatures, expected)

    def test_they_and_their_methods_have_the_docstrings_of_ours(self) -> None:
        for abc, interface in self.pairs():
            self.assertEqual(interface.__doc__ or "", abc.__doc__ or "")
            for name in interface.names():
                docstring = getattr(abc, name).__doc__ or ""
                self.assertEqual(interface[name].__doc__ or "", docstring)

    def test_both_transports_are_verified_against_them(self) -> None:
        verify = importlib.import_module("zope.interface.verify")
        for transport in (
            self.module.StringTransport(),
            self.module.StringTransportWithDisconnection(),
        ):
            for _, interface in self.pairs():
                self.assertTrue(verify.verifyObject(interface, transport))
                self.assertTrue(verify.verifyClass(interface, type(transport)))


class SurroundingsTests(unittest.TestCase):
    """What the module makes of what is installed, and of where it is."""

    STAND_INS = ("ConnectionDone", "Failure", "IPv4Address")

    def assertStandsAlone(self, copy: Any) -> None:
        for name in self.STAND_INS:
            self.assertEqual(getattr(copy, name).__module__, copy.__name__)
        protocol = RecordingProtocol()
        transport = copy.StringTransportWithDisconnection()
        transport.protocol = protocol
        transport.loseConnection()
        self.assertIs(
            protocol.reasons[0].check(copy.ConnectionDone), copy.ConnectionDone
        )

    def test_it_exports_the_names_of_the_contract(self) -> None:
        names = [
            "ITransport",
            "IConsumer",
            "IPushProducer",
            "StringTransport",
            "StringTransportWithDisconnection",
            *self.STAND_INS,
        ]
        self.assertEqual(stringtransport.__all__, names)
        for name in names:
            self.assertEqual(getattr(stringtransport, name).__name__, name)

    def test_its_version_is_1_0_0(self) -> None:
        self.assertEqual(stringtransport.__version__, "1.0.0")

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
        "twisted.internet.interfaces": dict.fromkeys(
            ("ITransport", "IConsumer", "IPushProducer"), object
        ),
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

    def test_a_module_of_the_users_called_twisted_does_no_harm(self) -> None:
        self.assertStandsAlone(self.run_beside({"twisted": {}}, "twisted", "zope"))

    def test_a_package_called_twisted_that_lacks_a_module_does_no_harm(self) -> None:
        for lacking in self.TWISTED:
            if "__path__" not in self.TWISTED[lacking]:
                modules = {**self.TWISTED}
                del modules[lacking]
                with self.subTest(lacking=lacking):
                    self.assertStandsAlone(self.run_beside(modules, "twisted"))

    def test_a_package_called_twisted_that_lacks_a_name_does_no_harm(self) -> None:
        for module, names in self.TWISTED.items():
            for lacking in set(names) - {"__path__"}:
                rest = {name: names[name] for name in names if name != lacking}
                modules = {**self.TWISTED, module: rest}
                with self.subTest(lacking=lacking):
                    self.assertStandsAlone(self.run_beside(modules, "twisted"))

    def test_the_fake_Twisted_of_these_tests_lacks_nothing(self) -> None:
        copy = self.run_beside(self.TWISTED, "twisted", "zope")
        self.assertIs(copy.ConnectionDone, KeyError)

    def test_a_package_called_zope_without_interface_does_no_harm(self) -> None:
        modules: Dict[str, Dict[str, object]] = {"zope": {"__path__": []}}
        self.assertStandsAlone(self.run_beside(modules, "twisted", "zope"))

    def test_a_zope_interface_that_lacks_a_name_does_no_harm(self) -> None:
        modules: Dict[str, Dict[str, object]] = {
            "zope": {"__path__": []},
            "zope.interface": {"__path__": [], "classImplements": print},
            "zope.interface.interface": {},
        }
        self.assertStandsAlone(self.run_beside(modules, "twisted", "zope"))

    def test_another_error_than_ImportError_is_not_hidden(self) -> None:
        class Broken(types.ModuleType):
            def __getattr__(self, name: str) -> object:
                raise ZeroDivisionError

        for broken in ("twisted.internet.address", "zope.interface"):
            with hidden("twisted", "zope"), self.assertRaises(ZeroDivisionError):
                for package in ("twisted", "twisted.internet", "zope"):
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
        self.assertIsNot(first.StringTransport, second.StringTransport)
        self.assertNotIsInstance(first.StringTransport(), second.ITransport)
        for copy in (first, second):
            transport = copy.StringTransport()
            transport.write(copy.__name__.encode())
            self.assertEqual(transport.value(), copy.__name__.encode())
            self.assertIsInstance(transport, copy.ITransport)


@unittest.skipIf(sys.flags.optimize > 1, "python -OO takes docstrings out")
class DocumentationTests(unittest.TestCase):
    def test_every_public_method_has_a_docstring_or_inherits_one(self) -> None:
        for name in alone.__all__:
            public = getattr(alone, name)
            for member in vars(public):
                if not member.startswith("_") and callable(getattr(public, member)):
                    methods = [vars(base).get(member) for base in public.__mro__]
                    docstrings = [method.__doc__ for method in methods if method]
                    self.assertTrue(any(docstrings), f"{name}.{member}")

    def test_the_module_and_every_public_name_have_a_docstring(self) -> None:
        for public in (alone, *(getattr(alone, name) for name in alone.__all__)):
            self.assertTrue(public.__doc__, public)


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


class SMTPServer:
    """As much of an SMTP server as RFC 5321, appendix D.1, needs."""

    MAILBOXES = (b"<Jones@foo.com>", b"<Brown@foo.com>")

    def makeConnection(self, transport: ITransport) -> None:
        self.transport = transport
        self.rest = b""
        self.in_mail = False
        self.mail: List[bytes] = []
        self.lost = 0
        self.reply(b"220 foo.com Simple Mail Transfer Service Ready")

    def connectionLost(self, reason: object) -> None:
        self.lost += 1

    def dataReceived(self, data: bytes) -> None:
        *lines, self.rest = (self.rest + data).split(b"\r\n")
        for line in lines:
            if self.in_mail:
                self.mail_line(line)
            else:
                self.command(*line.partition(b" ")[::2])

    def reply(self, *lines: bytes) -> None:
        self.transport.writeSequence(line + b"\r\n" for line in lines)

    def mail_line(self, line: bytes) -> None:
        if line == b".":
            self.in_mail = False
            self.reply(b"250 OK")
        else:
            self.mail.append(line)

    def command(self, verb: bytes, argument: bytes) -> None:
        if verb == b"EHLO":
            greeting = b"250-foo.com greets " + argument
            self.reply(greeting, b"250-8BITMIME", b"250-SIZE", b"250-DSN", b"250 HELP")
        elif verb == b"RCPT" and argument.partition(b":")[2] not in self.MAILBOXES:
            self.reply(b"550 No such user here")
        elif verb == b"DATA":
            self.in_mail = True
            self.reply(b"354 Start mail input; end with <CRLF>.<CRLF>")
        elif verb == b"QUIT":
            self.reply(b"221 foo.com Service closing transmission channel")
            self.transport.loseConnection()
        else:
            self.reply(b"250 OK")


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
            self.assertEqual(server.lost, 0)
            server.dataReceived(piece)
        self.assertEqual(transport.value(), self.side(b"S:"))
        self.assertEqual(server.mail, [b"Blah blah blah...", b"...etc. etc. etc."])
        self.assertEqual(server.lost, 1)

    def test_an_SMTP_transaction_cut_in_two_at_every_place(self) -> None:
        client = self.side(b"C:")
        for cut in range(len(client)):
            self.converse([client[:cut], client[cut:]])

    def test_an_SMTP_transaction_that_comes_byte_by_byte(self) -> None:
        client = self.side(b"C:")
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

    def test_the_examples_of_the_readme_do_what_they_say(self) -> None:
        readme = os.path.join(HERE, "README.md")
        failed, attempted = doctest.testfile(readme, module_relative=False)
        self.assertEqual(failed, 0)
        self.assertGreater(attempted, 20)

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

    def test_the_licence_stands_whole_at_the_top_of_the_module(self) -> None:
        header = inspect.getsource(stringtransport).split("\n\n")[0]
        licence = re.sub("^# ?", "", header, flags=re.M)
        self.assertEqual("MIT License\n\n" + licence + "\n", self.read("LICENSE"))


if __name__ == "__main__":
    unittest.main()
