"""The page on asyncio: its blocks, and its transport beside a pair of sockets.

Needs nothing. With LOOP=uvloop, the sockets are uvloop's, which then has to be there.
"""

import asyncio
import gc
import io  # noqa: F401
import itertools
import os
import re
import socket
import ssl
import sys
import unittest
import weakref
from unittest import mock

from test_pages import blocks, read, recipe, run_block

from test_stringtransport import LARGE

TRANSPORT, *BLOCKS = blocks(".github/ASYNCIO.md", "python")
PAGE = run_block(TRANSPORT)
RECORDING = run_block(recipe("RecordingT")).RecordingTransport
LOOP = os.environ.get("LOOP", "asyncio")
UVLOOP = LOOP == "uvloop"
TLS = ssl.create_default_context()

# Steps on a transport `t` of a protocol `p`, each with the same outcome on both.
SAME = [
    "t.get_protocol() is p; t.can_write_eof(); t.get_write_buffer_size()",
    "t.set_write_buffer_limits(1); t.set_write_buffer_limits(); t.get_extra_info('x', 1)",
    "t.write(b'bytes '); t.write(bytearray(b'array ')); t.write(memoryview(b'view'))",
    "t.writelines([b'one ', bytearray(b'two')]); t.writelines(['text']); t.write(b'')",
    "t.write('text'); t.write(5); t.write([b'list']); t.write(b'')",
    "t.is_closing(); t.close(); t.is_closing(); t.close(); run(); t.close(); t.abort()",
    "t.abort(); t.is_closing(); t.abort(); t.close(); run(); t.is_closing()",
    "t.write(b'bye'); t.close(); t.write(b'late'); run(); p.let_go; t.get_protocol()",
    "t.abort(); t.write(b'late'); t.write_eof(); run(); p.let_go; t.get_protocol()",
    "fail(), run(); p.let_go; t.get_protocol(); t.is_closing(); t.close(); t.abort()",
    "end(), run(); t.is_closing(); t.close(); run()",
    "t.set_protocol(q); t.get_protocol() is q; q.transport; fail(), run(); q.told[:]",
    "t.close(); t.set_protocol(q); run(); q.told[:]",
    "t.write(b'bye'); t.write_eof(); t.write_eof(); t.writelines([b'late'])",
    "t.write_eof(); t.write(b'late'); t.write(b''); t.close(); t.write(b'late'); run()",
    "t.pause_reading(); t.is_reading(); t.pause_reading(); t.resume_reading()",
    "t.pause_reading(); t.resume_reading(); t.is_reading(); t.resume_reading()",
    "t.close(); t.is_reading(); t.pause_reading(); t.resume_reading(); t.is_reading()",
    "fail(), run(); t.is_reading(); t.pause_reading(); t.resume_reading()",
]
if not UVLOOP:
    SAME += [
        "t.close(); t.write_eof(); t.write(b'late'); t.write(b''); run()",
        "t.close(); run(); t.write(b'late'); t.write_eof(); t.write(b'late')",
    ]

# By the names of the page's rows: steps, and the last one's outcome here and there.
QUEUED = UVLOOP or sys.version_info >= (3, 12)
SENDFILE = [NotImplementedError] * 2 if UVLOOP else [RuntimeError, 3]
NO_ANSWER = ConnectionAbortedError
IN_VAIN = {"server_hostname": "localhost", "ssl_handshake_timeout": 0.1}
ROWS = [
    ("fed", "t.pause_reading(); receive(b'a'); p.told[:]", [b"a"], []),
    ("fed", "t.close(); receive(b'a'); run(); p.told[:]", [b"a", None], [None]),
    ("sent", "t.write(LARGE); p.told[:]", [], ["pause_writing"]),
    (
        "changed",
        "t.write(LARGE); t.write(v); v.reverse(); b'ba' in arrived()",
        0,
        QUEUED,
    ),
    ("changed", "t.write(v); v.reverse(); b'ba' in arrived()", False, False),
    ("aborted", "t.write(LARGE); t.abort(); LARGE in arrived()", True, False),
    ("aborted", "t.close(); t.aborted", False, AttributeError),
    ("aborted", "t.abort(); run(); t.abort(); t.aborted", True, AttributeError),
    ("uvloop", "fail(), run(); t.write(b'a')", None, RuntimeError if UVLOOP else None),
    ("uvloop", "isinstance(t, asyncio.Transport)", True, not UVLOOP),
    ("loop", "wait(loop.start_tls(t, p, TLS, **IN_VAIN))", TypeError, NO_ANSWER),
    ("loop", "wait(loop.sendfile(t, io.BytesIO(b'abc')))", *SENDFILE),
    ("extra", "t.get_extra_info('socket') is None", True, False),
    ("extra", "t.get_extra_info('peername') or None", None, None),
    ("raised", "receive(b'raise')", AssertionError, None),
    ("raised", "receive(b'raise'); logged[:]", [], [AssertionError]),
    ("raised", "receive(b'raise'); run(); p.told[1:]", [], [AssertionError]),
    ("raised", "p.told.append(b'raise'); end()", AssertionError, None),
    ("raised", "p.told.append(b'raise'); end(); logged[:]", [], [AssertionError]),
    (
        "late",
        "t.write(LARGE); t.close(); t.write(b'!'); arrived() > LARGE",
        False,
        True,
    ),
    # From your own fake: no other transport has these.
    ("value", "t.write(b'a'); t.value()", b"a", AttributeError),
    ("closed", "setattr(t, 'disconnecting', True); t.is_closing()", True, False),
    ("paused", "t.pause_reading(); t.producerState", "paused", AttributeError),
    ("info", "PAGE.AsyncioTransport(extra={'a': 1}).get_extra_info('a')", 1, 1),
]


class Side(asyncio.Protocol):
    """Notes what it is told."""

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


class LoopCase(unittest.TestCase):
    def setUp(self):
        self.loop, self.logged = __import__(LOOP).new_event_loop(), []
        self.wait = self.loop.run_until_complete
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

    def in_memory(self, protocol, transport_class=PAGE.AsyncioTransport):
        """Return a transport, what is done to it from outside, and what arrived."""
        transport = transport_class(protocol, self.loop)
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
        transport, other = self.join(protocol, Side(stays=True))
        told = other.get_protocol().told

        def fail():
            # To close with something unread resets the connection.
            other.pause_reading()
            transport.write(b"unread")
            other.abort()

        def arrived():
            self.run_loop()
            return b"".join(data for data in told if isinstance(data, bytes))

        return {
            "t": transport,
            "receive": lambda data: other.write(data) or self.run_loop(),
            "end": lambda: other.write_eof() or self.run_loop(),
            "fail": fail,
            "arrived": arrived,
            "ended": lambda: told[-1:] in (["end"], [None]),
        }

    def take(self, steps, connect):
        """Return the outcome of each step, and what was told by then."""
        side, seen = Side(), []
        names = dict(globals(), **connect(side), p=side, q=Side(), v=bytearray(b"ab"))
        names.update(vars(self), run=self.run_loop)
        for step in steps.split("; "):
            try:
                outcome = eval(step, names)
            except Exception as error:
                outcome = type(error)
            seen.append((step, outcome, [*side.told]))
        return seen


class PageTests(unittest.TestCase):
    def test_each_row_of_its_tables_has_steps(self):
        rows = re.findall(r"^\| .*\|\n(?!\|---)", read(".github/ASYNCIO.md"), re.M)
        named = [re.findall(r"<!-- (\w+) --> \|\n", row) for row in rows]
        self.assertEqual(named, [[name] for name in dict.fromkeys(next(zip(*ROWS)))])

    def test_each_block_asserts_something_and_passes(self):
        for block in BLOCKS:
            self.assertRegex(block, r"\bassert |self\.assert")
            with mock.patch.dict(sys.modules, asyncio_transport=PAGE):
                program = run_block(block)
            result = unittest.TestResult()
            unittest.defaultTestLoader.loadTestsFromModule(program).run(result)
            self.assertEqual(result.errors + result.failures, [])


class AsyncioTransportTests(LoopCase):
    def test_each_step_has_the_same_outcome_as_on_a_socket(self):
        for steps in SAME:
            steps += "; arrived(); ended()"
            expected = self.take(steps, self.on_a_socket)
            self.assertEqual(self.take(steps, self.in_memory), expected)

    def test_each_row_of_the_page_says_how_it_differs(self):
        for _, steps, *expected in ROWS:
            outcomes = []
            for connect in (self.in_memory, self.on_a_socket):
                self.logged.clear()
                outcomes.append(self.take(steps, connect)[-1][1])
            self.assertEqual(outcomes, expected, steps)

    def test_the_loss_is_told_once_in_whatever_order_it_is_closed_and_lost(self):
        for steps in itertools.permutations(("t.close()", "t.lose()", "run()")):
            seen = self.take("; ".join([*steps, *steps, "run()"]), self.in_memory)
            self.assertEqual(seen[-1][2], [None], steps)

    def test_closing_asks_for_one_call_in_the_next_turn_that_needs_no_protocol(self):
        transport = PAGE.AsyncioTransport(loop=mock.Mock())
        transport.close()
        transport.close()
        transport.loop.call_soon.assert_called_once_with(transport.lose)
        transport.lose()
        self.assertTrue(transport.disconnected)

    def test_transports_share_no_extra(self):
        PAGE.AsyncioTransport()._extra["name"] = "value"
        self.assertIsNone(PAGE.AsyncioTransport().get_extra_info("name"))

    def test_after_the_loss_nothing_holds_the_protocol_whatever_it_raised(self):
        for connect in (self.in_memory, self.on_a_socket):
            side = Side()
            transport = connect(side)["t"]
            side.transport = mock.Mock(get_protocol=mock.Mock(side_effect=OSError))
            transport.close()
            self.run_loop()
            let_go = weakref.ref(side)
            del side
            gc.collect()
            self.assertEqual((let_go(), transport.get_protocol()), (None, None))
            self.assertEqual(self.logged.pop(), OSError)

    def test_Strict_has_the_single_writes_and_those_that_were_dropped(self):
        class Strict(RECORDING, PAGE.AsyncioTransport):
            pass

        transport = Strict()
        transport.write(b"one")
        transport.writelines([b"two", b"three"])
        self.assertEqual(b"".join(transport.writes), transport.value())
        transport.close()
        transport.write(b"late")
        self.assertEqual(transport.writes, [b"one", b"twothree", b"late"])
        self.assertEqual(transport.value(), b"onetwothree")


class StreamsTests(LoopCase):
    def test_they_wait_for_resume_writing_and_without_a_loop_for_the_loss(self):
        reader = asyncio.StreamReader(loop=self.loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=self.loop)
        transport = PAGE.AsyncioTransport(protocol)
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

    def test_code_that_connects_by_itself_gets_what_is_patched_in(self):
        def connect(factory, *args, **kwargs):
            protocol = factory()
            transport = PAGE.AsyncioTransport(protocol, self.loop)
            protocol.connection_made(transport)
            return transport, protocol

        async def ask():
            reader, writer = await asyncio.open_connection("localhost", 80, limit=5)
            writer.transport.get_protocol().data_received(b"longer\n")
            with self.assertRaises(ValueError):
                await reader.readline()
            (await self.loop.start_tls(writer.transport, None, TLS)).close()

        create = self.loop.create_connection = mock.AsyncMock(side_effect=connect)
        self.loop.start_tls = mock.AsyncMock(
            side_effect=lambda transport, *_: transport
        )
        self.wait(ask())
        create.assert_called_once_with(mock.ANY, "localhost", 80)


class PairTests(LoopCase):
    def test_join_connects_the_client_first_and_returns_real_transports(self):
        made, sides = [], (Side(), Side())
        for side in sides:
            side.connection_made = made.append
        transports = self.join(*sides)
        self.assertEqual(made, [*transports])
        self.assertEqual([each.get_protocol() for each in made], [*sides])
        for each in transports:
            self.assertRegex(type(each).__module__, f"^{LOOP}")

    def test_an_exception_out_of_connection_made_is_only_logged(self):
        broken = mock.Mock(asyncio.Protocol)
        broken.connection_made.side_effect = OSError
        transport, _ = self.join(broken, Side())
        self.assertEqual((self.logged, transport.is_closing()), ([OSError], False))

    def test_streams_need_no_join_and_stay_open_when_the_other_side_closes(self):
        async def ask():
            one, other = socket.socketpair()
            _, writer = await asyncio.open_connection(sock=one)
            reader, theirs = await asyncio.open_connection(sock=other)
            writer.write(b"hello")
            writer.close()
            return await reader.read(), theirs.is_closing(), theirs.close()

        self.assertEqual(self.wait(ask()), (b"hello", False, None))
        self.run_loop()

    def test_on_TLS_close_waits_for_the_other_side_and_write_eof_is_refused(self):
        protocols = ssl.PROTOCOL_TLS_CLIENT, ssl.PROTOCOL_TLS_SERVER
        client, server = map(ssl.SSLContext, protocols)
        for context in (client, server):
            # What is left needs no certificate.
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.maximum_version = ssl.TLSVersion.TLSv1_2
            context.set_ciphers("AECDH-AES256-SHA:@SECLEVEL=0")
        one, other = socket.socketpair()
        accepting = self.loop.connect_accepted_socket(Side, other, ssl=server)
        accepting = self.loop.create_task(accepting)
        connecting = self.loop.create_connection(
            Side, sock=one, ssl=client, server_hostname="localhost"
        )
        (transport, side), (theirs, _) = self.wait(connecting), self.wait(accepting)
        self.assertRaises(NotImplementedError, transport.write_eof)
        theirs.pause_reading()
        transport.close()
        self.run_loop()
        self.assertEqual(side.told, [])
        theirs.resume_reading()
        self.run_loop()
        self.assertEqual(side.told[-1:], [None])
