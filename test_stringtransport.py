"""The tests of stringtransport, which are its specification. They need nothing.

- contracts, from the general to the particular: any transport, any that can be lost
  (`TransportContract`: others can use it), in memory, in place of `StringTransport`;
- a table of all that each call changes, in `EFFECTS` and `STATES`;
- ours: what they promise beyond what Twisted's do;
- the values, the interfaces and signatures, and what is installed.

In `.ci/`, Twisted's transports and real connections are held to the same contracts.
"""

import contextlib
import functools
import gc
import inspect
import io
import itertools
import re
import sys
import traceback
import types
import typing
import unittest
import weakref
from abc import ABCMeta
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Tuple
from unittest import mock

import stringtransport
from stringtransport import StringTransport, StringTransportWithDisconnection

if TYPE_CHECKING:
    Mixin = unittest.TestCase
else:
    Mixin = object

# More than 1 MiB, with every byte that there is, in which no piece stands twice.
LARGE = bytes(range(256)) + b"\r\n" + b"".join(b"%07d\n" % n for n in range(131072))
# Twisted's two classes have the same: a change of either has to be one of theirs.
PEER = stringtransport.IPv4Address("TCP", "192.168.1.1", 54321)
HOST = stringtransport.IPv4Address("TCP", "10.0.0.1", 12345)


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


class Spy:
    """A protocol or a producer: it notes its calls, and who tests or compares it."""

    def __init__(self) -> None:
        self.calls: List[object] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def call(*args: object, **kwargs: object) -> str:
            given = [type(argument).__name__ for argument in args]
            self.calls.append((name, given, sorted(kwargs)))
            return "something"

        return call

    def __bool__(self) -> bool:
        self.calls.append("bool")
        return False

    def __eq__(self, other: object) -> bool:
        self.calls.append("==")
        return False


def known_differences(reasons: Dict[str, str]) -> Any:
    """Say above a test case which inherited tests are known to fail there, and why.

    One that passes is reported, with the reason: by any runner, trial's included.
    """

    def differing(inherited: Any, reason: str) -> Any:
        @functools.wraps(inherited)
        def differs(self: Any) -> None:
            # trial knows nothing of unittest's expected failures, nor unittest of its.
            with self.assertRaises(Exception, msg=f"known to fail: {reason}"):
                inherited(self)

        setattr(differs, "reason", reason)
        return differs

    def decorate(case: Any) -> Any:
        for name, reason in reasons.items():
            setattr(case, name, differing(getattr(case, name), reason))
        return case

    return decorate


# Contracts: behaviours that several transports are held to, one a test.


class AnyTransportContract(Mixin):
    """What transports have in common; known exceptions are in DIFFERENCES.

    One that only records is held to it, too. `TransportContract`, below, says what
    `connect`, `delivered` and `settle` are.
    """

    def connect(self, protocol: Any = None) -> Any:
        raise NotImplementedError

    def delivered(self, transport: Any) -> bytes:
        raise NotImplementedError

    def settle(self) -> Any:
        """Let everything happen that is going to happen."""

    def assertDelivers(self, transport: Any, expected: bytes) -> None:
        got = self.delivered(transport)
        about = f"{got[:99]!r} ({len(got)} bytes) arrived, not {expected[:99]!r}"
        self.assertTrue(got == expected, about)

    def assertRefuses(self, name: str, *refused: object) -> None:
        transport = self.connect()
        transport.write(b"before ")
        for data in refused:
            with self.assertRaises(TypeError, msg=f"{name}({data!r})"):
                getattr(transport, name)(data)
        transport.write(b"after")
        self.assertDelivers(transport, b"before after")

    def test_it_is_true_and_equal_to_no_other_and_can_be_a_key(self) -> None:
        transport, other = self.connect(), self.connect()
        self.assertFalse(transport == other)
        keys = {transport}
        transport.loseConnection()
        self.settle()
        self.assertTrue(transport)
        self.assertIn(transport, keys)

    def test_two_transports_share_nothing(self) -> None:
        first, last = self.connect(), self.connect()
        for transport in (first, last):
            transport.registerProducer(Spy(), True)
        first.write(b"first")
        last.write(b"last")
        last.unregisterProducer()
        first.loseConnection()
        self.assertFalse(last.disconnecting)
        self.assertDelivers(last, b"last")

    def test_an_attribute_of_other_transports_alone_is_not_there(self) -> None:
        self.assertFalse(hasattr(self.connect(), "negotiatedProtocol_of_another"))

    def test_write_delivers_in_the_order_of_the_calls(self) -> None:
        transport, pieces = self.connect(), [b"%d " % n for n in range(2000)]
        for data in (b"", *pieces, type("Own", (bytes,), {})(b"end")):
            self.assertIsNone(transport.write(data))
        self.assertDelivers(transport, b"".join(pieces) + b"end")

    def test_write_refuses_str_and_delivers_nothing_of_it(self) -> None:
        self.assertRefuses("write", "data", "")

    def test_write_refuses_all_but_bytes_and_delivers_nothing_of_it(self) -> None:
        refused = bytearray(b"data"), memoryview(b"data"), None, 7, [b"data"]
        self.assertRefuses("write", *refused, bytearray())

    def test_writeSequence_delivers_the_pieces_in_their_place(self) -> None:
        transport, pieces = self.connect(), [b"two ", b"", LARGE, *[b"three "] * 2000]
        transport.write(b"one ")
        self.assertIsNone(transport.writeSequence(pieces))
        transport.writeSequence([])
        transport.writeSequence((b"four ", b"five "))
        transport.write(b"six")
        self.assertDelivers(transport, b"one " + b"".join(pieces) + b"four five six")

    def test_writeSequence_is_done_with_the_list_and_leaves_it_as_it_was(self) -> None:
        transport, pieces = self.connect(), [b"one ", b"two"]
        transport.writeSequence(pieces)
        self.assertEqual(pieces, [b"one ", b"two"])
        pieces[:] = [b"changed"]
        self.assertDelivers(transport, b"one two")

    def test_writeSequence_refuses_str_and_delivers_no_piece(self) -> None:
        self.assertRefuses("writeSequence", [b"data", "data", b"data"], "data")

    def test_writeSequence_refuses_what_cannot_be_iterated(self) -> None:
        self.assertRefuses("writeSequence", None, 7)

    def test_large_and_small_pieces_are_delivered_before_the_loss(self) -> None:
        transport = self.connect()
        pieces = b"before", LARGE, b"between", LARGE, b"after"
        for data in pieces:
            transport.write(data)
        self.assertIsNone(transport.loseConnection())
        self.assertDelivers(transport, b"".join(pieces))

    def test_what_is_written_while_it_is_paused_is_delivered(self) -> None:
        transport = self.connect()
        transport.write(b"before ")
        transport.pauseProducing()
        transport.write(b"after")
        self.settle()
        transport.resumeProducing()
        self.assertDelivers(transport, b"before after")

    def test_at_first_it_is_connected_and_neither_closing_nor_lost(self) -> None:
        transport = self.connect()
        self.assertFalse(transport.disconnecting or transport.disconnected)
        self.assertTrue(transport.connected)

    def test_disconnecting_is_true_from_loseConnection_on(self) -> None:
        transport = self.connect()
        transport.loseConnection()
        self.assertTrue(transport.disconnecting)
        self.settle()
        self.assertTrue(transport.disconnecting)

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

    def test_registerProducer_refuses_a_second_producer(self) -> None:
        for first in (mock.Mock(), Spy()):
            register = self.connect().registerProducer
            register(first, True)
            for second in (mock.Mock(), first):
                self.assertRaises(RuntimeError, register, second, True)

    def test_unregisterProducer_makes_room_and_does_not_call_the_producer(self) -> None:
        transport, producer = self.connect(), mock.Mock()
        transport.registerProducer(producer, True)
        self.assertIsNone(transport.unregisterProducer())
        self.assertIsNone(transport.registerProducer(mock.Mock(), True))
        self.settle()
        self.assertEqual(producer.mock_calls, [])

    def test_pausing_and_resuming_may_be_repeated(self) -> None:
        transport = self.connect()
        for again in (transport.pauseProducing, transport.resumeProducing):
            self.assertIsNone(again())
            self.assertIsNone(again())


CLOSE, ABORT = ("loseConnection",), ("abortConnection",)
ENDS = (CLOSE, ABORT)
PUSH, PULL = ("registerProducer", Spy(), True), ("registerProducer", Spy(), False)
LATE = (("write", b"late"), ("writeSequence", [b"too ", b"late"]))


class TransportContract(AnyTransportContract):
    """What transports that can be lost have in common: also yours.

    To hold one to it, make a folder `contract` beside `tests`, and not in it. Copy
    `stringtransport.py` and `test_stringtransport.py` into it, and save there, as
    `test_mine.py`, a test case that says how to make one, such as:

        import unittest
        from mine import MyTransport
        from test_stringtransport import Protocol, TransportContract

        class MyTransportTests(TransportContract, unittest.TestCase):
            def connect(self, protocol=None):
                transport = MyTransport(protocol or Protocol())
                transport.protocol.makeConnection(transport)
                return transport

            def delivered(self, transport):
                return transport.other_side.received

    Run `python3 -m unittest discover -s contract` in the folder that holds both, with
    `-v` if it hangs. (trial: `PYTHONPATH=contract python -m twisted.trial test_mine`.)

    - `connect(protocol)` returns a new transport, after it has given it to the
      protocol by `makeConnection`. By `connectionLost`, the transport tells the
      protocol when the connection is lost. Without a protocol, it makes one.
    - `delivered(transport)` returns all that gets to the other side, of the transport
      made last. It may close it to find out: nothing is done with it afterwards.
    - `settle()` lets everything happen that is going to happen. A transport that
      puts nothing off needs none.

    Where the transport is known to fail a test, say so above the class with
    `@known_differences({name_of_the_test: reason})`: it has to fail from then on. Where
    its reasons have the `ConnectionDone` of another copy, give that one to this copy:
    `setattr(stringtransport, "ConnectionDone", the_other)`, in `test_mine.py`.

    It does not test *receiving*: that nothing is dropped while the transport is paused,
    that the protocol is handed `bytes`, that it is told of a loss by the other side.
    """

    def take(self, transport: Any, step: Any) -> None:
        """Take a step: `self.settle`, or the name of a method and its arguments."""
        if callable(step):
            step()
        else:
            name, *arguments = step
            self.assertIsNone(getattr(transport, name)(*arguments), step)

    def lost(self, end: Any = CLOSE, protocol: Any = None) -> Any:
        transport = self.connect(protocol or Protocol())
        self.take(transport, end)
        self.settle()
        return transport

    def assertLosesOnce(self, *steps: Any, inside: Any = ()) -> Any:
        """Take the steps, others inside connectionLost; return the reason told."""

        def when_lost(transport: Any) -> None:
            for step in inside:
                self.take(transport, step)
            # What it raises may be hidden.
            calls.append("returned")

        calls: List[str] = []
        protocol = Protocol(when_lost)
        transport = self.connect(protocol)
        for step in (*steps, self.settle):
            self.take(transport, step)
        calls += ["called"] * len(protocol.reasons)
        self.assertEqual(calls, ["returned", "called"], f"{steps}, inside: {inside}")
        return protocol.reasons[0]

    def assertSees(self, end: Any, **expected: bool) -> None:
        def look(transport: Any) -> None:
            seen.append({name: bool(getattr(transport, name)) for name in expected})

        seen: List[Dict[str, bool]] = []
        self.lost(end, Protocol(look))
        self.assertEqual(seen, [expected])

    def test_connectionLost_is_not_called_while_the_connection_lasts(self) -> None:
        protocol = Protocol()
        transport = self.connect(protocol)
        transport.pauseProducing()
        transport.registerProducer(Spy(), True)
        transport.unregisterProducer()
        transport.resumeProducing()
        self.settle()
        self.assertEqual(protocol.reasons, [])

    def test_loseConnection_makes_it_call_connectionLost_just_once(self) -> None:
        self.assertLosesOnce(CLOSE, self.settle, CLOSE)

    def test_two_ends_before_anything_settles_are_told_just_once(self) -> None:
        for first, second in itertools.product(ENDS, ENDS):
            self.assertLosesOnce(first, second)

    def test_an_end_from_inside_connectionLost_does_nothing(self) -> None:
        for first, second in itertools.product(ENDS, ENDS):
            self.assertLosesOnce(first, inside=[second])

    def test_it_is_not_told_again_where_connectionLost_raised(self) -> None:
        for first, second in itertools.product(ENDS, ENDS):
            protocol = Protocol(mock.Mock(side_effect=ZeroDivisionError))
            transport = self.connect(protocol)
            for step in (first, second, self.settle, CLOSE, self.settle):
                with contextlib.suppress(ZeroDivisionError):
                    self.take(transport, step)
            self.assertEqual(len(protocol.reasons), 1, (first, second))

    def test_abortConnection_after_the_connection_is_lost_does_nothing(self) -> None:
        self.assertLosesOnce(ABORT, self.settle, CLOSE, self.settle, ABORT)

    def test_the_reason_after_loseConnection_is_ConnectionDone(self) -> None:
        reason, done = self.assertLosesOnce(CLOSE), stringtransport.ConnectionDone
        about = f"is {reason.type} another copy's? TransportContract says what to do"
        self.assertIs(reason.check(KeyError, done), done, about)

    def test_a_reason_has_an_exception_and_its_class_and_what_it_says(self) -> None:
        for end in ENDS:
            reason = self.assertLosesOnce(end)
            self.assertIsInstance(reason.value, Exception)
            self.assertIs(reason.type, reason.value.__class__)
            self.assertIsInstance(reason.getErrorMessage(), str)
            self.assertIs(reason.trap(KeyError, reason.type), reason.type)
            self.assertRaises(reason.type, reason.trap, KeyError)

    def test_connected_and_disconnected_say_whether_it_was_told(self) -> None:
        for first, second in itertools.product(ENDS, ENDS):
            protocol = Protocol()
            transport = self.connect(protocol)
            for step in (self.settle, first, second, self.settle):
                self.take(transport, step)
                flags = bool(transport.disconnected), not transport.connected
                self.assertEqual(flags, (bool(protocol.reasons),) * 2, (first, second))

    def test_inside_connectionLost_the_connection_is_lost_already(self) -> None:
        for end in ENDS:
            self.assertSees(end, connected=False, disconnected=True)

    def test_connectionLost_sees_disconnecting_after_loseConnection(self) -> None:
        self.assertSees(CLOSE, disconnecting=True)

    def test_connectionLost_sees_no_disconnecting_after_abortConnection(self) -> None:
        self.assertSees(ABORT, disconnecting=False)

    def test_the_protocol_keeps_its_transport_after_the_loss(self) -> None:
        for end in ENDS:
            protocol = Protocol()
            self.assertIs(self.lost(end, protocol), protocol.transport)

    def test_writing_before_and_inside_and_after_the_loss_is_no_error(self) -> None:
        for end in ENDS:
            self.assertLosesOnce(end, *LATE, self.settle, *LATE, inside=LATE)

    def test_a_push_producer_that_is_not_paused_is_not_waited_for(self) -> None:
        self.assertLosesOnce(PUSH, CLOSE)

    def test_abortConnection_waits_for_nothing(self) -> None:
        for each in ([("pauseProducing",)], [PUSH], [PULL], [PULL, CLOSE, self.settle]):
            self.assertLosesOnce(*each, ABORT)

    def test_a_producer_that_leaves_does_not_tell_of_the_loss_again(self) -> None:
        self.assertLosesOnce(PUSH, CLOSE, ("unregisterProducer",))

    def test_pausing_and_resuming_work_after_the_connection_is_lost(self) -> None:
        for end in ENDS:
            transport = self.lost(end)
            self.assertIsNone(transport.pauseProducing())
            self.assertIsNone(transport.resumeProducing())


class InMemoryLossContract(TransportContract):
    """What transports in memory have in common; known exceptions are in DIFFERENCES.

    A protocol must not rely on it: real connections are known to differ.
    """

    def test_connectionLost_is_called_before_loseConnection_returns(self) -> None:
        protocol = Protocol()
        self.connect(protocol).loseConnection()
        self.assertEqual(len(protocol.reasons), 1)

    def test_an_exception_out_of_connectionLost_reaches_the_caller(self) -> None:
        transport = self.connect(Protocol(mock.Mock(side_effect=ZeroDivisionError)))
        self.assertRaises(ZeroDivisionError, transport.loseConnection)

    def test_the_reason_says_Bye(self) -> None:
        for end in ENDS:
            done = self.assertLosesOnce(end).value
            self.assertIs(type(done), stringtransport.ConnectionDone)
            self.assertEqual(done.args, ("Bye.",))

    def test_a_pull_producer_is_not_waited_for(self) -> None:
        self.assertLosesOnce(PULL, CLOSE)


class StringTransportContract(AnyTransportContract):
    """What a test may rely on, from Twisted's two transports and from ours."""

    transport_class: Any

    def connect(self, protocol: Any = None) -> Any:
        transport = self.transport_class()
        transport.protocol = Protocol() if protocol is None else protocol
        transport.protocol.makeConnection(transport)
        return transport

    def subclass(self, **attributes: Any) -> Any:
        return type("Subclass", (self.transport_class,), attributes)

    def delivered(self, transport: Any) -> bytes:
        value = transport.value()
        self.assertIs(type(value), bytes)
        return bytes(value)

    def test_one_that_nobody_holds_is_gone_at_once_and_calls_nobody(self) -> None:
        spy, transport = Spy(), self.transport_class()
        transport.protocol = spy
        transport.registerProducer(spy, True)
        gone = weakref.ref(transport)
        del transport
        if sys.implementation.name != "cpython":
            gc.collect()
        self.assertEqual((gone(), spy.calls), (None, []))

    def test_value_is_what_io_holds_and_clear_makes_a_new_one(self) -> None:
        transport = self.connect()
        transport.write(b"before")
        old = transport.io
        transport.clear()
        transport.io.write(b"one ")
        transport.write(b"two")
        self.assertEqual((old.getvalue(), transport.value()), (b"before", b"one two"))
        transport.io = io.BytesIO(b"another")
        self.assertEqual(transport.value(), b"another")

    def test_after_seek_writes_land_elsewhere(self) -> None:
        transport = self.connect()
        transport.write(b"data")
        transport.io.seek(0)
        repr(transport)
        transport.value()
        transport.write(b"m")
        transport.write(b"e")
        self.assertEqual(transport.value(), b"meta")

    def test_write_and_writeSequence_do_not_call_each_other(self) -> None:
        for name, data in (("write", b"data"), ("writeSequence", [b"data"])):
            transport = self.transport_class()
            call = getattr(transport, name)
            transport.write = transport.writeSequence = None
            call(data)
            self.assertEqual(transport.value(), b"data")

    def test_the_default_addresses(self) -> None:
        transport = self.connect()
        peer, host = transport.getPeer(), transport.getHost()
        self.assertEqual((peer, host), (PEER, HOST), "Twisted's own have these, too")
        self.assertEqual((type(peer), type(host)), (type(PEER), type(HOST)))
        self.assertEqual((transport.peerAddr, transport.hostAddr), (None, None))

    def test_addresses_are_given_to_the_constructor_or_assigned(self) -> None:
        for host, peer in ([("::1", 80)] * 2, ("", 0), [Spy()] * 2, [mock.ANY] * 2):
            transport = self.transport_class(host, peer)
            self.assertIs(transport.getHost(), host)
            self.assertIs(transport.getPeer(), peer)
            transport.peerAddr = None
            self.assertEqual(transport.getPeer(), PEER)
            self.assertIs(transport.getHost(), host)
            transport.hostAddr = None
            self.assertEqual(transport.getHost(), HOST)

    def test_the_producer_is_never_called(self) -> None:
        transport, producer = self.connect(), mock.Mock()
        transport.registerProducer(producer, True)
        transport.write(LARGE)
        self.assertEqual(producer.mock_calls, [])

    def test_what_is_overridden_is_called_once(self) -> None:
        clear = mock.Mock()
        transport = self.subclass(clear=clear)()
        self.assertEqual(clear.call_count, 1)
        transport.loseConnection, transport._checkState = mock.Mock(), mock.Mock()
        transport.abortConnection()
        self.assertEqual(transport.loseConnection.call_count, 1)
        transport.pauseProducing()
        transport.resumeProducing()
        self.assertEqual(transport._checkState.call_count, 2)


# A table of what each call returns or raises, and of all that it changes, in each state
# where it can begin. It holds for ours and, with what they do otherwise, for Twisted's.
# `loseConnection` and `abortConnection` are not in it: each class has its own effects,
# in `effects_of_ends`.

OTHER = Spy()
Effects = Dict[str, Dict[str, Any]]


def refuses(error: Any, message: Any = mock.ANY) -> Dict[str, Any]:
    return {"raised": error, "message": message}


STARTED_OVER = {"io": "another one", "written": b""}
EFFECTS: Effects = {
    "t.clear()": STARTED_OVER,
    "t.value()": {"returned": b"before "},
    "t.write(b'data')": {"written": b"before data"},
    "t.write('data')": refuses(TypeError, "data must be bytes, not str"),
    "t.writeSequence({b'da': 1, b'ta': 2})": {"written": b"before data"},
    "t.writeSequence([b'da', None])": refuses(TypeError),
    "t.writeSequence(1 // n for n in (1, 0))": refuses(ZeroDivisionError),
    "t.writeSequence(b'data')": refuses(TypeError),
    # The pieces go to the io of before.
    "t.writeSequence(t.clear() or p for p in [b'lost'])": STARTED_OVER,
    "hash(t) == (t.clear() or hash(t))": {**STARTED_OVER, "returned": True},
    "t.getPeer()": {"returned": PEER},
    "t.getHost()": {"returned": HOST},
    "t.registerProducer(OTHER, False)": {"producer": OTHER, "streaming": False},
    "t.registerProducer(None, '')": {"streaming": ""},
    "t.unregisterProducer()": refuses(RuntimeError, "no producer is registered"),
    "t.pauseProducing()": {"producerState": "paused"},
    "t.resumeProducing()": {"producerState": "producing"},
    "t.stopProducing()": {"producerState": "stopped"},
    "type(repr(t))": {"returned": str},
}

# What some calls do instead where there is a producer, or after an end.
ALREADY = "a producer is already registered: unregister it first"
ALREADY_REGISTERED: Effects = {
    **{call: refuses(RuntimeError, ALREADY) for call in EFFECTS if "t.reg" in call},
    "t.unregisterProducer()": {"producer": None, "streaming": None},
}
AFTER_STOP = "cannot pause or resume after stopProducing"
AFTER_CLOSE = "cannot pause or resume after loseConnection, unless lenient=True"
PAUSING = ["t.pauseProducing()", "t.resumeProducing()"]
STOPPED = dict.fromkeys(PAUSING, refuses(RuntimeError, AFTER_STOP))
REFUSED_AFTER_CLOSE = dict.fromkeys(PAUSING, refuses(RuntimeError, AFTER_CLOSE))
GIVEN = {"t.getHost()": {"returned": "host"}, "t.getPeer()": {"returned": ""}}

# Each state: what is not as at first, so that a call that puts it back is noticed, and
# the effects that calls have there instead.
STATES: Dict[str, Tuple[Dict[str, Any], Effects]] = {
    "fresh": ({}, {}),
    "a pull producer": ({"producer": Spy(), "streaming": False}, ALREADY_REGISTERED),
    "a producer, closing": (
        {"producer": Spy(), "streaming": None, "disconnecting": True},
        {**ALREADY_REGISTERED, **REFUSED_AFTER_CLOSE},
    ),
    "paused": ({"producerState": "paused"}, {}),
    "stopped, closing": ({"producerState": "stopped", "disconnecting": True}, STOPPED),
    "stopped, lenient": ({"producerState": "stopped", "_lenient": True}, STOPPED),
    "stopped, lost": ({"producerState": "stopped", "connected": False}, STOPPED),
    "closing, lenient": ({"disconnecting": True, "_lenient": True}, {}),
    "closing, by numbers": ({"connected": 1, "disconnecting": 1}, REFUSED_AFTER_CLOSE),
    "lost": ({"connected": False, "disconnecting": True}, {}),
    "aborted, still connected": ({"disconnected": True}, {}),
    "with everything, lost": (
        {
            **{"producer": Spy(), "streaming": True, "producerState": "paused"},
            **dict.fromkeys(["disconnecting", "disconnected", "_lenient"], True),
            **{"connected": False, "hostAddr": "host", "peerAddr": ""},
        },
        {**ALREADY_REGISTERED, **GIVEN},
    ),
}


class EffectsContract(StringTransportContract):
    """The table above, with what an end does to the class that is tested."""

    has_our_messages = True
    # For Twisted's: what calls do otherwise in a state of this name.
    otherwise: Dict[str, Effects] = {}

    def effects_of_ends(self, connected: bool, disconnected: bool) -> Effects:
        """Return what `loseConnection` and `abortConnection` do in such a state."""
        raise NotImplementedError

    def test_each_call_changes_what_the_table_says_and_nothing_else(self) -> None:
        wrong: List[str] = []
        for name, (state, instead) in STATES.items():
            connected = state.get("connected", True)
            ends = self.effects_of_ends(connected, state.get("disconnected", False))
            otherwise = self.otherwise.get(name, {})
            for call, effects in {**EFFECTS, **ends, **instead, **otherwise}.items():
                for each in self.what_differs(state, call, effects):
                    wrong.append(f"{call}, {name}: {each}")
        if wrong:
            shared = "of what Twisted's two classes and ours are to do alike:"
            self.fail("\n".join([f"{len(wrong)} differ {shared}", *wrong[:20]]))

    def what_differs(self, state: Any, call: str, effects: Any) -> Iterator[str]:
        """Make the call in the state, and say what is not as the table has it."""
        t = self.connect(Spy())
        t.write(b"before ")
        vars(t).update(state)
        first_io, spies = t.io, [OTHER, t.protocol, state.get("producer", Spy())]
        names = [name for name in dir(t) if name[:2] != "__"]
        for spy in spies:
            spy.calls.clear()

        def everything() -> Dict[str, Any]:
            return {
                **{name: getattr(t, name) for name in names},
                **vars(t),
                **dict.fromkeys(["returned", "raised", "message"]),
                "io": "the same" if t.io is first_io else "another one",
                "written": t.io.getvalue(),
                "is at the end": t.io.tell() == len(t.io.getvalue()),
                "attributes of spies": [sorted(vars(spy)) for spy in spies],
                "calls": [call for spy in spies for call in spy.calls],
            }

        before, outcome = everything(), {}
        try:
            outcome["returned"] = eval(call, {"t": t, "OTHER": OTHER})
        except Exception as error:
            message = str(error) if self.has_our_messages else mock.ANY
            outcome.update(refuses(type(error), message))
        after = {**everything(), **outcome}
        expected = {**dict.fromkeys(after, "not there"), **before, **effects}
        for name in after:
            # In a list, what is identical is equal, and a Spy is not asked.
            if [after[name]] != [expected[name]]:
                yield f"{name} is {after[name]!r}, not {expected[name]!r}"


# Ours.


class OurContract(EffectsContract):
    """What ours promise beyond what Twisted's do."""

    def test_each_attribute_has_a_state_where_it_is_not_as_at_first(self) -> None:
        fresh = self.transport_class()
        names = {name for name in dir(fresh) if not re.match("__|_abc_|io$", name)}
        attributes = {name for name in names if not callable(getattr(fresh, name))}
        changed = {name for state, _ in STATES.values() for name in state}
        self.assertEqual(changed, attributes)

    def test_a_lenient_one_can_be_paused_when_it_is_closing(self) -> None:
        strict, lenient = self.transport_class(), self.transport_class(lenient=True)
        strict.disconnecting = lenient.disconnecting = True
        lenient.pauseProducing()
        self.assertRaises(RuntimeError, strict.pauseProducing)

    def test_default_addresses_are_made_once(self) -> None:
        first, second = self.connect(), self.connect()
        self.assertIs(first.getPeer(), second.getPeer())
        self.assertIs(first.getHost(), second.getHost())

    def test_a_subclass_can_set_its_state_in_its_body(self) -> None:
        # All but lenient, which is an argument.
        state = {**STATES["with everything, lost"][0], "_lenient": False}
        transport = self.subclass(**state)()
        self.assertEqual({name: getattr(transport, name) for name in state}, state)
        transport.unregisterProducer()
        self.assertEqual((transport.producer, transport.streaming), (None, None))

    def assertShows(self, transport: Any, state: str) -> None:
        name = type(transport).__name__
        self.assertEqual(repr(transport), f"<{name} at {id(transport):#x} {state}>")

    def test_its_repr_shows_what_is_not_as_at_first_and_what_was_written(self) -> None:
        transport = self.transport_class()
        transport.write(b"data")
        transport.registerProducer(Spy(), False)
        transport.stopProducing()
        vars(transport).update(disconnected=True, count=7, seconds=0.5)
        shown = "count=7 disconnected=True producer=Spy producerState='stopped'"
        self.assertShows(transport, f"{shown} seconds=0.5 streaming=False b'data'")
        fresh = self.transport_class()
        fresh.disconnecting = fresh.disconnected = False
        fresh.streaming = fresh.protocol = None
        fresh.producerState = "producing"
        self.assertShows(fresh, "b''")

    def test_its_repr_cuts_short_what_was_written(self) -> None:
        transport = self.transport_class()
        transport.write(b"x" * 40)
        self.assertShows(transport, f"{b'x' * 40!r}")
        transport.write(b"y")
        self.assertShows(transport, f"{b'x' * 40!r}...")

    def test_its_repr_shows_what_there_is_without_an_io_that_can_be_read(self) -> None:
        started = self.subclass(__init__=lambda self: self.stopProducing())()
        self.assertShows(started, "producerState='stopped' io=?")
        closed = io.BytesIO()
        closed.close()
        fails = type("Fails", (io.BytesIO,), {"getvalue": None, "closed": None})()
        for buffer in (closed, None, fails, io.StringIO("text")):
            transport = self.transport_class()
            transport.io = buffer
            self.assertShows(transport, "io=?")

    def test_its_repr_shows_nothing_private_and_asks_no_other_object(self) -> None:
        class Hostile(str):
            __hash__ = str.__hash__

            def fail(self, *args: object) -> Any:
                raise ZeroDivisionError

            __repr__ = __str__ = __eq__ = __ne__ = __bool__ = fail

        transport = self.transport_class(peerAddress=Hostile(), lenient=True)
        transport.protocol = transport._private = transport.__provides__ = Hostile()
        self.assertShows(transport, "peerAddr=Hostile protocol=Hostile b''")


class StringTransportTests(OurContract, unittest.TestCase):
    transport_class = StringTransport

    def effects_of_ends(self, connected: bool, disconnected: bool) -> Effects:
        return {
            "t.loseConnection()": {"disconnecting": True},
            "t.abortConnection()": {"disconnecting": True, "disconnected": True},
        }


class StringTransportWithDisconnectionTests(
    InMemoryLossContract, OurContract, unittest.TestCase
):
    transport_class = StringTransportWithDisconnection

    def effects_of_ends(self, connected: bool, disconnected: bool) -> Effects:
        closes: Dict[str, Any] = {}
        aborts: Dict[str, Any] = {"disconnected": True}
        if connected:
            calls: List[Any] = [("connectionLost", ["Failure"], [])]
            for effects in (closes, aborts):
                effects.update(connected=False, disconnected=True, calls=calls)
            if not disconnected:
                closes["disconnecting"] = True
        return {"t.loseConnection()": closes, "t.abortConnection()": aborts}

    def test_without_connectionLost_closing_is_refused_and_can_be_repeated(
        self,
    ) -> None:
        fails = type("Fails", (), {"connectionLost": property(lambda self: self.lost)})
        for state, missing in (
            ({}, "protocol"),
            ({"protocol": None}, "connectionLost"),
            ({"protocol": fails()}, "lost"),
        ):
            transport, protocol = self.transport_class(), Protocol()
            vars(transport).update(state)
            before = dict(vars(transport))
            for end in (transport.loseConnection, transport.abortConnection):
                with self.assertRaisesRegex(AttributeError, f"'{missing}'$") as raised:
                    end()
                self.assertIsNone(raised.exception.__context__)
                self.assertEqual(vars(transport), before)
                before["disconnected"] = True
            transport.protocol = protocol
            transport.loseConnection()
            self.assertEqual(len(protocol.reasons), 1)

    def test_connectionLost_may_reopen_its_transport(self) -> None:
        transport = self.connect(Protocol(lambda t: setattr(t, "connected", True)))
        transport.loseConnection()
        self.assertTrue(transport.connected)
        transport.loseConnection()
        first, second = transport.protocol.reasons
        self.assertIsNot(first, second)
        self.assertIsNot(first.value, second.value)

    def test_an_exception_out_of_connectionLost_is_not_hidden(self) -> None:
        bad: List[BaseException] = [TypeError(), AttributeError(), KeyboardInterrupt()]
        for error in (*bad, GeneratorExit(), SystemExit()):
            lost = mock.Mock(side_effect=error)
            transport = self.connect(mock.Mock(connectionLost=lost))
            transport.write(b"data")
            with self.assertRaises(type(error)) as raised:
                transport.loseConnection()
            self.assertIs(raised.exception, error)
            self.assertIsNone(error.__cause__ or error.__context__)
            self.assertEqual((error.args, transport.value()), ((), b"data"))
            self.assertTrue(transport.disconnecting and transport.disconnected)
            transport.loseConnection()
            self.assertEqual(lost.call_count, 1)

    def test_the_reason_is_made_of_the_modules_classes_of_the_moment(self) -> None:
        own = type("ConnectionDone", (Exception,), {})
        with mock.patch.object(stringtransport, "ConnectionDone", own):
            reason = self.assertLosesOnce(CLOSE)
        self.assertIs(type(reason), stringtransport.Failure)
        self.assertIs(type(reason.value), own)
        self.assertEqual((vars(reason.value), reason.value.__traceback__), ({}, None))
        with mock.patch.object(stringtransport, "Failure", mock.Mock) as failure:
            self.assertIsInstance(self.assertLosesOnce(CLOSE), failure)

    def test_a_reason_that_cannot_be_made_changes_nothing(self) -> None:
        transport = self.connect()
        before = dict(vars(transport))
        with mock.patch.object(stringtransport, "ConnectionDone", object):
            self.assertRaises(TypeError, transport.loseConnection)
        self.assertEqual(vars(transport), before)


# The values that transports hand out: Twisted's, and our stand-ins for them.


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
    alone = run_copy("in_a_package.stringtransport")


class ValuesContract(Mixin):
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
            self.assertNotEqual(done, self.values.ConnectionDone(*given))

    def test_Failure_has_the_exception_and_its_class_and_its_message(self) -> None:
        error = self.values.ConnectionDone()
        failure = self.values.Failure(exc_value=error)
        self.assertIs(failure.value, error)
        self.assertIs(failure.type, self.values.ConnectionDone)
        self.assertEqual(failure.getErrorMessage(), "Connection was closed cleanly.")

    def test_a_Failure_is_true_and_equals_itself_alone(self) -> None:
        error = KeyError("key")
        failure, other = self.values.Failure(error), self.values.Failure(error)
        self.assertTrue(failure)
        self.assertEqual((failure == failure, failure == other), (True, False))
        self.assertEqual(len({failure, other}), 2)

    def test_check_and_trap_return_the_first_class_that_fits(self) -> None:
        failure = self.values.Failure(KeyError("key"))
        for method in (failure.check, failure.trap):
            self.assertIs(method(ValueError, LookupError, KeyError), LookupError)
            self.assertIs(method(Exception), Exception)

    def test_check_returns_None_where_no_class_fits(self) -> None:
        failure = self.values.Failure(KeyError("key"))
        namesake = type("KeyError", (Exception,), {})
        self.assertIsNone(failure.check(ValueError, IndexError, namesake))
        self.assertIsNone(failure.check())

    def test_trap_and_raiseException_raise_the_exception_as_it_was(self) -> None:
        def arise() -> None:
            raise KeyError("key") from cause

        cause = ValueError()
        for method, *asked in (("trap", ValueError), ("trap",), ("raiseException",)):
            try:
                arise()
            except KeyError as arisen:
                error, before = arisen, arisen.__traceback__
                failure = self.values.Failure(error)
                self.assertIs(error.__traceback__, before)
            # Each time with the same traceback: it does not grow.
            for _ in range(3):
                frames, raised = self.raised_by(failure, str(method), *asked)
                self.assertIs(raised, error)
                seen = raised.args, raised.__cause__, raised.__context__
                self.assertEqual(seen, (("key",), cause, None))
                self.assertEqual(frames.count("arise"), 1)
                self.assertEqual(frames.count("raiseException"), 1)
                self.assertIs(failure.tb, before)

    def raised_by(self, failure: Any, method: str, *asked: Any) -> Any:
        """Return the functions in the traceback of what the method raises, and it."""
        try:
            getattr(failure, method)(*asked)
        except KeyError as raised:
            found = traceback.extract_tb(raised.__traceback__)
            return [frame.name for frame in found], raised
        self.fail(f"{method} raised nothing")

    def test_an_exception_that_was_never_raised_has_no_traceback(self) -> None:
        failure = self.values.Failure(KeyError("key"))
        self.assertIsNone(failure.tb)
        for _ in range(3):
            frames, _ = self.raised_by(failure, "raiseException")
            self.assertEqual(frames, ["raised_by", "raiseException"])

    def test_addresses_are_equal_where_their_fields_are(self) -> None:
        address = self.values.IPv4Address("TCP", "127.0.0.1", 80)
        fields = address.type, address.host, address.port
        self.assertEqual(fields, ("TCP", "127.0.0.1", 80))
        same = self.values.IPv4Address(port=80, host="127.0.0.1", type="TCP")
        self.assertEqual((address == same, address != same), (True, False))
        for other in (("UDP", *fields[1:]), ("TCP", "::1", 80), (*fields[:2], 443)):
            other = self.values.IPv4Address(*other)
            self.assertEqual((address == other, address != other), (False, True))
            self.assertEqual(len({address, same, other}), 2)


class StandInTests(ValuesContract, unittest.TestCase):
    values = alone

    def test_IPv4Address_is_a_namedtuple_of_three_fields_and_nothing_else(self) -> None:
        address = alone.IPv4Address("TCP", "127.0.0.1", 80)
        self.assertEqual(address, ("TCP", "127.0.0.1", 80))
        self.assertEqual(address._fields, ("type", "host", "port"))
        self.assertRaises(AttributeError, setattr, address, "further", 1)
        self.assertRaises(TypeError, "%s".__mod__, address)
        self.assertEqual("%s" % (address,), repr(address))

    def test_Failure_takes_an_exception_and_nothing_else(self) -> None:
        for given in (alone.ConnectionDone, "error", None, alone.Failure(KeyError())):
            message = f"^exc_value must be an exception, not {re.escape(repr(given))}$"
            self.assertRaisesRegex(TypeError, message, alone.Failure, given)

    def test_Failure_has_three_attributes_and_is_no_exception(self) -> None:
        error = KeyError("key")
        failure = alone.Failure(error)
        attributes = {"value": error, "type": KeyError, "tb": None}
        self.assertEqual(vars(failure), attributes)
        self.assertNotIsInstance(failure, BaseException)

    def test_getErrorMessage_is_what_str_says_or_raises(self) -> None:
        mute = type("Mute", (Exception,), {"__str__": mock.Mock(side_effect=OSError)})
        self.assertEqual(alone.Failure(KeyError()).getErrorMessage(), "")
        self.assertRaises(OSError, alone.Failure(mute()).getErrorMessage)

    def test_Failure_shows_its_exception_by_its_repr(self) -> None:
        for error in (KeyError("key"), alone.ConnectionDone(5)):
            for shown in (repr, str):
                self.assertEqual(shown(alone.Failure(error)), f"<Failure {error!r}>")

    def test_ConnectionDone_is_nothing_but_an_exception(self) -> None:
        self.assertEqual(alone.ConnectionDone.__bases__, (Exception,))

    def test_check_finds_the_class_of_the_exception_and_every_base_of_it(self) -> None:
        failure = alone.Failure(KeyboardInterrupt())
        for errorType in (KeyboardInterrupt, BaseException, object):
            self.assertIs(failure.check(errorType), errorType)
        virtual = ABCMeta("Virtual", (Exception,), {})
        virtual.register(KeyboardInterrupt)
        self.assertIsNone(failure.check(Exception, virtual))

    def test_check_and_trap_refuse_what_is_no_class_and_say_what_it_is(self) -> None:
        failure = alone.Failure(KeyError("key"))
        for asked in ((ValueError, KeyError), "KeyError", KeyError("key"), None):
            message = f"^errorTypes must be classes, not {re.escape(repr(asked))}$"
            for method in (failure.check, failure.trap):
                self.assertRaisesRegex(TypeError, message, method, OSError, asked)
                self.assertIs(method(OSError, KeyError, asked), KeyError)


# The interfaces, and all that is public with its signature.

NAMES = ("ITransport", "IConsumer", "IPushProducer")
INTERFACES: List[Any] = [getattr(stringtransport, name) for name in NAMES]
SIGNATURES = """
    ITransport.write(self, data)
    ITransport.writeSequence(self, data)
    ITransport.loseConnection(self)
    ITransport.getPeer(self)
    ITransport.getHost(self)
    IConsumer.registerProducer(self, producer, streaming)
    IConsumer.unregisterProducer(self)
    IConsumer.write(self, data)
    IPushProducer.pauseProducing(self)
    IPushProducer.resumeProducing(self)
    IPushProducer.stopProducing(self)
    IPv4Address.__new__(_cls, type, host, port)
    Failure.__init__(self, exc_value)
    Failure.check(self, *errorTypes)
    Failure.trap(self, *errorTypes)
    Failure.getErrorMessage(self)
    Failure.raiseException(self)
    StringTransport.__init__(self, hostAddress=None, peerAddress=None, lenient=False)
    StringTransport.clear(self)
    StringTransport.value(self)
    StringTransport.abortConnection(self)
    StringTransportWithDisconnection.loseConnection(self)
    """.split("\n")[1:-1]


def signatures(public: Any) -> Iterator[str]:
    """Say how each public method of the class is called, annotations aside."""
    for name in vars(public):
        method, empty = getattr(public, name), inspect.Parameter.empty
        if inspect.isfunction(method):
            taken = inspect.signature(method).parameters.values()
            bare = inspect.Signature([each.replace(annotation=empty) for each in taken])
            if name[0] != "_" or name in ("__init__", "__new__"):
                yield f"    {public.__name__}.{name}{bare}"


class InterfaceTests(unittest.TestCase):
    def test_all_that_is_public_and_what_it_takes_is_in_the_list(self) -> None:
        names = {line.split(".")[0].strip() for line in SIGNATURES}
        self.assertEqual({*alone.__all__}, {*names, "ConnectionDone"})
        self.assertRegex(alone.__version__, r"^\d+\.\d+\.\d+(\.dev0)?$")
        of_interfaces = "|".join(NAMES)
        ours = {re.sub(of_interfaces, "StringTransport", line) for line in SIGNATURES}
        found = [line for name in names for line in signatures(getattr(alone, name))]
        self.assertEqual({*found}, {*SIGNATURES, *ours})

    def test_each_method_of_an_interface_is_abstract(self) -> None:
        for abc in INTERFACES:
            names = {name for name in vars(abc) if name[0] != "_"}
            self.assertEqual(getattr(abc, "__abstractmethods__"), names)

    def test_an_instance_of_a_derived_or_registered_class_is_one(self) -> None:
        for abc in INTERFACES:
            self.assertIsInstance(StringTransport(), abc)
            self.assertIsInstance(StringTransportWithDisconnection(), abc)
            registered = type("Registered", (), {})
            self.assertNotIsInstance(registered(), abc)
            abc.register(registered)
            self.assertIsInstance(registered(), abc)


# What the module makes of what is installed, and of where it is.


class SurroundingsTests(unittest.TestCase):
    def assertStandsAlone(self, copy: Any) -> None:
        for value in (copy.ConnectionDone, copy.Failure, copy.IPv4Address):
            self.assertEqual(value.__module__, copy.__name__)
        transport = copy.StringTransportWithDisconnection()
        transport.protocol = protocol = Protocol()
        transport.loseConnection()
        done = copy.ConnectionDone
        self.assertEqual([reason.check(done) for reason in protocol.reasons], [done])

    # As much of a Twisted as the module asks for, with any other classes.
    TWISTED: Dict[str, Dict[str, Any]] = {
        "twisted": {},
        "twisted.internet": {},
        "twisted.internet.address": {"IPv4Address": slice},
        "twisted.internet.error": {"ConnectionDone": KeyError},
        "twisted.internet.interfaces": {},
        "twisted.python": {},
        "twisted.python.failure": {"Failure": dict},
    }

    def run_beside(self, modules: Dict[str, Dict[str, Any]]) -> Any:
        """Run a copy where these modules, with their names, are all that there is."""
        with hidden("twisted", "zope"):
            for name, attributes in modules.items():
                module = sys.modules[name] = types.ModuleType(name)
                vars(module).update(attributes, __path__=[])
            return run_copy("beside_others")

    def test_with_a_Twisted_the_values_are_its_own(self) -> None:
        copy = self.run_beside(self.TWISTED)
        values = (copy.ConnectionDone, copy.Failure, copy.IPv4Address)
        self.assertEqual(values, (KeyError, dict, slice))

    def test_half_a_Twisted_does_no_harm(self) -> None:
        self.assertStandsAlone(self.run_beside({"twisted": {}}))
        for module in ("internet.address", "internet.error", "python.failure"):
            lacking = {**self.TWISTED, f"twisted.{module}": {}}
            self.assertStandsAlone(self.run_beside(lacking))
            del lacking[f"twisted.{module}"]
            self.assertStandsAlone(self.run_beside(lacking))

    def test_half_a_zope_does_no_harm(self) -> None:
        self.assertStandsAlone(self.run_beside({"zope": {}}))
        half: Effects = {"zope": {}, "zope.interface": {"classImplements": print}}
        half["zope.interface.interface"] = {}
        self.assertStandsAlone(self.run_beside(half))

    def test_a_broken_Twisted_or_zope_is_not_hidden(self) -> None:
        errors = AttributeError, OSError, SyntaxError
        for package, error in itertools.product(("twisted", "zope"), errors):
            finder = mock.Mock(find_spec=mock.Mock(side_effect=error))
            broken = mock.patch.object(sys, "meta_path", [finder])
            with hidden("twisted", "zope"), broken:
                for name in [n for n in sys.modules if n.startswith(package)]:
                    del sys.modules[name]
                with self.assertRaises(error, msg=package):
                    run_copy("beside_a_broken_one")
            self.assertEqual(finder.find_spec.call_args[0][0], package)

    def test_it_imports_nothing_but_the_standard_library_twisted_and_zope(self) -> None:
        source = inspect.getsource(stringtransport)
        found = {*re.findall(r"^ *(?:from|import) (\w+)", source, re.M)}
        # The tools of a host may have put in __future__ and collections.abc.
        expected = {"__future__", "abc", "collections", "io", "typing"}
        self.assertEqual(found - expected, {"twisted", "zope"})

    def test_every_annotation_evaluates_to_a_real_type(self) -> None:
        own = type("Own", (alone.StringTransportWithDisconnection,), {})
        hints: List[Tuple[str, Any]] = []
        with mock.patch.dict(sys.modules, {alone.__name__: alone}):
            for public in (own, *(getattr(alone, name) for name in alone.__all__)):
                functions = filter(inspect.isfunction, vars(public).values())
                for annotated in (public, *functions):
                    hints += typing.get_type_hints(annotated).items()
        self.assertIn(("streaming", typing.Optional[bool]), hints)
        self.assertIn(("return", typing.Union[alone.IPv4Address, Any]), hints)
