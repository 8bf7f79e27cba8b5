"""The page on asyncio: its blocks, and its transports beside a loop on a socket pair.

Needs nothing. The same steps are taken on both, and what comes of each is compared.
"""

import array
import asyncio
import contextlib
import gc
import socket
import ssl
import sys
import unittest
import warnings

from test_pages import blocks, run_block
from test_stringtransport import LARGE

BLOCKS = blocks(".github/ASYNCIO.md", "python")
ONE = sys.modules["asyncio_transport"] = run_block(BLOCKS[0])
PROGRAMS = [ONE, *map(run_block, BLOCKS[1:])]
TWO = PROGRAMS[-1]
Recording = run_block(
    next(b for b in blocks(".github/RECIPES.md", "python") if "RecordingT" in b)
).RecordingTransport

# Steps on a transport `t` of a protocol `p`, each with the same outcome on both.
SAME = [
    "isinstance(t, asyncio.Transport); t.get_protocol() is p",
    "t.set_write_buffer_limits(high=1); t.set_write_buffer_limits()",
    "t.get_write_buffer_size(); t.write(b'small'); t.get_write_buffer_size()",
    "t.write(b'bytes '); t.write(bytearray(b'array ')); t.write(memoryview(b'view'))",
    "t.writelines([b'one ', bytearray(b'two')]); t.writelines(['text'])",
    "t.write('text'); t.write(5); t.write(None); t.write([b'list']); t.write(b'')",
    "t.is_closing(); t.close(); t.is_closing(); t.close(); run(); t.close(); t.abort()",
    "t.abort(); t.is_closing(); t.abort(); t.close(); run(); t.is_closing()",
    "t.write(b'bye'); t.close(); t.write(b'late'); run(); t.write(b'later')",
    "t.abort(); t.write(b'late'); run()",
    "fail_and_run(); t.is_closing(); t.close(); t.abort(); run(); t.write(b'late')",
    "end(); run(); t.is_closing(); t.close(); run()",
    "t.close(); t.set_protocol(q); run(); list(q.told)",
    "t.set_protocol(q); t.get_protocol() is q; fail_and_run(); list(q.told)",
    "t.can_write_eof(); t.write(b'bye'); t.write_eof(); t.write_eof(); t.is_closing()",
    "t.write_eof(); t.close(); run(); t.write_eof()",
    "t.is_reading(); t.pause_reading(); t.pause_reading(); t.is_reading()",
    "t.pause_reading(); t.resume_reading(); t.is_reading(); t.resume_reading()",
    "t.is_reading(); t.close(); t.is_reading(); run(); t.is_reading()",
    "fail_and_run(); t.is_reading(); t.pause_reading(); t.resume_reading()",
    "t.close(); t.pause_reading(); t.resume_reading(); run(); t.pause_reading()",
    "t.get_extra_info('unknown'); t.get_extra_info('unknown', 'default')",
]

# What the page says is left out: steps, and the outcome of the last here and there.
LEFT_OUT = [
    ("t.pause_reading(); receive(b'a'); list(p.told)", [b"a"], []),
    ("t.close(); receive(b'a'); run(); list(p.told)", [b"a", None], [None]),
    ("receive(b'raise')", ZeroDivisionError, None),
    ("receive(b'raise'); run(); list(p.told)", [], [ZeroDivisionError]),
    ("receive(b'raise'); list(logged)", [], [ZeroDivisionError]),
    ("fail(); list(p.told)", [ConnectionResetError], []),
    ("fail_and_run(); t.get_protocol() is p", True, False),
    ("fail_and_run(); t.get_protocol() is None", False, True),
    ("t.write(LARGE); list(p.told)", [], ["pause_writing"]),
    ("t.write(LARGE); t.get_write_buffer_size() > 0", False, True),
    ("t.write(LARGE); t.abort(); run(); arrived()[0] == LARGE", True, False),
    ("t.write_eof(); t.write(b'late')", None, RuntimeError),
    ("t.close(); t.write('text')", None, TypeError),
    ("t.write(array.array('b', b'a'))", None, TypeError),
    ("t.write(memoryview(b'abc')[::2])", TypeError, None),
    ("t.write(memoryview(b'abc')[::2]); run(); list(p.told)", [], [BufferError]),
    ("t.set_write_buffer_limits(high=1, low=2)", None, ValueError),
    ("t.get_write_buffer_limits()", AttributeError, (2**14, 2**16)),
    ("wait(loop.sendfile(t, file)) > 0", RuntimeError, True),
    # There, it starts, and nobody answers.
    ("wait(loop.start_tls(t, p, tls, **soon))", TypeError, ConnectionAbortedError),
    ("t.get_extra_info('socket') is None", True, False),
    ("t.__del__()", AttributeError, ResourceWarning),
    ("t.loseConnection(); run(); list(p.told)", [], []),
    ("t.loseConnection()", None, AttributeError),
]

# Steps of two joined protocols, and how the other one reacts to data and to the end. By
# the end of each `run()`, both were told the same.
CONVERSATIONS = [
    ("one.write(b'a'); run(); one.write(b'b'); one.write(b'c'); run()",),
    ("one.write(b''); run(); one.writelines([b'a', b'b']); other.write(b'c'); run()",),
    ("one.write(b'bye'); one.close(); run(); one.write(b'late'); run()",),
    ("one.close(); one.write(b'late'); run(); other.write(b'late'); run()",),
    ("one.close(); other.close(); run()",),
    ("one.write(b'bye'); one.abort(); one.close(); run()",),
    ("one.write(b'bye'); one.write_eof(); run(); one.close(); run()",),
    ("one.write(b'a'); run()", "t.write(data)"),
    ("one.write(b'a'); run()", "t.write(data), t.close()"),
    ("one.write(b'a'); one.write_eof(); run()", "t.write(data)", "t.close()"),
    ("one.write(b'a'); one.write_eof(); run(); other.write(b'b'); run()", "0", "True"),
    ("one.write_eof(); run(); other.write_eof(); run(); one.close(); run()", "0", "1"),
    ("one.close(); run(); other.close(); run()", "0", "True"),
    ("one.write_eof(); run(); one.close(); run()", "0", "True"),
    ("one.write_eof(); run()", "0", "t.write(b'rest')"),
    ("hold(); one.write(b'a'); run(); one.write(b'b'); run(); release(); run()",),
    ("hold(); one.write(b'bye'); one.close(); run(); release(); run()",),
    ("hold(); one.write(b'bye'); one.write_eof(); run(); release(); run()",),
    ("hold(); one.close(); run(); other.close(); run()",),
    (
        "hold(); one.pause_reading(); other.write(b'a'); run(); one.resume_reading(); run()",
    ),
    (
        "one.write(b'a'); run(); one.write(b'b'); one.close(); run(); release(); run();"
        " release(); run()",
        "t.pause_reading()",
    ),
]

# What the page says that these leave out: what one side is told, here and there.
JOINED_LEFT_OUT = [
    ("one.write(b'raise'); run()", "0", "other", [], [ZeroDivisionError]),
    (
        "one.write(b'a'); one.close(); run()",
        "t.write(data)",
        "other",
        [b"a", "end", None],
        [b"a", BrokenPipeError],
    ),
    (
        "hold(); one.write(b'unread'); run(); other.close(); run()",
        "0",
        "one",
        ["end", None],
        [ConnectionResetError],
    ),
]


class Side(asyncio.Protocol):
    """Notes what it is told, and reacts."""

    def __init__(self, when_received="0", at_the_end="0"):
        self.told, self.transport = [], None
        self.when_received, self.at_the_end = when_received, at_the_end

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if data == b"raise":
            raise ZeroDivisionError
        self.told.append(data)
        eval(self.when_received, {"t": self.transport, "data": data})

    def eof_received(self):
        self.told.append("end")
        return eval(self.at_the_end, {"t": self.transport})

    def connection_lost(self, exc):
        self.told.append(exc and type(exc))

    def pause_writing(self):
        self.told.append("pause_writing")


class LoopCase(unittest.TestCase):
    new_event_loop = staticmethod(asyncio.new_event_loop)

    def setUp(self):
        self.loop, self.logged = self.new_event_loop(), []
        self.addCleanup(self.loop.close)
        self.loop.set_exception_handler(
            lambda loop, context: self.logged.append(type(context["exception"]))
        )

    def run_loop(self):
        for _ in range(9):
            self.loop.run_until_complete(asyncio.sleep(0))

    def connect(self, protocol, sock):
        connecting = self.loop.create_connection(lambda: protocol, sock=sock)
        transport, _ = self.loop.run_until_complete(connecting)
        self.addCleanup(self.run_loop)
        self.addCleanup(transport.abort)
        return transport


class PageTests(unittest.TestCase):
    def test_each_block_passes_its_tests(self):
        for block, program in zip(BLOCKS, PROGRAMS):
            suite = unittest.defaultTestLoader.loadTestsFromModule(program)
            self.assertTrue(suite.countTestCases() or "\nassert " in block)
            result = unittest.TestResult()
            suite.run(result)
            self.assertEqual(result.errors + result.failures, [])


class AsyncioTransportTests(LoopCase):
    transport_class = ONE.AsyncioTransport

    def in_memory(self, protocol):
        """Return a transport, and what is done to it from outside."""
        transport = self.transport_class(protocol, self.loop)
        protocol.connection_made(transport)
        return transport, {
            "receive": protocol.data_received,
            "end": lambda: protocol.eof_received() or transport.close(),
            "fail": lambda: transport.lose(ConnectionResetError()),
            "arrived": lambda: (
                transport.value(),
                transport.eof_written or transport.is_closing(),
            ),
        }

    def on_a_socket(self, protocol):
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self.addCleanup(theirs.close)
        transport = self.connect(protocol, ours)

        def receive(data):
            theirs.send(data)
            self.run_loop()

        def fail():
            # To close with something unread resets the connection.
            transport.write(b"unread")
            self.run_loop()
            theirs.close()

        def arrived():
            self.run_loop()
            received = b""
            with contextlib.suppress(BlockingIOError):
                while theirs.fileno() >= 0:
                    data = theirs.recv(2**16)
                    received += data
                    if not data:
                        break
                return received, True
            return received, False

        return transport, {
            "receive": receive,
            "end": lambda: theirs.shutdown(socket.SHUT_WR),
            "fail": fail,
            "arrived": arrived,
        }

    def take(self, steps, connect):
        """Return the outcome of each step, and what was told by then."""
        p, run, seen = Side(), self.run_loop, []
        t, names = connect(p)
        names.update(globals(), t=t, p=p, q=Side(), run=run, loop=self.loop)
        names.update(logged=self.logged, wait=self.loop.run_until_complete)
        names.update(fail_and_run=lambda: (names["fail"](), run()))
        for step in steps.split("; "):
            try:
                outcome = eval(step, names)
            except NotImplementedError:  # In Python 3.8, there is no such method.
                outcome = AttributeError
            except Exception as error:
                outcome = type(error)
            seen.append((step, outcome, [*p.told]))
        return seen

    def test_each_step_has_the_same_outcome_as_on_a_socket(self):
        for steps in SAME:
            expected = self.take(f"{steps}; arrived()", self.on_a_socket)
            self.assertEqual(self.take(f"{steps}; arrived()", self.in_memory), expected)

    def test_what_is_left_out(self):
        for steps, *expected in LEFT_OUT:
            outcomes = []
            for connect in (self.in_memory, self.on_a_socket):
                self.logged.clear()
                with warnings.catch_warnings(), open(__file__, "rb") as file:
                    warnings.simplefilter("error")
                    with mock.patch.dict(globals(), file=file):
                        outcomes.append(self.take(steps, connect)[-1][1])
            self.assertEqual(outcomes, expected, steps)
