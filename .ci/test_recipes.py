"""The recipes beside a reactor, Twisted's clock, its protocols. Needs Twisted."""

import subprocess
import sys
import unittest

from twisted.internet import task
from twisted.protocols import basic

from pages import CHECKOUT, recipe, run_block, saved
from stringtransport import StringTransportWithDisconnection
from test_tcp_unix_iosim import RealConnection

APP, TIMEOUTS = recipe("except ImportError"), recipe("class Session")
Clock = saved("clock").Clock
Recording = saved("recording_transport").RecordingTransport

# Steps with a clock: the outcome is the same with ours, Twisted's and a reactor.
TIMES = [
    "later(1, note, 'a', by=2); go(0); go(0.5); go(0.5); go(9)",
    "later(0.3, note, 'a'); go(0.1); go(0.1); go(0.1)",
    "later(0, note, 'a'); go(0)",
    "later(2, note, 'second'); later(1, note, 'first'); go(5)",
    "b = later(1, note, 'b'); later(1, note, 'a'); b.cancel(); go(1)",
    "b = later(2, note, 'b'); later(1, b.cancel); go(5)",
    "a = later(1, note, 'a'); a.cancel(); a.cancel(); go(1); a.cancel()",
    "a = later(1, note, 'a'); go(1); a.cancel()",
    "later(1, later, 1, note, 'within'); go(1); go(0.5); go(0.5)",
]
# On a reactor, calls of equal times have no order, and an exception is logged.
TIMES_OF_CLOCKS = [
    "later(1, note, 'b'); later(1, note, 'a'); later(1, note, 'c'); go(1)",
    "later(1, note, 'b'); go(0.5); later(0.5, note, 'a'); later(0, note, 'c'); go(1)",
    "later(1, int, ''); later(1, note, 'b'); later(2, note, 'c'); go(1); go(0); go(1)",
    "a = later(1, lambda: a.cancel()); go(1)",
    "later(1, go, 5); later(3, note, 'b'); go(1); beat(9)",
]
# Steps, and what is noted as time passes, and by Twisted's clock: it jumps to the end.
IN_TIME = [
    ("later(10, beat, 10); go(35)", [10, 20, 30], [35]),
    ("later(30, later, 5, note, 'killed'); go(60)", ["killed"], []),
    ("later(2, note, 2); later(1, later, 0, note, 1); go(2)", ["1", "2"], ["2", "1"]),
]


class ClockTests(RealConnection, unittest.TestCase):
    def noted(self, steps, clock, go=None):
        noted = []

        def beat(delay):
            noted[-1].append(getattr(clock, "seconds", lambda: clock.now)())
            clock.callLater(delay, beat, delay)

        names = {"later": clock.callLater, "go": go or clock.advance, "beat": beat}
        names["note"] = lambda what, by="": noted[-1].append(f"{what}{by}")
        for step in steps.split("; "):
            noted.append([])
            try:
                exec(step, names)
            except ValueError:
                noted[-1].append(ValueError)
        return noted

    def noted_on_a_reactor(self, steps):
        """Take the steps on a real one, for which time passes in small pieces."""
        now = 0

        def go(seconds):
            nonlocal now
            for step in [*([0.125] * int(seconds * 8) or [seconds]), 0]:
                now += step
                self.reactor.iterate()

        self.reactor.seconds = lambda: now
        return self.noted(steps, self.reactor, go)

    def test_each_step_has_the_same_outcome_as_with_the_clock_of_Twisted(self):
        for steps in TIMES + TIMES_OF_CLOCKS:
            expected = self.noted(steps, task.Clock())
            self.assertEqual(self.noted(steps, Clock()), expected, steps)

    def test_each_step_has_the_same_outcome_as_on_a_reactor(self):
        for steps in TIMES + [steps for steps, *_ in IN_TIME]:
            expected = self.noted_on_a_reactor(steps)
            self.assertEqual(self.noted(steps, Clock()), expected, steps)

    def test_calls_are_in_time_where_the_clock_of_Twisted_jumps_or_goes_in_steps(self):
        for steps, in_time, jumped in IN_TIME:
            clock = task.Clock()
            in_steps = self.noted(steps, clock, lambda time: clock.pump([1] * time))
            self.assertEqual(in_steps[-1], in_time, steps)
            self.assertEqual(self.noted(steps, Clock())[-1], in_time, steps)
            self.assertEqual(self.noted(steps, task.Clock())[-1], jumped, steps)

    def test_a_call_that_makes_itself_anew_at_once_is_an_error(self):
        def again(left):
            return left and clock.callLater(0, again, left - 1)

        clock = Clock()
        again(99999)
        clock.advance(0)
        again(200000)
        self.assertRaisesRegex(RuntimeError, "100000 calls", clock.advance, 0)

    def test_a_negative_delay_is_refused_as_by_a_reactor(self):
        for clock in (Clock(), self.reactor):
            self.assertRaises(AssertionError, clock.callLater, -1, print)

    def test_a_session_leaves_no_call_behind_with_the_clock_of_Twisted_either(self):
        for clock in ("clock", "twisted.internet.task"):
            program = run_block(TIMEOUTS.replace("from clock", f"from {clock}"))
            transport = StringTransportWithDisconnection()
            transport.protocol = program.Session(program.clock.callLater)
            transport.protocol.makeConnection(transport)
            self.assertEqual(len(program.clock.calls), 1)
            transport.loseConnection()
            self.assertEqual(program.clock.calls, [])


class RecordingTransportTests(unittest.TestCase):
    def test_it_records_each_write_also_an_empty_one_until_clear(self):
        receiver, other = basic.LineOnlyReceiver(), Recording()
        receiver.transport = transport = Recording()
        transport.write(b"one")
        transport.write(b"")
        receiver.sendLine(b"two")
        transport.writeSequence([])
        self.assertEqual(transport.writes, [b"one", b"", b"two\r\n", b""])
        self.assertEqual(other.writes, [])
        transport.clear()
        self.assertEqual(transport.writes, [])

    def test_it_does_not_record_what_is_refused(self):
        transport = Recording()
        self.assertRaises(TypeError, transport.write, bytearray(b"data"))
        self.assertRaises(TypeError, transport.writeSequence, [b"bytes", "text"])
        self.assertEqual(transport.writes, [])

    def test_it_combines_in_either_order_and_first_it_records_what_is_dropped(self):
        asyncio, ours = saved("asyncio_transport"), saved("connection")
        for kind, several, *bases, late in (
            (bytearray, "writelines", Recording, asyncio.AsyncioTransport, [b"late"]),
            (bytearray, "writeSequence", asyncio.AsyncioTransport, Recording, []),
            (bytes, "writeSequence", Recording, ours.Connection, [b"late"]),
            (bytes, "writeSequence", ours.Connection, Recording, [b"late"]),
        ):
            transport, data = type("Both", (*bases,), {})(), kind(b"one")
            transport.write(data)
            data += b"changed"
            getattr(transport, several)([b"two", b"three"])
            transport.loseConnection()
            transport.writeSequence([b"late"])
            self.assertEqual(transport.writes, [b"one", b"twothree", *late])
            self.assertEqual(transport.value()[:11], b"onetwothree")


class UnderTwistedTests(RealConnection, unittest.TestCase):
    def test_the_block_runs_alone_and_beside_Twisted(self):
        for option in ("-s", "-S"):
            subprocess.check_call([sys.executable, option, "-c", APP], cwd=CHECKOUT)

    def test_on_a_reactor_it_knows_a_clean_close(self):
        is_clean = run_block(APP).is_clean
        for end, clean in (("loseConnection", True), ("abortConnection", False)):
            getattr(self.connect(), end)()
            self.run_until(lambda: self.protocol.reasons)
            self.assertIs(is_clean(self.protocol.reasons[0]), clean)
