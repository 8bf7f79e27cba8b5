"""Random sequences hold ours to Twisted's transports: needs Twisted and Hypothesis.

Hypothesis takes random steps with two transports at a time, and shows the shortest
sequence after which they differ. What is agreed to differ stands in the three classes
named Agreed..., and nowhere else. In a checkout:

    python -m unittest discover .ci -p test_sequences.py

The environment variable HYPOTHESIS_PROFILE, if it is "thorough", makes it take longer.
"""

import collections
import inspect
import io
import os
import runpy
import socket
import sys
import tempfile
import time
import unittest
from unittest import mock

import hypothesis.configuration
import twisted
from hypothesis import assume, given, settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine
from hypothesis.stateful import initialize, invariant, precondition, rule
from twisted.internet import protocol, selectreactor, testing
from twisted.internet.error import ConnectionAborted, ConnectionDone
from twisted.python.failure import Failure

import stringtransport

# The checkout is to stay as it is.
hypothesis.configuration.set_hypothesis_home_dir(tempfile.gettempdir())
settings.register_profile(
    "quick", max_examples=150, deadline=None, database=None, print_blob=True
)
settings.register_profile(
    "thorough", settings.get_profile("quick"), max_examples=5000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

assert_equal = unittest.TestCase().assertEqual
BEFORE_21_2 = twisted.version.major < 21


# Ours and Twisted's in memory.


class Agreed:
    """Twisted's, with what is agreed to differ in both of ours."""

    # Twisted's constructor sets it, over what a subclass says.
    connected = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        del self.connected

    if BEFORE_21_2:

        def write(self, data):
            # Only str was refused.
            if not isinstance(data, bytes):
                raise TypeError
            super().write(data)

    def _checkState(self):
        # Twisted's refuses pausing after the loss, too. Real connections do not.
        if self.connected or self.producerState == "stopped":
            super()._checkState()


class AgreedStringTransport(Agreed, testing.StringTransport):
    pass


class AgreedStringTransportWithDisconnection(
    Agreed, testing.StringTransportWithDisconnection
):
    def loseConnection(self):
        if self.connected:
            # Twisted's has lost the connection when it finds that this fails.
            self.protocol.connectionLost
            # Twisted's leaves both False. Real connections set them.
            self.disconnecting = self.disconnected = True
        super().loseConnection()


class PlannedInterrupt(KeyboardInterrupt):
    """Other than the one who runs the tests causes."""


class PlannedExit(SystemExit):
    pass


class Spy:
    """A protocol and a producer: it notes what is asked of it, and may react to it.

    It is false and equals nothing, so that a transport that asks is found out.
    """

    def __init__(self, machine, reaction):
        self._machine, self._reaction = machine, reaction

    def _note(self, *call):
        self._machine.note(self, *call)
        return False

    def connectionLost(self, reason):
        self._note("connectionLost", reason)
        if inspect.isclass(self._reaction):
            raise self._reaction("planned")
        self._reaction(self._machine.transport)
        return "something"

    def __getattr__(self, name):
        self._note(name)
        raise AttributeError(name)

    def __bool__(self):
        return self._note("bool")

    def __eq__(self, other):
        return self._note("==")

    def __repr__(self):
        return str(self._note("repr"))

    __hash__ = None


class Unreachable:
    @property
    def connectionLost(self):
        raise AttributeError("of its own")


class Line(bytes):
    pass


FLAGS = ["connected", "disconnecting", "disconnected", "producerState"]
OBJECTS = ["hostAddr", "peerAddr", "producer", "streaming", "protocol", "further"]
METHODS = "clear value write writeSequence loseConnection abortConnection getPeer".split()
METHODS += "getHost registerProducer unregisterProducer pauseProducing".split()
METHODS += "resumeProducing stopProducing _checkState".split()

# ANY equals everything, and the joined string is "stopped", but another object.
VALUES = [None, True, False, 0, "", [], ["peer", 1], ("host", 1), b"h2", object()]
VALUES += ["producing", "paused", "".join(["stop", "ped"]), mock.ANY, Unreachable()]
VALUES = st.sampled_from(VALUES)
DATA = st.binary(max_size=9) | st.sampled_from(
    [b"data" * 99, Line(b"line"), bytearray(b"array"), memoryview(b"view")]
    + ["data", "", None, 7, [b"data"]]
)
SEQUENCES = st.lists(st.binary(max_size=9)) | st.lists(DATA, max_size=4)
SEQUENCES |= st.sampled_from([(b"one", b"two"), {b"one": 1}, b"data", "", None, 7])
GENERATORS = [
    lambda t: (p for p in (b"one", bytearray(b"two"), memoryview(b"three"))),
    lambda t: (1 // p and b"one" for p in (1, 0)),
    lambda t: (t.write(b"inner") or p for p in (b"one", b"two")),
    lambda t: (t.clear() or p for p in (b"one", b"two")),
]
REACTIONS = [
    lambda t: None,
    lambda t: t.write(b"late"),
    lambda t: t.writeSequence([b"later", b"latest"]),
    lambda t: t.clear(),
    lambda t: t.loseConnection(),
    lambda t: t.abortConnection(),
    lambda t: t.pauseProducing(),
    lambda t: t.stopProducing(),
    lambda t: t.registerProducer(t.protocol, True),
    lambda t: t.unregisterProducer(),
    lambda t: setattr(t, "connected", True),
    lambda t: setattr(t, "protocol", t.producer),
]
REACTIONS += [KeyError, AttributeError, TypeError, RuntimeError, ConnectionDone]
REACTIONS = st.sampled_from(REACTIONS + [PlannedInterrupt, PlannedExit])
OVERRIDES = [
    lambda method, *args: method(*args),
    lambda method, *args: "something",
    lambda method, *args: 1 // 0,
]


def some_of(names, values):
    """Return a strategy for dictionaries, which are empty every other time."""
    names = st.sampled_from(names)
    return st.just({}) | st.dictionaries(names, values, min_size=1, max_size=3)


class Machine(RuleBasedStateMachine):
    """Does the same with one of ours and one of Twisted's."""

    spies = Bundle("spies")
    classes = ()

    def __init__(self):
        super().__init__()
        self.transports = self.classes
        self.ios = collections.defaultdict(list)

    def both(self, action):
        """Do it with both transports, and compare what comes of it."""
        results, told = [], []
        for self.transport in self.transports:
            self.calls, result = [], None
            try:
                result = action(self.transport)
                outcome = self.show(result)
            except (Exception, PlannedInterrupt, PlannedExit) as error:
                context, cause = error.__context__, error.__cause__
                outcome = [type(each) for each in (error, context, cause)]
            results.append(result)
            told.append((outcome, self.calls))
        assert_equal(*told)
        return results

    def note(self, *call):
        shown = [self.show(each) for each in call]
        self.calls.append((shown, self.state(self.transport)))

    def show(self, value):
        """Return what is equal for what is as good as the same."""
        if isinstance(value, self.classes):
            return "a transport"
        if isinstance(value, Spy):
            return object.__repr__(value)
        if isinstance(value, Failure):
            error = value.value
            return type(value), type(error), error.args, error.__traceback__
        return repr(value)

    def state(self, transport):
        names = {*vars(transport), *FLAGS, *OBJECTS} - {"io"}
        names = sorted(name for name in names if name[0] != "_")
        state = {name: self.show(getattr(transport, name, "none")) for name in names}
        current, ios = getattr(transport, "io", None), self.ios[transport]
        if not any(each is current for each in ios):
            ios.append(current)
        state["io"] = [
            (each is current, each and (each.getvalue(), each.tell())) for each in ios
        ]
        return state

    def override(self, method, replacement):
        def overriding(transport, *args, **kwargs):
            # The constructor calls, too.
            self.transport = transport
            self.note(method.__name__, *args)
            return replacement(method, transport, *args, **kwargs)

        return overriding

    @initialize(
        arguments=some_of(["hostAddress", "peerAddress", "lenient"], VALUES),
        attributes=some_of(FLAGS + OBJECTS, VALUES),
        overrides=some_of(METHODS, st.sampled_from(OVERRIDES)),
    )
    def construct(self, arguments, attributes, overrides):
        def subclass(base):
            names = {n: self.override(getattr(base, n), o) for n, o in overrides.items()}
            return type("Subclass", (base,), {**attributes, **names})

        self.transports = self.both(lambda base: subclass(base)(**arguments))
        assume(None not in self.transports)

    @initialize(target=spies, reaction=REACTIONS)
    def spy(self, reaction):
        return Spy(self, reaction)

    @invariant()
    def the_states_are_the_same(self):
        assert_equal(*map(self.state, self.transports))

    @rule(arguments=st.lists(VALUES, max_size=4))
    def construct_another(self, arguments):
        # It also shows whether anything got into the class.
        self.both(lambda t: self.state(type(t)(*arguments)))

    @rule(data=DATA)
    def write(self, data):
        self.both(lambda t: t.write(data))

    @rule(sequence=SEQUENCES)
    def write_sequence(self, sequence):
        before = repr(sequence)
        self.both(lambda t: t.writeSequence(sequence))
        assert_equal(repr(sequence), before)

    @rule(generator=st.sampled_from(GENERATORS))
    def write_what_is_generated(self, generator):
        self.both(lambda t: t.writeSequence(generator(t)))

    @rule(data=DATA, sequence=SEQUENCES)
    def write_by_keyword(self, data, sequence):
        self.both(lambda t: t.write(data=data))
        self.both(lambda t: t.writeSequence(data=sequence))

    @rule(name=st.sampled_from(METHODS))
    def call(self, name):
        self.both(lambda t: getattr(t, name)())

    @rule(name=st.sampled_from(METHODS), arguments=st.lists(spies | VALUES, max_size=3))
    def call_with_anything(self, name, arguments):
        self.both(lambda t: getattr(t, name)(*arguments))

    @rule(name=st.sampled_from(["loseConnection", "abortConnection"]))
    def close(self, name):
        self.both(lambda t: getattr(t, name)())

    @rule(producer=spies | VALUES, streaming=spies | VALUES)
    def register(self, producer, streaming):
        self.both(lambda t: t.registerProducer(streaming=streaming, producer=producer))

    @rule(target=spies, reaction=REACTIONS)
    def set_protocol(self, reaction):
        protocol = Spy(self, reaction)
        self.both(lambda t: setattr(t, "protocol", protocol))
        return protocol

    @rule()
    def delete_protocol(self):
        self.both(lambda t: delattr(t, "protocol"))

    @rule(name=st.sampled_from(FLAGS), value=VALUES)
    def set_flag(self, name, value):
        self.both(lambda t: setattr(t, name, value))

    @rule(name=st.sampled_from(OBJECTS), value=spies | VALUES)
    def set_object(self, name, value):
        self.both(lambda t: setattr(t, name, value))

    @rule(data=st.binary(max_size=9))
    def replace_io(self, data):
        self.both(lambda t: setattr(t, "io", io.BytesIO(data)))

    @rule()
    def remove_io(self):
        self.both(lambda t: setattr(t, "io", None))

    @rule(position=st.integers(0, 9))
    def seek(self, position):
        self.both(lambda t: t.io.seek(position))

    @rule(name=st.sampled_from(["startTLS", "negotiatedProtocol", "loseWriteConnection"]))
    def look_up_what_others_have(self, name):
        self.both(lambda t: getattr(t, name))

    @rule()
    def compare(self):
        self.both(lambda t: (bool(t), t == type(t)(), t == t, t in {t}))

    # Where there is no buffer, ours has no repr.
    @precondition(lambda self: hasattr(getattr(self.transport, "io", None), "seek"))
    @rule()
    def ask_for_the_repr(self):
        self.both(lambda t: type(repr(t)))


class StringTransportMachine(Machine):
    classes = stringtransport.StringTransport, AgreedStringTransport


class StringTransportWithDisconnectionMachine(Machine):
    classes = (
        stringtransport.StringTransportWithDisconnection,
        AgreedStringTransportWithDisconnection,
    )


StringTransportTests = StringTransportMachine.TestCase
StringTransportWithDisconnectionTests = StringTransportWithDisconnectionMachine.TestCase


# Ours and a real connection.


class TCPConnection:
    """A connection with a reactor of its own. `transport` is that of the server."""

    def __init__(self, server, client):
        self.reactor = selectreactor.SelectReactor()
        self.client = client
        port = self.reactor.listenTCP(0, self.factory(server), interface="127.0.0.1")
        number = port.getHost().port
        self.reactor.connectTCP("127.0.0.1", number, self.factory(client))
        self.run_until(lambda: server.transport and client.transport)
        port.stopListening()
        self.transport = server.transport

    def factory(self, protocol_):
        factory = protocol.ClientFactory()
        factory.noisy = False
        factory.buildProtocol = lambda address: protocol_
        return factory

    def settle(self):
        for _ in range(9):
            self.reactor.iterate(0.001)

    def run_until(self, done):
        deadline = time.monotonic() + 30
        while not done():
            if time.monotonic() > deadline:
                raise TimeoutError("the connection is stuck")
            self.reactor.iterate(0.001)

    def close(self):
        self.transport.abortConnection()
        self.run_until(lambda: self.client.closed)
        self.settle()
        done = Failure(ConnectionDone())
        for each in {*self.reactor.removeAll(), *self.reactor._internalReaders}:
            each.connectionLost(done)


LARGE = bytes(range(256)) * 1024
PIECES = [[], [b"one", b"two"], [LARGE, b"three"], [b"one", "two"], None]


class AgreedOnTCP(stringtransport.StringTransportWithDisconnection):
    """Ours, with what is agreed to differ on TCP."""

    if BEFORE_21_2:

        def write(self, data):
            # None was taken for nothing.
            if data is not None:
                super().write(data)

    def abortConnection(self):
        # It does not set disconnecting, and it gives another reason.
        before = self.disconnecting
        with mock.patch.object(stringtransport, "ConnectionDone", ConnectionAborted):
            super().abortConnection()
        self.disconnecting = before

    def registerProducer(self, producer, streaming):
        # After the loss, the producer is stopped instead of kept.
        if self.connected:
            super().registerProducer(producer, streaming)

    def unregisterProducer(self):
        # It is no error if there is none.
        if self.producer is not None:
            super().unregisterProducer()

    def getHost(self):
        # After the loss, the socket is gone.
        if self.disconnected:
            raise AttributeError
        return super().getHost()


class Server(protocol.Protocol):
    def __init__(self):
        self.lost = []

    def connectionLost(self, reason):
        t = self.transport
        # Ours alone is disconnecting when it is aborted.
        disconnecting = reason.type is ConnectionAborted or bool(t.disconnecting)
        state = bool(t.connected), bool(t.disconnected), disconnecting
        self.lost.append((reason.type, *state))


class OursAndTCP(RuleBasedStateMachine):
    """Does with both what a protocol may do on any transport."""

    def __init__(self):
        super().__init__()
        self.ours, self.protocol, self.server = AgreedOnTCP(), Server(), Server()
        self.ours.protocol = self.protocol
        self.protocol.makeConnection(self.ours)
        self.producer, self.client = mock.Mock(), testing.AccumulatingProtocol()
        self.connection = TCPConnection(self.server, self.client)
        self.real = self.connection.transport
        # Smaller than LARGE.
        self.real.getHandle().setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)

    def both(self, action):
        told = []
        for transport in (self.ours, self.real):
            try:
                told.append(action(transport))
            except Exception as error:
                told.append(type(error))
        assert_equal(*told)

    @invariant()
    def the_states_are_the_same(self):
        names = "connected", "disconnecting", "disconnected"
        self.both(lambda t: [bool(getattr(t, name)) for name in names])
        assert_equal(self.protocol.lost, self.server.lost)

    @rule(data=st.sampled_from([b"data", b"more", b"", LARGE, "data", None]))
    def write(self, data):
        self.both(lambda t: t.write(data))

    @rule(pieces=st.sampled_from(PIECES))
    def write_sequence(self, pieces):
        self.both(lambda t: t.writeSequence(pieces))

    @rule(streaming=st.booleans())
    def register(self, streaming):
        self.both(lambda t: t.registerProducer(self.producer, streaming))

    @rule()
    def unregister(self):
        self.both(lambda t: t.unregisterProducer())

    @rule()
    def pause(self):
        self.both(lambda t: t.pauseProducing())

    @rule()
    def resume(self):
        self.both(lambda t: t.resumeProducing())

    @rule()
    def ask_for_the_addresses(self):
        self.both(lambda t: type(t.getPeer()))
        self.both(lambda t: type(t.getHost()))
        self.both(lambda t: t.getPeer() == t.getPeer() != t.getHost())
        fields = "type", "host", "port"
        self.both(lambda t: [type(getattr(t.getHost(), field)) for field in fields])

    @rule()
    def look_up_what_others_have(self):
        self.both(lambda t: t.negotiatedProtocol)

    @rule()
    def let_the_reactor_run(self):
        self.connection.settle()

    @rule(end=st.sampled_from(["loseConnection", "abortConnection"]))
    def close(self, end):
        self.producer.reset_mock()
        first, written = self.ours.connected, self.ours.value()
        self.both(lambda t: getattr(t, end)())
        if first:
            resumed = self.producer.resumeProducing
            self.connection.run_until(lambda: self.server.lost or resumed.called)
            if not self.server.lost:
                # Unlike ours, it waits for a producer that it has resumed.
                self.real.unregisterProducer()
            self.connection.run_until(lambda: self.server.lost and self.client.closed)
            arrived = self.client.data
            if end == "abortConnection":
                # What was not sent yet is dropped.
                written = written[: len(arrived)]
            assert_equal(arrived, written)

    def teardown(self):
        try:
            self.close("loseConnection")
        finally:
            self.connection.close()


OursAndTCPTests = OursAndTCP.TestCase
OursAndTCPTests.settings = settings(max_examples=settings.default.max_examples // 3)


# The stand-in for Twisted's Failure.
