"""The connection beside TCP, with three reactors: needs Twisted[tls] and trustme."""

import itertools
import random
import sys
import unittest
from unittest import mock

from twisted.internet import epollreactor, error

import pages
import test_tcp_unix_iosim as tcp
import test_tls_asyncioreactor as tls
from test_stringtransport import HOST, LARGE, PEER, Protocol, hidden, run_copy

connection = pages.saved("connection")
RECORDING = pages.saved("recording_transport").RecordingTransport


class Side(Protocol):
    """Notes what it is told and what its producers are asked, and reacts with steps."""

    def __init__(self, when_received="", at_the_loss=""):
        super().__init__(lambda transport: self.take(at_the_loss))
        self.told, self.when_received = [], when_received

    def makeConnection(self, transport):
        self.transport, transport.side = transport, self

    def dataReceived(self, data):
        self.told.append(data)
        # One step for each piece, and the last one for all that follow.
        step, *rest = self.when_received.split(" / ", 1)
        self.when_received = rest[0] if rest else step
        self.take(step, data=data)

    def connectionLost(self, reason):
        assert self.transport.producer is None
        self.told.append((reason.type, *self.flags()))
        super().connectionLost(reason)

    def flags(self):
        return (bool(self.transport.connected), *tcp.flags(self.transport))

    def take(self, step, **names):
        try:
            exec(step, {**globals(), "t": self.transport, **names})
        except RuntimeError:
            self.told.append("RuntimeError")


class Pull:
    """Writes a page when it is asked or, if streaming, until it is paused."""

    streaming = False

    def __init__(self, transport, pages=0, when_done="", page=b"page "):
        self.side, self.page = transport.side, page
        self.left, self.when_done = pages, when_done
        transport.registerProducer(self, self.streaming)

    def resumeProducing(self):
        self.side.told.append("resume")
        self.paused = False
        for _ in range(self.left if self.streaming else min(self.left, 1)):
            if not self.paused:
                self.left -= 1
                self.side.transport.write(self.page)
        if not self.left:
            self.end()

    def pauseProducing(self):
        self.side.told.append("pause")
        self.paused = True

    def stopProducing(self):
        kept = self.side.transport.producer is self
        self.side.told.append(("stop", kept, *self.side.flags()))
        self.end()

    def end(self):
        step, self.when_done = self.when_done, ""
        self.side.take(step)


class Push(Pull):
    streaming = True


Side.__bool__ = Pull.__bool__ = lambda self: False  # Nothing asks for it.


def joined(told, size):
    """Return what was told, with what follows a piece of that size joined to it."""
    events = [None]
    for event in told:
        pieces = isinstance(event, bytes) and isinstance(events[-1], bytes)
        if pieces and len(events[-1]) >= size:
            event = events.pop() + event
        events.append(event)
    return events[1:]


# What both sides are told of each end, and then with which flags.
DONE = error.ConnectionDone, False, False, True
CLOSED = error.ConnectionDone, False, True, True
ABORTED = error.ConnectionAborted, False, False, True
BROKEN = error.ConnectionLost, False, False, True
ENDS = [("loseConnection", CLOSED, DONE), ("abortConnection", ABORTED, BROKEN)]

# Steps and, after bars, how the other side reacts to data and to the loss. By the end
# of each go(), both sides were told the same.
CONVERSATIONS = [
    "one.write(b'a'); one.writeSequence([b'b', b'c']); other.write(b'd'); go()",
    "one.write(LARGE); one.loseConnection(); one.write(b'bye'); go()",
    # What is written while the rest is unsent comes after it.
    "other.write(LARGE); one.write(b'abc'); go() | t.write(b'between') / ",
    "one.write(LARGE); go(); one.write(b'a'); go() | t.write(data)",
    "one.stopProducing(); go(); one.stopProducing(); one.write(b'late'); go()",
    # An answer to the last message makes no reset of a clean end.
    "one.write(b'a'); one.loseConnection(); go() | t.write(data)",
    "one.write(b'a'); other.write(b'b'); go() | t.write(b'c'); t.abortConnection()",
    # Two that close with much unsent need not wait for each other to read.
    "one.write(bytes(65537)); other.write(bytes(65537)); one.loseConnection();"
    " other.loseConnection(); go()",
    "other.pauseProducing(); one.write(bytes(65536)); go(); one.loseConnection();"
    " go(); other.write(bytes(65537)); go(); other.write(b'a'); go()",
    "one.pauseProducing(); other.pauseProducing(); one.write(bytes(65536)); go();"
    " other.loseConnection(); go(); one.write(b'a'); go()",
    "one.pauseProducing(); other.loseConnection(); go(); Pull(one);"
    " one.loseConnection(); go(); one.write(b'a'); go(); one.write(b'b'); go()",
    # What had arrived comes first. A paused side learns of an end when it resumes, when
    # it closes, by the second that it writes or, if something was unread, the first.
    *(
        f"other.pauseProducing(); one.write(b'a'); go(); {paused}other.write(b'b');"
        f" go(); one.{end}(); go(); {step}; go(); other.resumeProducing(); go()"
        for paused in ("", "one.pauseProducing(); go(); ")
        for end, *_ in ENDS
        for step in (
            "pass",
            "other.loseConnection()",
            "other.abortConnection()",
            "other.write(b'c')",
            "other.write(b'c'); go(); other.write(b'd')",
            "other.write(b'c'); go(); other.loseConnection()",
        )
    ),
    # A late producer is stopped, and one that leaves is not missed.
    "one.loseConnection(); go() |  | t.write(b'late'); t.loseConnection()",
    "one.loseConnection(); go() |  | Push(t); Pull(t); t.unregisterProducer()",
    "one.unregisterProducer(); Push(one); one.unregisterProducer(); Pull(one); go()",
    "Push(one); one.side.take('Push(t)'); one.side.take('Pull(t)'); go()",
    "Pull(one, 3, 't.unregisterProducer()'); go(); one.write(b'a'); go()",
    "Pull(one, 3, 't.loseConnection()'); go(); one.unregisterProducer(); go()",
    "Pull(one, 3); other.pauseProducing(); go(); other.resumeProducing(); go()",
    "Push(one); one.unregisterProducer(); one.write(bytes(65537)); go()",
    "Push(one); one.loseConnection(); go(); one.write(bytes(65537)); go()",
    "Push(one, 1, 't.registerProducer(1, 0)'); one.abortConnection(); go()",
    # It waits for a paused producer that writes no more. Meanwhile, no end is told.
    "Push(one); one.write(LARGE); one.loseConnection(); go(); one.write(b'a'); go()",
    "Push(one); one.write(LARGE); one.loseConnection(); go();"
    " one.unregisterProducer(); go()",
    "Pull(one); one.loseConnection(); go(); other.loseConnection(); go()",
    "Pull(one); one.loseConnection(); go(); other.abortConnection(); go()",
    # More than 65536 bytes unsent pause a push producer, and so does each write then.
    "Push(one); one.write(bytes(65536)); one.write(b''); go()",
    "Push(one); one.write(bytes(65537)); one.write(b'a'); one.write(b''); go()",
    "Push(one, 3, '', bytes(65537)); one.write(bytes(65537)); go(); go()",
    "Push(one); one.abortConnection(); one.write(LARGE); go()",
    "Push(one); one.write(LARGE); one.unregisterProducer(); Push(one); go()",
]

# What the steps of a random conversation may be.
WRITES = ["{0}.write(b'a')", "{0}.write(b'bcd')", "{0}.write(b'')"] * 3
CLOSES = ["{0}.loseConnection()", "{0}.stopProducing()", "{0}.abortConnection()"]
PAUSES = ["{0}.pauseProducing()", "{0}.resumeProducing()", "{0}.resumeProducing()"]
DONES = ["", "t.unregisterProducer()", "t.loseConnection()", "t.abortConnection()"]
PRODUCERS = ["{0}.unregisterProducer()"] * 3
for each in itertools.product(("Pull", "Push"), (0, 1, 3), DONES):
    PRODUCERS.append("{}({{0}}, {}, {!r})".format(*each))
KINDS = WRITES + CLOSES, WRITES + CLOSES + PAUSES, WRITES + CLOSES + PAUSES + PRODUCERS


def conversations(kind, count, seed=0):
    """Yield steps, and how each side reacts to data and to the loss."""
    draw = random.Random(seed)

    def step(*names):
        return draw.choice(kind).format(draw.choice(names))

    for _ in range(count):
        steps = []
        for _ in range(draw.randint(1, 8)):
            steps += [step("one", "other")] + draw.choice([[], ["go()"]])
        for name in ("one", "other"):
            steps += ["go()", f"{name}.resumeProducing()", "go()"]
        reactions = [f"{step('t')} / {step('t')} / {step('t')} / " for _ in range(2)]
        yield steps, [(reaction, step("t")) for reaction in reactions]


class ConnectionContract:
    """What both sides are told, in memory and on TCP."""

    uncut = 1000  # TCP may cut what is longer anywhere.

    def take(self, steps, sides, expected=()):
        """Take the steps; return what both were told by the end of each go()."""
        one, other = self.connect_both(*sides)
        seen = []

        def go():
            self.settle_all(sides, expected[len(seen)] if expected else ())
            seen.append([joined(side.told, self.uncut) for side in sides])

        for step in steps:
            one.side.take(step, one=one, other=other, go=go)
        return seen

    def assertTold(self, steps, here, there):
        told = self.take(steps.split("; "), [Side(), Side()])[-1]
        self.assertTrue(told == [here, there], f"{steps}: {told}"[:800])

    def test_nobody_starts_a_push_producer(self):
        self.assertTold("Push(one, 3); go()", [], [])

    def test_a_pull_producer_is_asked_inside_registerProducer(self):
        steps = "Pull(one, 1); one.write(b'header'); go()"
        self.assertTold(steps, ["resume"] * 2, [b"page header"])

    def test_a_side_that_closed_or_aborted_receives_nothing(self):
        for end, here, there in ENDS:
            steps = f"other.write(b'a'); one.{end}(); go()"
            self.assertTold(steps, [here], [there])

    def test_what_is_unsent_at_an_abort_or_written_after_it_does_not_arrive(self):
        steps = "one.write(b'a'); one.abortConnection(); one.write(b'b'); go()"
        self.assertTold(steps, [ABORTED], [BROKEN])

    def test_stopProducing_is_called_after_the_flags_change(self):
        for end, here, there in ENDS:
            stopped = [("stop", True, *here[1:]), here]
            self.assertTold(f"Push(one); one.{end}(); go()", stopped, [there])
            stopped = ["resume", ("stop", True, *there[1:]), there]
            self.assertTold(f"Pull(other); one.{end}(); go()", [here], stopped)

    def test_a_proxy_that_loses_its_backend_closes_its_client(self):
        client, front, back, backend = sides = [Side() for _ in range(4)]
        self.connect_both(client, front)
        self.connect_both(back, backend)
        front.transport.registerProducer(back.transport, True)
        back.transport.registerProducer(front.transport, True)
        backend.transport.abortConnection()
        self.settle_all(sides)
        self.assertEqual(client.told, [DONE])

    def test_the_host_of_one_side_is_the_peer_of_the_other(self):
        one, other = self.connect_both(Side(), Side())
        self.assertEqual(one.getHost(), other.getPeer())
        self.assertEqual(one.getPeer(), other.getHost())


class InMemoryTests(ConnectionContract, unittest.TestCase):
    """And what holds here alone, or cannot be seen from outside there."""

    connect_both, order = staticmethod(connection.join), 1

    def settle_all(self, sides, expected=()):
        connection.settle(*(side.transport for side in sides[:: self.order]))

    def test_value_is_what_is_neither_sent_nor_dropped(self):
        for then, left in (
            ("pass", b"abc"),
            ("go()", b"c"),
            ("go(); one.clear(); one.write(b'd')", b"d"),
            ("go(); other.resumeProducing(); go()", b""),
            ("one.abortConnection(); one.write(b'd')", b""),
            ("go(); other.abortConnection(); go(); one.write(b'd')", b""),
            ("one.loseConnection(); one.clear(); go(); 1 // one.disconnected", b""),
        ):
            sides, full = [Side(), Side()], "other.size = 2; other.pauseProducing()"
            self.take(f"{full}; one.write(b'abc'); {then}".split("; "), sides)
            self.assertEqual(sides[0].transport.value(), left, then)

    def test_size_is_for_pieces_and_what_is_unread_and_unsent(self):
        one, other = connection.join(Side(), Side())
        one.size, other.size = 3, 2
        Push(one)
        for data, paused in ((b"abc", 0), (b"d", 1), (b"", 1), (b"e", 2)):
            one.write(data)
            self.assertEqual(one.side.told, ["pause"] * paused)
        other.pauseProducing()
        other.size = 1
        connection.settle(one)
        other.size = 2
        connection.settle(one)
        self.assertEqual((one.value(), one.side.told), (b"cde", ["pause"] * 2))
        other.resumeProducing()
        connection.settle(one)
        self.assertEqual(other.side.told, [b"ab", b"cd", b"e"])
        self.assertEqual(one.side.told, ["pause", "pause", "resume"])

    def test_what_is_no_bytes_is_refused_and_pausing_is_not_at_any_time(self):
        for before in ("getPeer", "stopProducing", *(end for end, *_ in ENDS)):
            one, _ = connection.join(Side())
            getattr(one, before)()
            for _ in range(2):
                for data in ("", "text", bytearray(b"data"), None):
                    self.assertRaises(TypeError, one.write, data)
                self.assertRaises(TypeError, one.writeSequence, [b"data", "text"])
                one.pauseProducing()
                one.resumeProducing()
                connection.settle(one)

    def test_flags_are_bool_and_getHost_works_after_the_loss(self):
        for end, *_ in ENDS:
            sides = connection.join(Side())
            getattr(sides[0], end)()
            connection.settle(*sides)
            self.assertEqual([side.getHost() for side in sides], [HOST, PEER])
            for side in sides:
                state = side.connected, side.disconnecting, side.disconnected
                self.assertEqual({*map(type, state)}, {bool})

    def test_settle_returns_whether_anything_happened(self):
        one, other = connection.join(Side())
        other.pauseProducing()
        for step in (
            "one.write(b'a')",
            "other.resumeProducing()",
            "one.stopProducing()",
        ):
            self.assertIs(connection.settle(one, other), False)
            exec(step)
            self.assertIs(connection.settle(other), True)

    def test_settle_gives_up_when_more_turns_are_needed_than_its_limit(self):
        for given, limit in (({}, 1000), ({"limit": 6}, 6)):
            one, other = connection.join(Side())
            other.size = 1  # Each byte takes a turn to be sent, and another to be read.
            one.write(bytes(limit // 2))
            connection.settle(one, **given)
            one.write(bytes(limit // 2 + 1))
            with self.assertRaisesRegex(RuntimeError, f"limit={limit} "):
                connection.settle(one, **given)
            connection.settle(one)
            self.assertEqual(len(other.protocol.received), limit + 1)
            other.write(b"a")
            one.pauseProducing()
            connection.settle(one)
            one.resumeProducing()
            self.assertRaises(RuntimeError, connection.settle, one, limit=0)

    def test_a_protocol_may_call_settle(self):
        sides = Side("t.write(data); connection.settle(t); t.write(b'c') / "), Side()
        one, other = connection.join(*sides)
        other.writeSequence([b"a", b"b"])
        connection.settle(one)
        self.assertEqual([side.told for side in sides], [[b"ab"], [b"ab", b"c"]])

    def test_what_is_connected_meanwhile_takes_a_settle_of_its_own(self):
        one, other = connection.join(Side("t.made = connection.join(t.side, Side())"))
        other.write(b"a")
        connection.settle(one)
        one.made[0].write(b"b")
        connection.settle(one)
        self.assertEqual(one.made[0].value(), b"b")

    def test_an_exception_reaches_the_caller_and_the_others_go_on(self):
        for steps, told in (
            ("one.write(b'a'); other.write(b'b')", [[b"b"], [b"a"]]),
            ("other.loseConnection()", [[DONE], [CLOSED]]),
        ):
            sides = [Side("1 // 0", "1 // 0") for _ in range(2)]
            one, other = connection.join(*sides)
            exec(steps)
            for _ in sides:
                self.assertRaises(ZeroDivisionError, connection.settle, one)
            self.assertIs(connection.settle(one), False)
            self.assertEqual([side.told for side in sides], told)

    def test_join_connects_the_client_first_by_the_transports_given(self):
        connected, own = [], type("Own", (connection.Connection,), {})
        protocols = [mock.Mock(makeConnection=connected.append) for _ in range(2)]
        for given in ((), (own("host", "peer"),), (own("host", "peer"), own())):
            sides = connection.join(*protocols, *given)
            self.assertEqual(connected[-2:], [*sides])
            self.assertEqual([side.protocol for side in sides], protocols)
            self.assertEqual(sides[: len(given)], given)
            hosts = ["host", "peer"] if given else [HOST, PEER]
            self.assertEqual([side.getHost() for side in sides], hosts)

    def test_without_a_server_a_Recorder_is_the_other_side(self):
        one, other = connection.join(Side("t.write(data); t.loseConnection()"))
        recorder = other.protocol
        self.assertEqual((recorder.received, recorder.reason), (b"", None))
        recorder.transport.write(b"a")
        connection.settle(one)
        self.assertEqual((recorder.received, recorder.reason.type), (b"a", DONE[0]))
        self.assertEqual(connection.join(Side())[1].protocol.received, b"")

    def test_it_combines_with_the_recorder_of_single_writes_in_either_order(self):
        for bases in itertools.permutations((RECORDING, connection.Connection)):
            one, other = connection.join(Side(), None, type("Own", bases, {})())
            one.write(b"a")
            one.writeSequence(kind(b"b") for kind in (bytes, bytearray, memoryview))
            connection.settle(one)
            self.assertEqual((other.protocol.received, one.io.tell()), (b"abbb", 0))
            one.write(b"c")
            self.assertEqual((one.writes, one.value()), ([b"a", b"bbb", b"c"], b"c"))
            one.abortConnection()
            self.assertEqual((one.writes, one.value()), ([b"a", b"bbb", b"c"], b""))

    def test_without_Twisted_the_reasons_are_of_Python_and_of_the_copy(self):
        with hidden("twisted", "zope"):
            copy = run_copy("stringtransport")
            with mock.patch.dict(sys.modules, stringtransport=copy):
                alone = pages.run_block(pages.SAVED["connection"])
        for end, *expected in (
            ("loseConnection", copy.ConnectionDone, copy.ConnectionDone),
            ("abortConnection", ConnectionAbortedError, ConnectionResetError),
        ):
            sides = alone.join(alone.Recorder())
            getattr(sides[0], end)()
            alone.settle(*sides)
            self.assertEqual([side.protocol.reason.type for side in sides], expected)


class OnTCP(tcp.RealConnection):
    def connect_both(self, one, other):
        self.join(other, one)
        self.run_until(lambda: one.transport and other.transport)
        self.ports.pop().stopListening()
        for side in (one, other):
            # What is small need not wait for a slow acknowledgement.
            side.transport.setTcpNoDelay(True)
        return one.transport, other.transport

    def settle_all(self, sides, expected=()):
        """Go on until nothing more is told: sooner, if that is what is expected."""
        before, quiet = None, 0
        while quiet < (4 if before == expected else 40):
            self.iterate()
            told = [joined(side.told, self.uncut) for side in sides]
            quiet = quiet + 1 if told == before else 0
            before = told

    def assertSame(self, steps, reactions):
        def take(case, *expected):
            return case.take(steps, [Side(*each) for each in reactions], *expected)

        in_memory = InMemoryTests()
        in_memory.uncut = self.uncut
        told = take(in_memory)
        seen = take(self, told)
        if seen != told:
            # Of two sides that send in the same turn, either may come first.
            in_memory.order = -1
            told = take(in_memory)
        self.assertTrue(seen == told, f"{steps} {reactions}\n{seen}\n{told}"[:800])

    def test_both_sides_are_told_the_same_as_in_memory(self):
        for conversation in CONVERSATIONS:
            steps, *reactions = conversation.split(" | ")
            self.assertSame(steps.split("; "), [[], reactions])


class EpollTests(OnTCP, ConnectionContract, unittest.TestCase):
    # It may send between two reads of a turn.
    uncut = 1

    def make_reactor(self):
        return epollreactor.EPollReactor()


class AsyncioTests(EpollTests):
    make_reactor = tls.AsyncioTCPTests.make_reactor
    iterate = tls.AsyncioTCPTests.iterate


class SelectTests(OnTCP, ConnectionContract, unittest.TestCase):
    """And what TCP does otherwise than the connection."""

    def test_random_conversations_go_as_in_memory(self):
        for kind in KINDS:
            for steps, reactions in conversations(kind, 100):
                self.assertSame(steps, reactions)

    def test_the_system_holds_more_than_size(self):
        one, other = self.connect_both(Side(), Side())
        other.pauseProducing()
        one.write(LARGE)
        one.loseConnection()
        self.settle_all([one.side, other.side])
        self.assertEqual((one.side.told, other.side.told), ([CLOSED], []))

    def test_it_has_half_closes_and_options_of_a_socket(self):
        one, _ = self.connect_both(Side(), Side())
        for name in ("loseWriteConnection", "startTLS", "setTcpNoDelay"):
            self.assertTrue(hasattr(one, name))
            self.assertFalse(hasattr(connection.Connection, name))


@tcp.known_differences(
    {
        "test_an_exception_out_of_connectionLost_is_logged": "settle raises it",
        "test_flags_are_int_but_on_TLS_not_all": "they are bool",
        "test_getHost_fails_after_the_loss_but_for_the_client_of_a_UNIX_socket": "no",
        "test_of_a_generator_nothing_is_sent_but_on_TLS": "all is",
        "test_streaming_is_called_streamingProducer": "it is called streaming",
    }
)
class RealContractTests(tcp.RealContract, unittest.TestCase):
    """The connection, held to what real ones are held to."""

    takes_bytes_like = True
    # What raises reaches settle's caller.
    table = {
        steps: told for steps, told in tcp.TOLD.items() if "dataReceived" not in steps
    }

    setUp = unittest.TestCase.setUp  # It needs no reactor.

    def connect(self, protocol=None):
        self.protocol, self.other_end = protocol or Protocol(), tcp.OtherEnd()
        self.sides = connection.join(self.other_end, self.protocol)
        self.iterate()
        return self.protocol.transport

    def iterate(self):
        connection.settle(*self.sides)
