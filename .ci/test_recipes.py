"""The README's pump beside Twisted's TCP, its asyncio transport beside a socket.

Needs Twisted. The same steps are taken on both, and what is seen on both is compared.
"""

import asyncio
import contextlib
import socket
import unittest

from stringtransport import StringTransportWithDisconnection
from test_readme import blocks, run_block
from test_stringtransport import LARGE
from test_twisted import RealConnection

PUMP, ASYNCIO = (
    run_block(next(block for block in blocks("README.md", "python") if name in block))
    for name in ("def pump", "class AsyncioTransport")
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
        before = b"" if self.events[-1:] in ([], ["lost"]) else self.events.pop()
        self.events.append(before + data)
        exec(self.when_received, {"t": self.transport, "data": data})

    def connectionLost(self, reason):
        self.events.append("lost")
        self.reasons.append(reason)
        exec(self.when_lost, {"t": self.transport})


# Steps of two sides, and how the other one reacts. After each `carry()`, both were told
# the same in memory and on TCP.
CONVERSATIONS = [
    ("one.write(b'a'); one.writeSequence([b'b', b'c']); other.write(b'd'); carry()",),
    ("one.write(b''); carry()",),
    ("one.write(LARGE); one.loseConnection(); carry()",),
    ("one.loseConnection(); one.write(b'bye'); carry(); one.write(b'late'); carry()",),
    ("one.loseConnection(); one.loseConnection(); carry(); other.loseConnection()",),
    ("one.abortConnection(); one.loseConnection(); carry()",),
    ("other.write(b'unread'); one.loseConnection(); carry()",),
    (
        "one.write(b'unread'); one.loseConnection();"
        " other.write(b'unread'); other.loseConnection(); carry()",
    ),
    (
        "other.pauseProducing(); one.write(b'a'); carry(); one.write(b'b'); carry();"
        " other.resumeProducing(); carry()",
    ),
    (
        "other.pauseProducing(); one.write(b'bye'); one.loseConnection(); carry();"
        " other.resumeProducing(); carry()",
    ),
    (
        "other.pauseProducing(); one.abortConnection(); carry();"
        " other.resumeProducing(); carry()",
    ),
    (
        "other.pauseProducing(); one.write(b'unread'); one.loseConnection(); carry();"
        " other.loseConnection(); carry()",
    ),
    (
        "one.pauseProducing(); one.write(b'a'); carry();"
        " one.resumeProducing(); carry()",
        "t.write(data)",
    ),
    ("one.write(b'a'); carry()", "t.loseConnection()"),
    (
        "one.write(b'a'); one.loseConnection(); carry()",
        "t.write(data)",
    ),
    ("one.loseConnection(); carry()", "", "t.write(b'wait')"),
    ("one.loseConnection(); carry()", "", "t.loseConnection()"),
    (
        "one.write(b'a'); carry(); one.write(b'b'); one.loseConnection(); carry();"
        " other.resumeProducing(); carry(); other.resumeProducing(); carry()",
        "t.pauseProducing()",
    ),
]


class PumpTests(RealConnection, unittest.TestCase):
    def take(self, steps, sides, carry):
        """Take the steps; return what both were told by the end of each `carry()`."""
        seen = []

        def carry_and_look():
            carry(len(seen))
            seen.append([[*side.events] for side in sides])

        one, other = (side.transport for side in sides)
        names = dict(one=one, other=other, carry=carry_and_look, LARGE=LARGE)
        exec(steps.replace("; ", "\n"), names)
        return seen

    def in_memory(self, steps, sides):
        for side in sides:
            transport = StringTransportWithDisconnection()
            transport.protocol = side
            side.makeConnection(transport)
        transports = [side.transport for side in sides]
        return self.take(steps, sides, lambda number: PUMP.pump(*transports))

    def on_tcp(self, steps, sides, expected):
        self.join(*sides)
        self.run_until(lambda: all(side.transport for side in sides))

        def carry(number):
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
        for steps, *reactions in CONVERSATIONS:
            expected = self.in_memory(steps, [Side(), Side(*reactions)])
            seen = self.on_tcp(steps, [Side(), Side(*reactions)], expected)
            self.assertEqual(seen, expected, steps)

    def test_an_endless_exchange_is_an_error(self):
        sides = [Side("t.write(data)"), Side("t.write(data)")]
        with self.assertRaisesRegex(RuntimeError, "no end after 1000 deliveries"):
            self.in_memory("one.write(b'a'); carry()", sides)


# Steps on a transport of asyncio's, each with the same outcome on both.
USES = [
    "isinstance(t, asyncio.Transport); t.set_write_buffer_limits(high=1)",
    "t.write(b'bytes '); t.write(bytearray(b'array ')); t.write(memoryview(b'view'))",
    "t.writelines([b'one ', bytearray(b'two')]); t.write('text'); t.write(5)",
    "t.is_closing(); t.close(); t.is_closing(); t.close(); run(); t.close(); t.abort()",
    "t.abort(); t.is_closing(); t.abort(); t.close(); run(); t.is_closing()",
    "t.write(b'bye'); t.close(); t.write(b'late'); run(); t.write(b'later')",
    "t.abort(); t.write(b'late'); run()",
    "t.can_write_eof(); t.write(b'bye'); t.write_eof(); t.write_eof(); t.is_closing()",
    "t.write_eof(); t.close(); run(); t.write_eof()",
    "t.is_reading(); t.pause_reading(); t.pause_reading(); t.is_reading()",
    "t.resume_reading(); t.is_reading(); t.close(); t.is_reading(); run()",
    "t.close(); t.pause_reading(); t.resume_reading(); run(); t.pause_reading()",
    "t.get_extra_info('unknown'); t.get_extra_info('unknown', 'default')",
]


class Recorder(asyncio.Protocol):
    def __init__(self):
        self.reasons = []

    def connection_lost(self, exc):
        self.reasons.append(exc)


class AsyncioTransportTests(unittest.TestCase):
    def setUp(self):
        self.loop = asyncio.new_event_loop()
        self.addCleanup(self.loop.close)

    def settle(self):
        for _ in range(5):
            self.loop.run_until_complete(asyncio.sleep(0))

    def in_memory(self, protocol):
        """Return a transport, and a function that tells what has arrived from it."""
        transport = ASYNCIO.AsyncioTransport(protocol, self.loop)
        protocol.connection_made(transport)
        return transport, lambda: (
            transport.value(),
            transport.eof_written or transport.is_closing(),
        )

    def on_a_socket(self, protocol):
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        self.addCleanup(theirs.close)
        connecting = self.loop.create_connection(lambda: protocol, sock=ours)
        transport, _ = self.loop.run_until_complete(connecting)
        self.addCleanup(self.settle)
        self.addCleanup(transport.abort)

        def arrived():
            self.settle()
            received = b""
            try:
                while True:
                    data = theirs.recv(2**16)
                    if not data:
                        return received, True
                    received += data
            except BlockingIOError:
                return received, False

        return transport, arrived

    def take(self, steps, connect):
        """Return the outcome of each step, what was told by then, and what arrived."""
        protocol, seen = Recorder(), []
        transport, arrived = connect(protocol)
        names = {"t": transport, "asyncio": asyncio, "run": self.settle}
        for step in steps.split("; "):
            try:
                outcome = eval(step, names)
            except Exception as error:
                outcome = type(error)
            seen.append((step, outcome, [*protocol.reasons]))
        return [*seen, arrived()]

    def test_each_step_has_the_same_outcome_as_on_a_socket(self):
        for steps in USES:
            expected = self.take(steps, self.on_a_socket)
            self.assertEqual(self.take(steps, self.in_memory), expected)

    def test_streams_read_write_and_close(self):
        async def shout(reader, writer):
            writer.write((await reader.readline()).upper())
            await writer.drain()
            writer.close()
            await writer.wait_closed()

        for connect in (self.in_memory, self.on_a_socket):
            reader = asyncio.StreamReader(loop=self.loop)
            protocol = asyncio.StreamReaderProtocol(reader, loop=self.loop)
            transport, arrived = connect(protocol)
            writer = asyncio.StreamWriter(transport, protocol, reader, self.loop)
            protocol.data_received(b"hello\n")
            self.loop.run_until_complete(asyncio.wait_for(shout(reader, writer), 30))
            self.assertEqual(arrived(), (b"HELLO\n", True))
