"""The page on asyncio: its blocks, and its transports beside a loop on a socket pair.

Needs nothing. The same steps are taken on both, and what comes of each is compared.
"""

import array  # noqa: F401
import asyncio
import contextlib
import faulthandler
import io  # noqa: F401
import itertools
import socket
import ssl
import sys
import unittest
import warnings
from unittest import mock

from pages import blocks, recipe, run_block, saved
from test_stringtransport import LARGE

BLOCKS = blocks(".github/ASYNCIO.md", "python")
PAGE = sys.modules["asyncio_transport"] = saved("asyncio_transport")
PROGRAMS = [PAGE, *map(run_block, BLOCKS[1:])]
JOINED = PROGRAMS[-1]
RECORDING = run_block(recipe("RecordingT")).RecordingTransport
TLS = ssl.create_default_context()
IN_VAIN = {"server_hostname": "localhost", "ssl_handshake_timeout": 0.1}

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
    "fail(), run(); t.is_closing(); t.close(); t.abort(); run(); t.write(b'late')",
    "end(), run(); t.is_closing(); t.close(); run()",
    "t.close(); t.set_protocol(q); run(); q.told[:]",
    "t.set_protocol(q); t.get_protocol() is q; fail(), run(); q.told[:]",
    "t.can_write_eof(); t.write(b'bye'); t.write_eof(); t.write_eof(); t.is_closing()",
    "t.write_eof(); t.close(); run(); t.write_eof()",
    "t.is_reading(); t.pause_reading(); t.pause_reading(); t.is_reading()",
    "t.pause_reading(); t.resume_reading(); t.is_reading(); t.resume_reading()",
    "t.is_reading(); t.close(); t.is_reading(); run(); t.is_reading()",
    "fail(), run(); t.is_reading(); t.pause_reading(); t.resume_reading()",
    "t.close(); t.pause_reading(); t.resume_reading(); run(); t.pause_reading()",
    "t.get_extra_info('unknown'); t.get_extra_info('unknown', 'default')",
]

# What the page says is left out: steps, and the outcome of the last, here and there.
LEFT_OUT = [
    ("t.pause_reading(); receive(b'a'); p.told[:]", [b"a"], []),
    ("t.close(); receive(b'a'); run(); p.told[:]", [b"a", None], [None]),
    ("receive(b'raise')", ZeroDivisionError, None),
    ("receive(b'raise'); logged[:]", [], [ZeroDivisionError]),
    ("receive(b'raise'); run(); p.told[:]", [], [ZeroDivisionError]),
    ("fail(); p.told[:]", [ConnectionResetError], []),
    ("fail(), run(); t.get_protocol() is p", True, False),
    ("fail(), run(); t.get_protocol() is None", False, True),
    ("t.write(LARGE); p.told[:]", [], ["pause_writing"]),
    ("t.write(LARGE); t.get_write_buffer_size() > 0", False, True),
    ("t.write(LARGE); t.abort(); run(); arrived()[0] == LARGE", True, False),
    ("t.write(LARGE); t.close(); run(); None in p.told", True, False),
    ("t.write(LARGE); t.close(); grows(b'late')", 0, 4),
    ("t.abort(); t.aborted", True, AttributeError),
    ("t.write_eof(); t.write(b'late')", None, RuntimeError),
    ("t.close(); t.write('text')", None, TypeError),
    ("t.write(array.array('b', b'a'))", None, TypeError),
    ("refuses(memoryview(b'abc')[::2])", True, False),
    ("t.write(memoryview(b'abc')[::2]); run(); p.told[:]", [], [BufferError]),
    ("t.set_write_buffer_limits(high=1, low=2)", None, ValueError),
    ("t.get_write_buffer_limits()", AttributeError, (2**14, 2**16)),
    ("wait(loop.sendfile(t, io.BytesIO(b'abc')))", RuntimeError, 3),
    (
        "wait(loop.start_tls(t, p, TLS, **IN_VAIN))",
        *(TypeError, ConnectionAbortedError),  # It starts, but nobody answers.
    ),
    ("t.get_extra_info('socket') is None", True, False),
    ("t.__del__()", AttributeError, ResourceWarning),
    ("t.loseConnection()", None, AttributeError),
    ("t.loseConnection(); run(); p.told[:]", [], []),
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
    ("hold(); one.write(b'a'); run(); one.write(b'b'); run(); go(); run()",),
    ("hold(); one.write(b'bye'); one.close(); run(); go(); run()",),
    ("hold(); one.write(b'bye'); one.write_eof(); run(); go(); run()",),
    ("hold(); one.close(); run(); other.close(); run()",),
    ("hold(); other.write(b'a'); run(); one.write(b'b'); run(); go(); run()",),
    (
        "one.write(b'a'); run(); one.write(b'b'); run(); go(); run()",
        "t.pause_reading()",
    ),
]

# What the page says is left out: which side is told what at last, here and there.
JOINED_LEFT_OUT = [
    (
        *("hold(); one.write(b'raise'); one.write_eof(); run(); go(); run()", [], 1),
        *(["end", None], [ZeroDivisionError]),
    ),
    ("one.write_eof(); run()", ["0", "1 // 0"], 1, ["end"], ["end", ZeroDivisionError]),
    (
        *("one.write(b'a'); one.close(); run()", ["t.write(data)"], 1),
        *([b"a", "end", None], [b"a", BrokenPipeError]),
    ),
    (
        *("hold(); one.write(b'unread'); run(); other.close(); run()", [], 0),
        *(["end", None], [ConnectionResetError]),
    ),
]


def setUpModule():
    # What waits for an end that never comes would hang.
    faulthandler.dump_traceback_later(120, exit=True)


def tearDownModule():
    faulthandler.cancel_dump_traceback_later()


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
    def test_each_block_asserts_something_and_passes_its_tests(self):
        for block, program in zip(BLOCKS, PROGRAMS):
            suite = unittest.defaultTestLoader.loadTestsFromModule(program)
            self.assertTrue(suite.countTestCases() or "\nassert " in block)
            result = unittest.TestResult()
            suite.run(result)
            self.assertEqual(result.errors + result.failures, [])


class InACoroutineTests(LoopCase):
    def test_code_that_connects_by_itself_gets_what_is_patched_in(self):
        async def connect():
            return await asyncio.open_connection("localhost", 80)

        with mock.patch("asyncio.open_connection", return_value=(1, 2)):
            self.assertEqual(self.loop.run_until_complete(connect()), (1, 2))

    def test_the_loop_calls_what_is_due_by_the_time_that_is_patched_in(self):
        async def wait():
            loop, due = asyncio.get_running_loop(), mock.Mock()
            loop.call_later(29, due.early)
            loop.call_later(31, due.late)
            sleeping = loop.create_task(asyncio.sleep(29))
            await asyncio.sleep(0)
            with mock.patch.object(loop, "time", return_value=loop.time() + 30):
                for _ in range(10):
                    await asyncio.sleep(0)
            self.assertTrue(sleeping.done())
            return due.mock_calls

        seen = self.loop.run_until_complete(wait())
        self.assertEqual(seen, [mock.call.early()])

    def test_drain_waits_from_pause_writing_to_resume_writing(self):
        async def drain():
            reader, loop = asyncio.StreamReader(), asyncio.get_running_loop()
            protocol = asyncio.StreamReaderProtocol(reader)
            transport = PAGE.AsyncioTransport(protocol, loop)
            protocol.connection_made(transport)
            writer = asyncio.StreamWriter(transport, protocol, reader, loop)
            protocol.pause_writing()
            draining = loop.create_task(writer.drain())
            await asyncio.sleep(0)
            waited = not draining.done()
            protocol.resume_writing()
            await draining
            writer.close()
            return waited

        self.assertTrue(self.loop.run_until_complete(drain()))


class TLSTests(unittest.TestCase):
    def test_a_transport_of_TLS_cannot_write_eof(self):
        on_tls = asyncio.sslproto._SSLProtocolTransport
        self.assertFalse(on_tls.can_write_eof(mock.Mock()))
        self.assertTrue(PAGE.AsyncioTransport().can_write_eof())


class AsyncioTransportTests(LoopCase):
    transport_class = PAGE.AsyncioTransport

    def without_a_loop(self, protocol, loop=None):
        """Return a transport, and what is done to it from outside."""
        transport = self.transport_class(protocol, loop)
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

    def in_memory(self, protocol):
        return self.without_a_loop(protocol, self.loop)

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
        protocol, seen = Side(), []
        transport, names = connect(protocol)
        names.update(globals(), t=transport, p=protocol, q=Side(), logged=self.logged)
        names.update(run=self.run_loop, loop=self.loop)
        names.update(wait=self.loop.run_until_complete)
        size = transport.get_write_buffer_size
        names["grows"] = lambda data: -size() + (transport.write(data) or size())

        def refuses(data):
            try:
                transport.write(data)
            except (TypeError, BufferError):  # The latter is PyPy's.
                return True
            return False

        names["refuses"] = refuses
        for step in steps.split("; "):
            try:
                outcome = eval(step, names)
            except NotImplementedError:  # In Python 3.8, there is no such method.
                outcome = AttributeError
            except Exception as error:
                outcome = type(error)
            seen.append((step, outcome, [*protocol.told]))
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
                with warnings.catch_warnings():
                    warnings.simplefilter("error", ResourceWarning)
                    outcomes.append(self.take(steps, connect)[-1][1])
            self.assertEqual(outcomes, expected, steps)

    def test_without_a_loop_the_test_says_when_it_is_lost(self):
        steps = "t.close(); p.told[:]; t.lose(); p.told[:]"
        outcomes = [seen[1] for seen in self.take(steps, self.without_a_loop)]
        self.assertEqual(outcomes, [None, [], None, [None]])

    def test_the_loss_is_told_once_in_whatever_order_it_is_closed_and_lost(self):
        for steps in itertools.permutations(("t.close()", "t.lose()", "run()")):
            seen = self.take("; ".join([*steps, *steps, "run()"]), self.in_memory)
            self.assertEqual(seen[-1][2], [None], steps)

    def test_closing_it_again_asks_nothing_of_the_loop(self):
        transport = self.transport_class(loop=mock.Mock())
        transport.close()
        transport.close()
        transport.loop.call_soon.assert_called_once_with(transport.lose)

    def test_it_needs_no_protocol(self):
        transport = self.transport_class(loop=self.loop)
        transport.close()
        self.run_loop()
        self.assertEqual((transport.disconnected, self.logged), (True, []))

    def test_streams_read_write_and_close_but_without_a_loop_wait_for_the_loss(self):
        async def shout(reader, writer):
            writer.write((await reader.readline()).upper())
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        for connect in (self.in_memory, self.on_a_socket, self.without_a_loop):
            reader = asyncio.StreamReader(loop=self.loop)
            protocol = asyncio.StreamReaderProtocol(reader, loop=self.loop)
            transport, names = connect(protocol)
            writer = asyncio.StreamWriter(transport, protocol, reader, self.loop)
            names["receive"](b"hello\n")
            shouting = self.loop.create_task(shout(reader, writer))
            self.run_loop()
            self.assertEqual(names["arrived"](), (b"HELLO\n", True))
            self.assertEqual(shouting.done(), connect != self.without_a_loop)
            if connect == self.without_a_loop:
                transport.lose()
            self.loop.run_until_complete(shouting)

    def test_it_combines_with_the_recipe_for_single_writes_in_either_order(self):
        class First(RECORDING, PAGE.AsyncioTransport):
            pass

        class Last(PAGE.AsyncioTransport, RECORDING):
            pass

        for self.transport_class in (First, Last):
            self.test_each_step_has_the_same_outcome_as_on_a_socket()
            transport = self.transport_class()
            transport.write(b"one")
            transport.writelines([b"two", b"three"])
            self.assertEqual(transport.writes, [b"one", b"twothree"])
            self.assertEqual(transport.value(), b"onetwothree")


class JoinedTransportTests(LoopCase):
    def in_memory(self, *sides):
        async def joined():
            return JOINED.join(*sides)

        return self.loop.run_until_complete(joined())

    def on_a_socket_pair(self, *sides):
        return map(self.connect, sides, socket.socketpair())

    def take(self, steps, reactions, connect):
        """Return what both were told by the end of each `run()`."""
        sides, seen = [Side(), Side(*reactions)], []
        one, other = connect(*sides)

        def run():
            self.run_loop()
            seen.append([[*side.told] for side in sides])

        names = dict(one=one, other=other, run=run, LARGE=LARGE)
        names.update(hold=other.pause_reading, go=other.resume_reading)
        exec(steps.replace("; ", "\n"), names)
        return seen

    def test_both_sides_are_told_the_same_as_on_a_socket_pair(self):
        for steps, *reactions in CONVERSATIONS:
            seen = self.take(steps, reactions, self.in_memory)
            expected = self.take(steps, reactions, self.on_a_socket_pair)
            self.assertEqual(seen, expected, steps)

    def test_what_is_left_out(self):
        for steps, reactions, side, *expected in JOINED_LEFT_OUT:
            told = [
                self.take(steps, reactions, connect)[-1][side]
                for connect in (self.in_memory, self.on_a_socket_pair)
            ]
            self.assertEqual(told, expected, steps)

    def test_all_that_was_written_arrives_in_one_piece(self):
        for connect in (self.in_memory, self.on_a_socket_pair):
            _, told = self.take("one.write(LARGE); run()", [], connect)[-1]
            self.assertEqual(told == [LARGE], connect == self.in_memory)

    def test_a_loss_of_one_side_is_a_clean_end_for_the_other(self):
        steps = "one.write(b'a'); one.lose(OSError()); run()"
        seen = self.take(steps, [], self.in_memory)
        self.assertEqual(seen, [[[OSError], [b"a", "end", None]]])

    def test_a_loss_is_told_to_the_other_side_also_if_the_protocol_raises(self):
        lost = Side()
        lost.connection_lost = mock.Mock(side_effect=ZeroDivisionError)
        one, other = self.in_memory(lost, Side())
        one.close()
        self.run_loop()
        self.assertEqual(other.protocol.told, ["end", None])
        self.assertEqual(self.logged, [ZeroDivisionError])

    def test_a_BufferedProtocol_is_handed_no_data(self):
        buffered = mock.Mock(
            asyncio.BufferedProtocol, **{"eof_received.return_value": 0}
        )
        one, other = self.in_memory(Side(), buffered)
        one.write(b"a")
        one.close()
        self.run_loop()
        told = [call[0] for call in buffered.method_calls]
        self.assertEqual(told, ["connection_made", "eof_received", "connection_lost"])
        self.assertEqual(self.logged, [AttributeError])

    def test_an_exception_out_of_connection_made_comes_out_of_join(self):
        broken = mock.Mock(asyncio.Protocol)
        broken.connection_made.side_effect = ZeroDivisionError
        with self.assertRaises(ZeroDivisionError):
            self.in_memory(broken, Side())
        one, _ = self.on_a_socket_pair(broken, Side())
        self.assertFalse(one.is_closing())
        self.assertEqual(self.logged, [ZeroDivisionError])

    def test_both_sides_know_what_was_handed_over_for_them(self):
        sides = self.in_memory(Side(), Side(), {"peername": ("192.0.2.1", 4242)})
        names = {side.get_extra_info("peername") for side in sides}
        self.assertEqual(names, {("192.0.2.1", 4242)})

    def test_value_is_what_has_not_arrived_yet(self):
        one, _ = self.in_memory(Side(), Side())
        one.write(b"a")
        self.assertEqual(one.value(), b"a")
        self.run_loop()
        self.assertEqual(one.value(), b"")
