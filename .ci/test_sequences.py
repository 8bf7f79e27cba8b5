"""Random sequences hold ours to Twisted's transports: needs Twisted and Hypothesis.

Hypothesis takes random steps with two transports at a time, and shows the shortest
sequence after which they differ. What is agreed to differ stands in the classes named
Agreed... and, where a real connection takes its time, in `OursAndTCP.state` and
`close`. The sequences are the same in each run. With HYPOTHESIS_PROFILE=thorough in
the environment, there are many more, and always others.
"""

import collections
import io
import os
import socket
import unittest
from unittest import mock

from hypothesis import assume, settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine
from hypothesis.stateful import initialize, invariant, rule
from twisted.internet import testing
from twisted.internet.error import ConnectionAborted
from twisted.python.failure import Failure

import stringtransport
from stringtransport import StringTransport, StringTransportWithDisconnection
from test_stringtransport import LARGE, Protocol
from test_twisted import VERSION, RealConnection

quick = settings(max_examples=100, deadline=None, database=None, derandomize=True)
settings.register_profile("quick", quick)
settings.register_profile("thorough", quick, max_examples=10000, derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

ENDS = st.sampled_from(["loseConnection", "abortConnection"])
BEFORE_21_2 = VERSION < (21, 2)
case = unittest.TestCase()
case.maxDiff = None


def outcome(action, subject):
    """Return what the action returns, or which exception it raises, and out of what."""
    try:
        return action(subject)
    except BaseException as error:
        return [type(each) for each in (error, error.__cause__, error.__context__)]


class SideBySide(RuleBasedStateMachine):
    transports = ()

    def both(self, action):
        """Do the same with both, and compare what comes of it."""
        told = []
        for self.transport in self.transports:
            self.calls = []
            told.append((self.show(outcome(action, self.transport)), self.calls))
        case.assertEqual(*told)

    def show(self, value):
        return repr(value)


# Ours and Twisted's in memory.


class AgreedStringTransport(testing.StringTransport):
    """Twisted's, with what is agreed to differ in both of ours."""

    # Twisted's constructor sets it, whatever a subclass says.
    connected = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.connected

    def _checkState(self):
        # Twisted's refuses pausing after the loss, too. Real connections never do.
        if self.connected or self.producerState == "stopped":
            super()._checkState()

    if BEFORE_21_2:

        def write(self, data):
            # It refused str alone.
            if not isinstance(data, bytes):
                raise TypeError
            super().write(data)


class AgreedWithDisconnection(
    AgreedStringTransport, testing.StringTransportWithDisconnection
):
    def loseConnection(self):
        if self.connected:
            # When this fails, Twisted's has already lost the connection.
            self.protocol.connectionLost
            # Real connections set them before they call. Twisted's does not.
            self.disconnecting = self.disconnected = True
        super().loseConnection()


class Spy:
    """A protocol and a producer: it notes what is asked of it, and may react.

    It is false and equals nothing: a transport has no reason to ask.
    """

    def __init__(self, machine, reaction):
        self._machine, self._reaction = machine, reaction

    def connectionLost(self, *reason):
        self._machine.note(self, *reason)
        if isinstance(self._reaction, type):
            raise self._reaction
        self._reaction(self._machine.transport)
        return "something"

    def __getattr__(self, name):
        self._machine.note(self, name)
        raise AttributeError(name)

    def __bool__(self, *other):
        self._machine.note(self, "bool or ==", *other)
        return False

    __eq__ = __bool__

    def __repr__(self):
        self._machine.note(self, "repr")
        return "a Spy"


ARGUMENTS = ["hostAddress", "peerAddress", "lenient"]
FLAGS = ["connected", "disconnecting", "disconnected", "producerState"]
OBJECTS = ["hostAddr", "peerAddr", "producer", "streaming", "protocol", "further"]
METHODS = ["clear", "value", "write", "writeSequence", "getPeer", "getHost"]
METHODS += ["loseConnection", "abortConnection", "_checkState", "registerProducer"]
METHODS += ["unregisterProducer", "pauseProducing", "resumeProducing", "stopProducing"]

UNREACHABLE = type("Unreachable", (), {"connectionLost": property()})()
# The last one is another object than "stopped".
STATES = ["producing", "paused", "neither", "".join(["stop", "ped"])]
# ANY equals everything.
VALUES = [None, True, False, 0, "", [], ["peer", 1], object(), mock.ANY, UNREACHABLE]
VALUES = st.sampled_from(VALUES + STATES)

LINE = type("Line", (bytes,), {})(b"line")
DATA = [b"x" * 9999, LINE, bytearray(b"a"), memoryview(b"m"), "s", "", None, 7, [b"l"]]
DATA = st.binary(max_size=9) | st.sampled_from(DATA)
SEQUENCES = [(b"one", b"two"), {b"one": 1}, b"data", "", None, 7]
SEQUENCES = (
    st.lists(st.binary(max_size=9)) | st.lists(DATA) | st.sampled_from(SEQUENCES)
)

# What a test may do, and a protocol in connectionLost.
STEPS = [
    lambda t: t.write(b"data"),
    lambda t: t.writeSequence([b"one", b"two"]),
    lambda t: t.writeSequence(p for p in (b"one", bytearray(b"two"), memoryview(b"3"))),
    lambda t: t.writeSequence(1 // p and b"one" for p in (1, 0)),
    lambda t: t.writeSequence(t.write(b"inner") or p for p in (b"one", b"two")),
    lambda t: t.writeSequence(t.clear() or p for p in (b"one", b"two")),
    lambda t: t.clear(),
    lambda t: t.io.seek(2),
    lambda t: setattr(t, "io", io.BytesIO(b"given")),
    lambda t: setattr(t, "io", None),
    lambda t: t.loseConnection(),
    lambda t: t.abortConnection(),
    lambda t: t.registerProducer(t.protocol, True),
    lambda t: t.unregisterProducer(),
    lambda t: t.pauseProducing(),
    lambda t: t.resumeProducing(),
    lambda t: t.stopProducing(),
    lambda t: setattr(t, "protocol", t.producer),
    lambda t: setattr(t, "protocol", None),
    lambda t: delattr(t, "protocol"),
    lambda t: t.startTLS,
    lambda t: t.negotiatedProtocol,
    lambda t: (bool(t), t == t, t == type(t)(), t in {t}),
    # Without io, ours has no repr.
    lambda t: t.io and type(repr(t)),
]
REACTIONS = [KeyError, AttributeError, TypeError, KeyboardInterrupt, SystemExit]
REACTIONS += [
    lambda t: None,
    lambda t: setattr(t, "connected", True),
    lambda t: setattr(t, "disconnecting", False),
]
REACTIONS = st.sampled_from(REACTIONS) | st.sampled_from(STEPS)

OVERRIDES = [
    lambda method, *args, **kwargs: method(*args, **kwargs),
    lambda method, *args, **kwargs: "something",
    lambda method, *args, **kwargs: 1 // 0,
]


def some(names, values):
    return st.just({}) | st.dictionaries(st.sampled_from(names), values, max_size=3)


class InMemory(SideBySide):
    spies = Bundle("spies")

    def __init__(self):
        super().__init__()
        self.ios, self.reasons = collections.defaultdict(list), []

    def note(self, *call):
        shown = [self.show(each) for each in call]
        self.calls.append((shown, self.state(self.transport)))

    def show(self, value):
        if isinstance(value, Spy):
            return object.__repr__(value)
        if isinstance(value, Failure):
            known = any(value is each for each in self.reasons)
            self.reasons.append(value)
            error = value.value
            return known, type(value), type(error), error.args, error.__traceback__
        return repr(value)

    def state(self, transport):
        names = {*vars(transport), *FLAGS, *OBJECTS} - {"io"}
        names = sorted(name for name in names if name[0] != "_")
        state = {name: self.show(getattr(transport, name, "none")) for name in names}
        current, seen = getattr(transport, "io", None), self.ios[transport]
        if not any(each is current for each in seen):
            seen.append(current)
        # Also those that it had before: the test may hold them.
        state["io"] = [(e is current, e and (e.getvalue(), e.tell())) for e in seen]
        return state

    def override(self, method, replacement):
        def overriding(transport, *args, **kwargs):
            # The constructor calls, too.
            self.transport = transport
            self.note(method.__name__, *map(type, args))
            return replacement(method, transport, *args, **kwargs)

        return overriding

    @initialize(
        target=spies,
        reaction=REACTIONS,
        arguments=st.fixed_dictionaries({}, optional=dict.fromkeys(ARGUMENTS, VALUES)),
        attributes=some(FLAGS + OBJECTS, VALUES),
        overrides=some(METHODS, st.sampled_from(OVERRIDES))
        | st.just(dict.fromkeys(METHODS, OVERRIDES[0])),
    )
    def construct(self, reaction, arguments, attributes, overrides):
        made = []

        def make(base):
            items = overrides.items()
            methods = {name: self.override(getattr(base, name), o) for name, o in items}
            subclass = type("Subclass", (base,), {**attributes, **methods})
            made.append(subclass(**arguments))

        self.both(make)
        assume(made)
        self.transports = made
        return self.set_protocol(reaction)

    @invariant()
    def they_are_in_the_same_state(self):
        case.assertEqual(*map(self.state, self.transports))
        for name in ("value", "getPeer", "getHost"):
            self.both(lambda t: getattr(t, name)())

    @rule(arguments=st.lists(VALUES, max_size=4))
    def construct_another(self, arguments):
        # It also shows whether anything got into the class.
        self.both(lambda t: self.state(type(t)(*arguments)))

    @rule(target=spies, reaction=REACTIONS)
    def set_protocol(self, reaction):
        spy = Spy(self, reaction)
        self.both(lambda t: setattr(t, "protocol", spy))
        return spy

    @rule(step=st.sampled_from(STEPS))
    def take(self, step):
        self.both(step)

    @rule(name=st.sampled_from(METHODS), arguments=st.lists(spies | VALUES, max_size=3))
    def call_with_anything(self, name, arguments):
        self.both(lambda t: getattr(t, name)(*arguments))

    @rule(data=DATA)
    def write(self, data):
        self.both(lambda t: t.write(data))
        self.both(lambda t: t.write(data=data))

    @rule(sequence=SEQUENCES)
    def write_sequence(self, sequence):
        before = repr(sequence)
        self.both(lambda t: t.writeSequence(sequence))
        self.both(lambda t: t.writeSequence(data=sequence))
        case.assertEqual(repr(sequence), before)

    @rule(protocol=VALUES, end=ENDS)
    def close_without_connectionLost(self, protocol, end):
        self.both(lambda t: setattr(t, "connected", True))
        self.both(lambda t: setattr(t, "protocol", protocol))
        self.both(lambda t: getattr(t, end)())

    @rule(target=spies, reaction=REACTIONS, end=ENDS)
    def close_anew(self, reaction, end):
        self.both(lambda t: setattr(t, "connected", True))
        spy = self.set_protocol(reaction)
        self.both(lambda t: getattr(t, end)())
        return spy

    @rule(producer=spies | VALUES, streaming=spies | VALUES)
    def register(self, producer, streaming):
        self.both(lambda t: t.registerProducer(streaming=streaming, producer=producer))

    @rule(name=st.sampled_from(FLAGS), value=VALUES)
    def assign_flag(self, name, value):
        self.both(lambda t: setattr(t, name, value))

    @rule(name=st.sampled_from(OBJECTS), value=VALUES | spies)
    def assign_object(self, name, value):
        self.both(lambda t: setattr(t, name, value))


class TwoStringTransports(InMemory):
    transports = StringTransport, AgreedStringTransport


class TwoWithDisconnection(InMemory):
    transports = StringTransportWithDisconnection, AgreedWithDisconnection


StringTransportTests = TwoStringTransports.TestCase
StringTransportWithDisconnectionTests = TwoWithDisconnection.TestCase


# Ours and a real connection.


class TCP(RealConnection, unittest.TestCase):
    pass


class AgreedOnTCP(StringTransportWithDisconnection):
    """Ours, with what is agreed to differ on TCP."""

    def abortConnection(self):
        # It gives another reason.
        with mock.patch.object(stringtransport, "ConnectionDone", ConnectionAborted):
            super().abortConnection()

    def registerProducer(self, producer, streaming):
        # After the loss, it stops the producer, and keeps none.
        if self.connected:
            super().registerProducer(producer, streaming)

    def unregisterProducer(self):
        # It is no error if there is none.
        if self.producer is not None:
            super().unregisterProducer()

    def getHost(self):
        # After the loss, the socket is gone.
        return self.socket if self.disconnected else super().getHost()

    if BEFORE_21_2:

        def write(self, data):
            # None was the same as nothing.
            super().write(b"" if data is None else data)


ON_TCP = [
    lambda t: t.write(b"data"),
    lambda t: t.write(b""),
    lambda t: t.write(LARGE),
    lambda t: t.write("data"),
    lambda t: t.write(None),
    lambda t: t.writeSequence([]),
    lambda t: t.writeSequence([b"one", b"two"]),
    lambda t: t.writeSequence([LARGE, b"three"]),
    lambda t: t.writeSequence([b"one", "two"]),
    lambda t: t.writeSequence(None),
    lambda t: t.unregisterProducer(),
    lambda t: t.pauseProducing(),
    lambda t: t.resumeProducing(),
    lambda t: type(t.getPeer()),
    lambda t: t.getPeer() == t.getPeer() != t.getHost(),
    lambda t: [type(getattr(t.getHost(), name)) for name in ("type", "host", "port")],
    lambda t: t.negotiatedProtocol,
]


class OursAndTCP(SideBySide):
    def __init__(self):
        super().__init__()
        self.producer, self.aborted, self.inside = mock.Mock(), False, []
        self.connection, self.ours = TCP(), AgreedOnTCP()
        self.ours.protocol = Protocol(self.when_lost)
        self.ours.protocol.makeConnection(self.ours)
        self.connection.setUp()
        self.real = self.connection.connect(Protocol(self.when_lost))
        self.transports = self.ours, self.real
        # Smaller than LARGE.
        self.real.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)

    def state(self, t):
        # After abortConnection, ours alone is disconnecting.
        disconnecting = self.aborted or bool(t.disconnecting)
        return bool(t.connected), disconnecting, bool(t.disconnected)

    def when_lost(self, transport):
        self.inside.append(self.state(transport))

    @invariant()
    def they_are_in_the_same_state(self):
        self.both(self.state)
        case.assertEqual(self.inside[:1], self.inside[1:])
        protocols = self.ours.protocol, self.connection.protocol
        case.assertEqual(*([r.type for r in each.reasons] for each in protocols))

    @rule(step=st.sampled_from(ON_TCP))
    def take(self, step):
        self.both(step)

    @rule(streaming=st.booleans())
    def register(self, streaming):
        self.both(lambda t: t.registerProducer(self.producer, streaming))

    @rule()
    def let_the_reactor_run(self):
        self.connection.settle()

    @rule(end=ENDS)
    def close(self, end):
        self.producer.reset_mock()
        if self.ours.connected:
            self.written, self.aborted = self.ours.value(), end == "abortConnection"
        self.both(lambda t: getattr(t, end)())
        seen, resumed = self.connection.protocol, self.producer.resumeProducing
        self.connection.run_until(lambda: seen.reasons or resumed.called)
        if not seen.reasons:
            # Unlike ours, it waits for a producer that it has resumed.
            self.real.unregisterProducer()
        other_end = self.connection.other_end
        self.connection.run_until(lambda: seen.reasons and other_end.reasons)
        arrived = other_end.received
        # What was not sent before abortConnection is dropped.
        expected = self.written[: len(arrived)] if self.aborted else self.written
        case.assertTrue(arrived == expected, f"{len(arrived)} bytes arrived")

    def teardown(self):
        try:
            self.close("loseConnection")
        finally:
            self.connection.doCleanups()


OursAndTCPTests = OursAndTCP.TestCase
OursAndTCPTests.settings = settings(max_examples=settings.default.max_examples // 4)
