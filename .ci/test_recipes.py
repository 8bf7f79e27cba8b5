"""The recipes beside what they stand for: TCP, Twisted's own fake, its clock.

Needs Twisted. The same steps are taken on both, and what is seen on both is compared.
"""

import contextlib
import re
import subprocess
import sys
import unittest
from unittest import mock

from twisted.internet import error, task
from twisted.protocols import basic

from pages import CHECKOUT, recipe, run_block
from stringtransport import StringTransport, StringTransportWithDisconnection
from test_stringtransport import LARGE, Protocol, TransportContract
from test_tcp_unix_iosim import RealConnection, flags
from test_twisted import testing

TIMEOUTS, APP = recipe("class Clock"), recipe("except ImportError")
FOUR_ENDS, LATER, PUMP, FULL, WRITES = (
    run_block(recipe(text))
    for text in ("ENDS =", "class Later", "def pump", "class FullTr", "class Recording")
)


class Side:
    """Notes all that it is told, and reacts with a step."""

    def __init__(self, when_received="", when_lost=""):
        self.events, self.reasons, self.transport = [], [], None
        self.when_received, self.when_lost = when_received, when_lost

    def makeConnection(self, transport):
        self.transport = transport

    def dataReceived(self, data):
        # TCP may divide and join: where a piece ends is not compared.
        joins = self.events and isinstance(self.events[-1], bytes)
        self.events.append(self.events.pop() + data if joins else data)
        exec(self.when_received, {"t": self.transport, "data": data})

    def connectionLost(self, reason):
        self.events.append(("lost", *flags(self.transport)))
        self.reasons.append(reason)
        exec(self.when_lost, {"t": self.transport})


class Pages:
    """A pull producer: it writes three pages, and then takes a step."""

    def __init__(self, transport, at_the_end):
        self.transport, self.at_the_end, self.left = transport, at_the_end, 3

    def resumeProducing(self):
        self.left -= 1
        if self.left >= 0:
            self.transport.write(b"page %d " % self.left)
        elif self.left == -1:
            exec(self.at_the_end, {"t": self.transport})

    def stopProducing(self):
        pass


# Steps of two sides and, after bars, of the other when it receives and when it is lost.
# After each `carry()`, both were told the same in memory and on TCP, flags included.
CONVERSATIONS = [
    "one.write(b'a'); one.writeSequence([b'b', b'c']); other.write(b'd'); carry()",
    "one.write(b'abc'); other.write(b'd'); one.loseConnection(); carry(size=1)",
    "one.write(b''); carry()",
    "one.write(LARGE); one.loseConnection(); carry()",
    "one.loseConnection(); one.write(b'bye'); carry(); one.write(b'late'); carry()",
    "one.loseConnection(); one.loseConnection(); carry(); other.loseConnection()",
    "one.abortConnection(); one.abortConnection(); carry(); one.loseConnection()",
    "other.write(b'unread'); one.loseConnection(); carry()",
    "one.write(b'unread'); one.loseConnection();"
    " other.write(b'unread'); other.loseConnection(); carry()",
    "other.pauseProducing(); one.write(b'a'); carry(); one.write(b'b'); carry();"
    " other.resumeProducing(); carry(size=1)",
    "other.pauseProducing(); one.write(b'bye'); one.loseConnection(); carry();"
    " other.resumeProducing(); carry()",
    "other.pauseProducing(); one.abortConnection(); carry();"
    " other.resumeProducing(); carry()",
    "other.pauseProducing(); one.write(b'unread'); one.loseConnection(); carry();"
    " other.loseConnection(); carry()",
    "one.pauseProducing(); one.write(b'a'); carry();"
    " one.resumeProducing(); carry() | t.write(data)",
    "one.write(b'abc'); carry(size=1) | t.write(data)",
    "one.write(b'a'); carry() | t.loseConnection()",
    "one.write(b'a'); one.loseConnection(); carry() | t.write(data)",
    "one.loseConnection(); carry() |  | t.write(b'wait')",
    "one.loseConnection(); carry() |  | t.loseConnection()",
    "one.write(b'a'); carry(); one.write(b'b'); one.loseConnection(); carry();"
    " other.resumeProducing(); carry(); other.resumeProducing(); carry()"
    " | t.pauseProducing()",
    "one.write(b'a'); pull(one, 't.unregisterProducer()'); carry(); carry(size=1)",
    "pull(one, 't.unregisterProducer()'); one.loseConnection(); carry()",
    "pull(one, 't.unregisterProducer(); t.loseConnection()'); carry()",
    "pull(one, ''); carry(); other.loseConnection(); carry()",
    "other.pauseProducing(); pull(one, ''); carry(); other.resumeProducing(); carry()",
    "endless(one); carry() | t.loseConnection()",
]


class PumpTests(RealConnection, unittest.TestCase):
    def take(self, steps, sides, carry):
        """Take the steps; return what both were told by the end of each `carry()`."""
        seen = []

        def carry_and_look(**pieces):
            carry(len(seen), **pieces)
            seen.append([[*side.events] for side in sides])

        def pull(transport, at_the_end):
            transport.registerProducer(Pages(transport, at_the_end), False)

        def endless(transport):
            producer = mock.Mock(resumeProducing=lambda: transport.write(b"page "))
            transport.registerProducer(producer, False)

        one, other = (side.transport for side in sides)
        names = dict(one=one, other=other, carry=carry_and_look, pull=pull, LARGE=LARGE)
        names["endless"] = endless
        exec(steps, names)
        return seen

    def in_memory(self, steps, sides):
        for side in sides:
            transport = StringTransportWithDisconnection()
            transport.protocol = side
            side.makeConnection(transport)
        transports = [side.transport for side in sides]
        pump = PUMP.pump
        return self.take(steps, sides, lambda _, **pieces: pump(*transports, **pieces))

    def on_tcp(self, steps, sides, expected):
        self.join(*sides)
        self.run_until(lambda: all(side.transport for side in sides))

        def carry(number, **pieces):
            # What is missing then shows in the comparison.
            with contextlib.suppress(TimeoutError):
                self.run_until(
                    lambda: [side.events for side in sides] == expected[number], 5
                )
            # What comes now would be too much.
            for _ in range(9):
                self.iterate()

        return self.take(steps, sides, carry)

    def test_both_sides_are_told_the_same_as_on_TCP(self):
        for conversation in CONVERSATIONS:
            steps, *reactions = conversation.split(" | ")
            expected = self.in_memory(steps, [Side(), Side(*reactions)])
            seen = self.on_tcp(steps, [Side(), Side(*reactions)], expected)
            self.assertEqual(seen, expected, conversation)

    def test_a_piece_has_at_most_as_many_bytes_as_are_asked_for(self):
        for size, count in (({}, 17), ({"size": 2**19}, 3), ({"size": len(LARGE)}, 1)):
            pieces, sides = [], [Side(), Side()]
            sides[1].dataReceived = pieces.append
            self.in_memory(f"one.write(LARGE); carry(**{size})", sides)
            self.assertEqual((b"".join(pieces) == LARGE, len(pieces)), (True, count))

    def test_it_gives_up_after_as_many_rounds_as_are_asked_for(self):
        for steps, count in (("carry()", 1000), ("carry(limit=5)", 5)):
            sides = [Side("t.write(data)"), Side("t.write(data)")]
            with self.assertRaisesRegex(RuntimeError, f"gave up after {count} rounds"):
                self.in_memory(f"one.write(b'a'); {steps}", sides)
            self.assertEqual([len(side.events[0]) for side in sides], [count] * 2)

    def test_of_producers_a_pull_producer_alone_is_asked_when_nothing_is_left(self):
        for streaming, asked in ((False, [b""]), (True, [])):
            left, sides = [], [Side(), Side()]
            self.in_memory("one.write(b'abc')", sides)
            one, other = (side.transport for side in sides)
            producer = mock.Mock(resumeProducing=lambda: left.append(one.value()))
            one.registerProducer(producer, streaming)
            PUMP.pump(one, other, size=1)
            self.assertEqual((left, producer.mock_calls), (asked, []))

    def test_an_abort_is_a_clean_close_for_both_sides(self):
        sides = [Side(), Side()]
        self.in_memory("one.write(b'a'); one.abortConnection(); carry()", sides)
        here, there = (side.reasons[0].value for side in sides)
        self.assertEqual((type(here), type(there)), (error.ConnectionDone,) * 2)
        self.assertEqual((here.args, there.args), (("Bye.",), ()))
        self.assertEqual(sides[1].events[0], b"a")

    def test_a_piece_that_raised_is_not_delivered_again(self):
        sides = [Side(), Side("1 // 0")]
        with self.assertRaises(ZeroDivisionError):
            self.in_memory("one.write(b'a'); carry()", sides)
        PUMP.pump(*(side.transport for side in sides))
        self.assertEqual(sides[1].events, [b"a"])

    def test_a_StringTransport_carries_bytes_and_never_the_loss(self):
        sides = [Side(), Side()]
        one, other = StringTransport(), StringTransport()
        one.protocol, other.protocol = sides
        one.write(b"bye")
        one.loseConnection()
        PUMP.pump(one, other)
        self.assertEqual([side.events for side in sides], [[], [b"bye"]])


# How it ends on TCP: the side, its call, and the client's reason, as in the recipe.
ENDS_ON_TCP = [
    (0, "loseConnection", error.ConnectionDone),
    (0, "abortConnection", error.ConnectionAborted),
    (1, "loseConnection", error.ConnectionDone),
    (1, "abortConnection", error.ConnectionLost),
]


class Client(FOUR_ENDS.Client):
    transport, reasons = None, []


class FourEndsTests(RealConnection, unittest.TestCase):
    def test_each_end_is_seen_as_on_TCP(self):
        self.assertEqual(len(ENDS_ON_TCP), len(FOUR_ENDS.ENDS))
        for on_tcp, (*_, disconnecting, _) in zip(ENDS_ON_TCP, FOUR_ENDS.ENDS):
            side, call, reason = on_tcp
            client, other = sides = [Client(), Side()]
            self.join(*sides)
            self.run_until(lambda: client.transport and other.transport)
            getattr(sides[side].transport, call)()
            self.run_until(lambda: client.reasons)
            self.assertEqual(client.reasons, [reason])
            self.assertEqual(flags(client.transport), (disconnecting, True))
            self.assertIs(client.connects_again, not disconnecting)

    def connect_to(self, transport):
        transport.protocol = FOUR_ENDS.Client()
        transport.protocol.makeConnection(transport)
        return transport

    def test_lose_works_with_the_fake_of_Twisted(self):
        for lose, arguments, disconnecting, reason in FOUR_ENDS.ENDS[2:]:
            fake = self.connect_to(testing.StringTransportWithDisconnection())
            lose(fake, *arguments)
            self.assertEqual(fake.protocol.reasons, [reason])
            self.assertEqual(flags(fake), (disconnecting, True))

    def test_lose_says_it_for_a_StringTransport_where_both_calls_set_both_flags(self):
        for call in ("loseConnection", "abortConnection"):
            transport = self.connect_to(StringTransport())
            getattr(transport, call)()
            self.assertEqual(transport.protocol.reasons, [])
            FOUR_ENDS.lose(transport)
            self.assertEqual(transport.protocol.reasons, [error.ConnectionDone])
            self.assertEqual(flags(transport), (True, True))

    def test_each_loss_has_a_reason_of_its_own(self):
        side = Side()
        for _ in range(2):
            side.transport = transport = StringTransport()
            transport.protocol = side
            FOUR_ENDS.lose(transport)
        self.assertIsNot(side.reasons[0].value, side.reasons[1].value)

    def test_lose_is_the_same_in_both_blocks(self):
        found = [
            re.search("def lose.*?\n\n", recipe(text), re.S)[0]
            for text in ("ENDS =", "def pump")
        ]
        self.assertEqual(*found)


class LaterTransportTests(TransportContract, unittest.TestCase):
    def connect(self, protocol=None):
        self.transport = LATER.LaterTransport(lenient=True)
        self.transport.protocol = protocol or Protocol()
        self.transport.protocol.makeConnection(self.transport)
        return self.transport

    def settle(self):
        self.transport.settle()

    def delivered(self, transport):
        return transport.value()

    def test_an_abort_is_no_clean_close_also_after_loseConnection(self):
        for ends in (["abortConnection"], ["loseConnection", "abortConnection"]):
            reason = self.assertLosesOnce(*ends)
            self.assertIsNone(reason.check(error.ConnectionDone))


# Steps with a clock, each with the same outcome on Twisted's.
TIMES = [
    "later(1, note, 'a', 1, by=2); go(0); go(0.5); go(0.5); go(9)",
    "later(0.3, note, 'a'); go(0.1); go(0.1); go(0.1)",
    "later(0, note, 'a'); go(0)",
    "later(2, note, 'second'); later(1, note, 'first'); go(5)",
    "later(1, note, 'a'); later(1, note, 'b'); later(1, note, 'c'); go(1)",
    "go(2); later(1, note, 'b'); go(1)",
    "a = later(1, note, 'a'); b = later(1, note, 'b'); b.cancel(); go(1)",
    "b = later(2, note, 'b'); later(1, b.cancel); go(5)",
    "a = later(1, note, 'a'); a.cancel(); a.cancel(); go(1); a.cancel()",
    "a = later(1, note, 'a'); go(1); a.cancel()",
    "later(1, later, 1, note, 'within'); go(9); go(0.5); go(0.5)",
    "later(1, later, 0, note, 'at once'); go(1)",
    "later(1, go, 5); later(3, note, 'b'); go(1); later(1, note, 'c'); go(1)",
    "later(1, fail); later(1, note, 'b'); go(1); go(0)",
]


class ClockTests(unittest.TestCase):
    def take(self, steps, clock):
        """Return what has happened by the end of each step."""
        seen = []

        def fail():
            raise ZeroDivisionError

        names = dict(later=clock.callLater, go=clock.advance, fail=fail)
        names["note"] = lambda *given, **named: seen.append((given, named))
        for step in steps.split("; "):
            try:
                exec(step, names)
            except (ValueError, ZeroDivisionError) as error:
                # Twisted's are of subclasses.
                seen.append(isinstance(error, ValueError))
            seen.append(step)
        return seen

    def test_each_step_has_the_same_outcome_as_with_the_clock_of_Twisted(self):
        Clock = run_block(TIMEOUTS).Clock
        for steps in TIMES:
            expected = self.take(steps, task.Clock())
            self.assertEqual(self.take(steps, Clock()), expected)

    def test_a_session_that_is_closed_leaves_no_call_behind(self):
        program, transport = run_block(TIMEOUTS), StringTransportWithDisconnection()
        transport.protocol = session = program.Session(program.clock.callLater)
        session.makeConnection(transport)
        transport.loseConnection()
        self.assertTrue(program.clock.calls.empty())

    def test_the_recipe_runs_with_the_clock_of_Twisted(self):
        self.assertIn(" Clock(),", TIMEOUTS)
        block = TIMEOUTS.replace(" Clock(),", " task.Clock(),")
        run_block("from twisted.internet import task\n" + block)


class ProducerTests(RealConnection, unittest.TestCase):
    def test_a_push_producer_is_paused_when_it_is_on_TCP(self):
        for transport in (FULL.FullTransport(), self.connect()):
            producer = mock.Mock()
            transport.registerProducer(producer, True)
            transport.write(bytes(65536))
            self.assertEqual(producer.mock_calls, [])
            transport.write(b"x")
            self.assertEqual(producer.mock_calls, [mock.call.pauseProducing()])

    def test_writeSequence_pauses_it_and_a_pull_producer_is_not_paused(self):
        for streaming, told in ((True, [mock.call.pauseProducing()]), (False, [])):
            transport, producer = FULL.FullTransport(), mock.Mock()
            transport.registerProducer(producer, streaming)
            transport.writeSequence([bytes(65536), b"x"])
            self.assertEqual(producer.mock_calls, told)

    def test_on_TCP_a_producer_is_stopped_before_connectionLost(self):
        for streaming in (True, False):
            told = mock.Mock()
            transport = self.connect(Protocol(lambda _: told.connectionLost()))
            transport.registerProducer(told, streaming)
            told.reset_mock()
            transport.abortConnection()
            self.run_until(lambda: self.protocol.reasons)
            expected = [mock.call.stopProducing(), mock.call.connectionLost()]
            self.assertEqual(told.mock_calls, expected)


class SingleWritesTests(unittest.TestCase):
    def test_without_writeSequence_a_line_of_LineOnlyReceiver_would_be_missing(self):
        class WriteAlone(WRITES.RecordingTransport):
            writeSequence = StringTransport.writeSequence

        for receiver, recorded in (
            (basic.LineOnlyReceiver(), []),
            (basic.LineReceiver(), [b"line\r\n"]),
        ):
            receiver.transport = WriteAlone()
            receiver.sendLine(b"line")
            self.assertEqual(receiver.transport.value(), b"line\r\n")
            self.assertEqual(receiver.transport.writes, recorded)


class UnderTwistedTests(RealConnection, unittest.TestCase):
    def test_the_block_runs_alone_and_beside_Twisted(self):
        for option in ("-s", "-S"):
            command = [sys.executable, option, "-c", APP]
            subprocess.check_call(command, cwd=str(CHECKOUT))

    def test_on_a_reactor_it_knows_a_clean_close(self):
        for call, clean in (("loseConnection", True), ("abortConnection", False)):
            server = run_block(APP).Server()
            self.connect()
            getattr(self.other_end.transport, call)()
            self.run_until(lambda: self.protocol.reasons)
            server.connectionLost(self.protocol.reasons[0])
            self.assertIs(server.clean, clean)
