"""The page on asyncio: its blocks, and its transport beside a pair of sockets.

Needs nothing. With LOOP=uvloop, the sockets are uvloop's, which then has to be there.
"""

import asyncio
import gc
import os
import re
import socket
import ssl
import sys
import unittest
import weakref
from unittest import mock

from pages import blocks, read, run_block, saved
from test_stringtransport import LARGE  # noqa: F401

BLOCKS = blocks(".github/ASYNCIO.md", "python")[1:]
PAGE = saved("asyncio_transport")
AsyncioTransport = PAGE.AsyncioTransport
LOOP = os.environ.get("LOOP", "asyncio")
UVLOOP = LOOP == "uvloop"
TLS = ssl._create_unverified_context()

# Steps on a transport `t` of a protocol `p`, each with the same outcome on both.
SAME = [
    "t.get_protocol() is p; t.can_write_eof(); t.get_write_buffer_size()",
    "t.set_write_buffer_limits(1); t.set_write_buffer_limits(); t.get_extra_info(0, 1)",
    "t.write(b'bytes '); t.write(bytearray(b'array ')); t.write(memoryview(b'view'))",
    "t.writelines([b'one ', bytearray(b'two')]); t.writelines(['text']); run()",
    "t.write('text'); t.write(5); t.write([b'list']); t.write(b'')",
    "t.is_closing(); t.close(); t.is_closing(); t.close(); run(); t.close(); t.abort()",
    "t.abort(); t.is_closing(); t.abort(); t.close(); run(); t.is_closing()",
    "t.write(b'bye'); t.close(); t.write(b'late'); run(); p.let_go; t.get_protocol()",
    "t.abort(); t.write(b'late'); t.write_eof(); run(); p.let_go; t.get_protocol()",
    "fail(), run(); p.let_go; t.get_protocol(); t.is_closing(); t.close(); t.abort()",
    "end(), run(); t.is_closing(); t.close(); run()",
    "t.set_protocol(q); t.get_protocol() is q; q.transport; fail(), run(); q.told[:]",
    "t.close(); t.set_protocol(q); run(); q.told[:]",
    "t.write(b'a'); t.get_write_buffer_size(); t.write_eof(); t.writelines([b'late'])",
    "t.write_eof(); t.write_eof(); t.write(b''); t.close(); t.write(b'late'); run()",
    "t.pause_reading(); t.is_reading(); t.pause_reading(); t.resume_reading()",
    "t.pause_reading(); t.resume_reading(); t.is_reading(); t.resume_reading()",
    "t.close(); t.is_reading(); t.pause_reading(); t.resume_reading(); t.is_reading()",
    "fail(), run(); t.is_reading(); t.pause_reading(); t.resume_reading()",
]

# By the names of the page's rows: steps, and the last one's outcome here and there.
SENT = b"ba" if UVLOOP or sys.version_info >= (3, 12) else b"ab"
REFUSED = RuntimeError if UVLOOP else None
SENDFILE = [NotImplementedError] * 2 if UVLOOP else [RuntimeError, 3]
START_TLS = TypeError, ConnectionAbortedError
ROWS = [
    ("fed", "t.pause_reading(); receive(b'a'); p.told[:]", [b"a"], []),
    ("fed", "t.close(); receive(b'a'); run(); p.told[:]", [b"a", None], [None]),
    ("fed", "t.pause_reading(); fail(), run(); p.told[:]", [ConnectionResetError], []),
    ("sent", "t.write(LARGE); p.told[:]", [], ["pause_writing"]),
    ("changed", "t.write(LARGE); t.write(v); v.reverse(); arrived()[-2:]", b"ab", SENT),
    ("changed", "t.write(v); v.reverse(); arrived()", b"ab", b"ab"),
    ("aborted", "t.write(LARGE); t.abort(); LARGE in arrived()", True, False),
    ("aborted", "t.close(); t.aborted", False, AttributeError),
    ("aborted", "t.abort(); run(); t.aborted", True, AttributeError),
    ("aborted", "t.abort(); run(); t.abort(); t.aborted", True, AttributeError),
    ("uvloop", "fail(), run(); t.write(b'late')", None, REFUSED),
    ("uvloop", "t.close(); t.write_eof(); t.write(b'late')", None, REFUSED),
    ("uvloop", "isinstance(t, asyncio.Transport)", True, not UVLOOP),
    ("loop", "wait(loop.start_tls(t, p, TLS, ssl_handshake_timeout=.1))", *START_TLS),
    ("loop", "wait(loop.sendfile(t, __import__('io').BytesIO(b'abc')))", *SENDFILE),
    ("extra", "t.get_extra_info('socket') is None", True, False),
    ("extra", "t.get_extra_info('peername') or None", None, None),
    ("raised", "receive(b'raise')", AssertionError, None),
    ("raised", "receive(b'raise'); logged[:]", [], [AssertionError]),
    ("raised", "receive(b'raise'); run(); p.told[1:]", [], [AssertionError]),
    ("raised", "p.told.append(b'raise'); end()", AssertionError, None),
    ("raised", "p.told.append(b'raise'); end(); logged[:]", [], [AssertionError]),
    ("late", "t.write(LARGE); t.close(); t.write(v); arrived() > LARGE", False, True),
    # From your own fake: no other transport has these.
    ("value", "t.write(b'a'); t.value()", b"a", AttributeError),
    ("closed", "setattr(t, 'disconnecting', True); t.is_closing()", True, False),
    ("closed", "t.close(); t.lose(); t.lose(); run(); p.told[:]", [None], [None]),
    ("closed", "t.lose(); t.set_protocol(p); t.lose(); p.told[:]", [None], []),
    ("closed", "t.pause_reading(); t.producerState", "paused", AttributeError),
    ("info", "AsyncioTransport(extra={'a': 1}).get_extra_info('a')", 1, 1),
    ("info", "AsyncioTransport()._extra.update(a=1); t.get_extra_info('a', 0)", 0, 0),
]


class PageTests(unittest.TestCase):
    def test_each_row_of_its_tables_has_steps(self):
        rows = re.findall(r"^\| .*\|\n(?!\|---)", read(".github/ASYNCIO.md"), re.M)
        named = [re.findall(r"<!-- (\w+) --> \|\n", row) for row in rows]
        self.assertEqual(named, [[name] for name in dict.fromkeys(next(zip(*ROWS)))])

    def test_each_block_asserts_something_and_passes(self):
        with self.assertLogs("asyncio") as logs:
            for block in BLOCKS:
                self.assertRegex(block, r"\bassert |self\.assert")
                run_block(block)
        self.assertRegex(str(logs.output), r"took 29\.\d.* took 2\.\d")


class Side(asyncio.Protocol):
    transport = let_go = None

    def __init__(self, stays=False):
        self.told, self.stays = [], stays

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.told.append(data)
        assert self.told[0] != b"raise"

    def eof_received(self):
        self.told.append("end")
        assert self.told[0] != b"raise"
        return self.stays

    def connection_lost(self, exc):
        self.told.append(exc and type(exc))
        self.let_go = self.transport and self.transport.get_protocol() is not self

    def pause_writing(self):
        self.told.append("pause_writing")


class AsyncioTests(unittest.TestCase):
    def setUp(self):
        self.loop, self.logged = __import__(LOOP).new_event_loop(), []
        self.wait = self.loop.run_until_complete
        self.surroundings = self.in_memory, self.on_a_socket
        self.addCleanup(self.loop.close)
        self.loop.set_exception_handler(
            lambda loop, context: self.logged.append(type(context["exception"]))
        )

    def run_loop(self):
        for _ in range(20):
            self.wait(asyncio.sleep(0))

    def join(self, *protocols):
        one, other = self.wait(PAGE.join(*protocols))
        for cleanup in (self.run_loop, one.close, other.abort):
            self.addCleanup(cleanup)
        return one, other

    def in_memory(self, protocol):
        """Return a transport, what is done to it from outside, and what arrived."""
        transport = AsyncioTransport(protocol, self.loop)
        protocol.connection_made(transport)
        return {
            "t": transport,
            "receive": protocol.data_received,
            "end": lambda: protocol.eof_received() or transport.close(),
            "fail": lambda: transport.lose(ConnectionResetError()),
            "arrived": lambda: self.run_loop() or transport.value(),
            "ended": lambda: transport.eof_written or transport.is_closing(),
        }

    def on_a_socket(self, protocol):
        t, other = self.join(protocol, Side(stays=True))
        told = other.get_protocol().told

        def arrived():
            self.run_loop()
            return b"".join(data for data in told if isinstance(data, bytes))

        return {
            "t": t,
            "receive": lambda data: other.write(data) or self.run_loop(),
            "end": lambda: other.write_eof() or self.run_loop(),
            # To close with something unread resets the connection.
            "fail": lambda: other.pause_reading() or t.write(b"_") or other.abort(),
            "arrived": arrived,
            "ended": lambda: told[-1:] in (["end"], [None]),
        }

    def take(self, steps, connect):
        """Return the outcome of each step, and what was told by then."""
        side, seen = Side(), self.logged.clear() or []
        names = dict(globals(), **connect(side), p=side, q=Side(), v=bytearray(b"ab"))
        names.update(vars(self), run=self.run_loop)
        for step in steps.split("; "):
            try:
                outcome = eval(step, names)
            except Exception as error:
                outcome = type(error)
            seen.append((step, outcome, [*side.told]))
        return seen

    def test_each_step_has_the_same_outcome_as_on_a_socket(self):
        for steps in SAME:
            steps += "; arrived(); ended()"
            here, there = (self.take(steps, each) for each in self.surroundings)
            self.assertEqual(here, there)

    def test_each_row_of_the_page_says_how_it_differs(self):
        for _, steps, *expected in ROWS:
            here, there = (self.take(steps, each)[-1][1] for each in self.surroundings)
            self.assertEqual([here, there], expected, steps)

    def test_closing_asks_for_one_call_in_the_next_turn_that_needs_no_protocol(self):
        transport = AsyncioTransport(loop=mock.Mock())
        transport.close(), transport.close()
        transport.loop.call_soon.assert_called_once_with(transport.lose)
        transport.lose()

    def test_after_the_loss_nothing_holds_the_protocol_whatever_it_raised(self):
        for connect in self.surroundings:
            side = Side()
            transport = connect(side)["t"]
            side.transport = mock.Mock(get_protocol=mock.Mock(side_effect=OSError))
            transport.close()
            self.run_loop()
            let_go = weakref.ref(side)
            del side
            gc.collect()
            self.assertEqual((let_go(), self.logged.pop()), (None, OSError))

    def test_they_wait_for_resume_writing_and_without_a_loop_for_the_loss(self):
        reader = asyncio.StreamReader(loop=self.loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=self.loop)
        transport = AsyncioTransport(protocol)
        protocol.connection_made(transport)
        writer = asyncio.StreamWriter(transport, protocol, reader, self.loop)
        for begin, wait, end in (
            (protocol.pause_writing, writer.drain, protocol.resume_writing),
            (writer.close, writer.wait_closed, transport.lose),
        ):
            begin()
            waiting = self.loop.create_task(wait())
            self.run_loop()
            self.assertFalse(waiting.done())
            end()
            self.wait(waiting)

    def test_a_call_that_makes_itself_anew_is_made_once_for_each_step(self):
        def beat():
            beats.append(self.loop.call_later(10, beat))

        beats, made, now = [self.loop.call_later(10, beat)], [], self.loop.time()
        for seconds in (9, 11, 22, 33, 99):
            with mock.patch.object(self.loop, "time", return_value=now + seconds):
                self.run_loop()
            made.append(len(beats) - 1)
        self.assertEqual(made, [0] * 5 if UVLOOP else [0, 1, 2, 3, 4])

    def test_join_connects_the_client_first_and_returns_both_transports(self):
        made, sides = [], (Side(), Side())
        for side in sides:
            side.connection_made = made.append
        self.assertEqual(made, [*self.join(*sides)])
        self.assertEqual([each.get_protocol() for each in made], [*sides])

    def test_an_exception_out_of_connection_made_is_only_logged(self):
        broken = mock.Mock(asyncio.Protocol, **{"connection_made.side_effect": OSError})
        transport, _ = self.join(broken, Side())
        self.assertEqual((self.logged, transport.is_closing()), ([OSError], False))

    def test_streams_need_no_join_and_stay_open_when_the_other_side_closes(self):
        async def ask():
            pair = socket.socketpair()
            one, other = [await asyncio.open_connection(sock=each) for each in pair]
            one[1].close()
            return await other[0].read(), other[1].is_closing(), other[1].close()

        self.assertEqual(self.wait(ask()), (b"", False, None))
        self.run_loop()

    def test_on_TLS_close_waits_for_the_other_side_and_write_eof_is_refused(self):
        side, server = Side(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        for context in (TLS, server):
            # What is left needs no certificate.
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("AECDH-AES256-SHA:@SECLEVEL=0")
        (one, other), start = self.join(Side(), Side()), self.loop.start_tls
        starting = self.loop.create_task(start(other, Side(), server, server_side=True))
        transport, theirs = self.wait(start(one, side, TLS)), self.wait(starting)
        self.assertRaises(NotImplementedError, transport.write_eof)
        theirs.pause_reading(), transport.close()
        self.run_loop()
        self.assertEqual(side.told, [])
        theirs.close()
        self.run_loop()
        self.assertEqual(side.told[-1:], [None])
