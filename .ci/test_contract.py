"""What the contract for strangers' transports finds: defects are planted in one.

Needs nothing.
"""

import unittest

from stringtransport import ConnectionDone, Failure, IPv4Address
from test_stringtransport import Protocol, TransportContract, known_difference


class QueueTransport:
    """A sound transport that shares nothing with ours: it puts data into a queue."""

    connected, disconnecting, disconnected = True, False, False
    producer = None

    def __init__(self, protocol):
        self.protocol, self.queue = protocol, []

    def write(self, data):
        if not isinstance(data, bytes):
            raise TypeError("data must be bytes")
        if self.connected:
            self.queue.append(data)

    def writeSequence(self, data):
        self.write(b"".join(data))

    def loseConnection(self):
        if self.connected:
            self.connected, self.disconnecting, self.disconnected = False, True, True
            self.protocol.connectionLost(Failure(ConnectionDone()))

    abortConnection = loseConnection

    def getPeer(self):
        return IPv4Address("TCP", "192.0.2.1", 80)

    def getHost(self):
        return IPv4Address("TCP", "192.0.2.2", 4242)

    def registerProducer(self, producer, streaming):
        if self.producer is not None:
            raise RuntimeError("there is a producer already")
        self.producer = producer

    def unregisterProducer(self):
        self.producer = None

    def pauseProducing(self):
        pass

    resumeProducing = pauseProducing


class QueueTransportTests(TransportContract, unittest.TestCase):
    transport_class = QueueTransport

    def connect(self, protocol=None):
        transport = self.transport_class(protocol or Protocol())
        transport.protocol.makeConnection(transport)
        return transport

    def delivered(self, transport):
        return b"".join(transport.queue)


def piece_by_piece(transport, data):
    for piece in data:
        transport.write(piece)


def lose(transport, **flags):
    vars(transport).update(flags)
    transport.protocol.connectionLost(Failure(ConnectionDone()))


LOST = {"connected": False, "disconnecting": True, "disconnected": True}

# Each defect, and what the transport then has instead.
DEFECTS = {
    "takes str": {"write": lambda t, data: t.queue.append(bytes(data, "ascii"))},
    "takes a bytearray": {"write": lambda t, data: t.queue.append(bytes(data))},
    "is last in, first out": {"write": lambda t, data: t.queue.insert(0, data)},
    "returns a length": {"write": lambda t, data: t.queue.append(data) or len(data)},
    "cuts what is large": {"write": lambda t, data: t.queue.append(data[:65536])},
    "writes what comes before a wrong piece": {"writeSequence": piece_by_piece},
    "takes the first 1,000 bytes": {
        "writeSequence": lambda t, data: t.write(b"".join(data)[:1000])
    },
    "takes the first 16 pieces": {
        "writeSequence": lambda t, data: t.write(b"".join(data[:16]))
    },
    "takes the first 1,000 pieces": {
        "writeSequence": lambda t, data: t.write(b"".join(data[:1000]))
    },
    "keeps the caller's list": {
        "writeSequence": lambda t, data: setattr(t, "queue", data)
    },
    "cannot be written to after the loss": {
        "writeSequence": lambda t, data: t.connected or t.lost
    },
    "tells nobody of the loss": {"loseConnection": lambda t: vars(t).update(LOST)},
    "tells of the loss again": {"loseConnection": lambda t: lose(t, **LOST)},
    "tells of an abort again": {"abortConnection": lambda t: lose(t, **LOST)},
    "stays connected": {
        "loseConnection": lambda t: t.disconnected
        or lose(t, disconnecting=True, disconnected=True)
    },
    "is never disconnecting": {
        "loseConnection": lambda t: t.connected and lose(t, connected=False)
    },
    "is never disconnected": {
        "loseConnection": lambda t: t.connected
        and lose(t, connected=False, disconnecting=True)
    },
    "gives another reason": {
        "loseConnection": lambda t: t.protocol.connectionLost(Failure(OSError()))
    },
    "replaces its producer": {"registerProducer": lambda t, producer, streaming: None},
    "cannot be paused after the loss": {"pauseProducing": lambda t: t.connected or t.x},
    "has one address for both sides": {"getHost": QueueTransport.getPeer},
    "has every attribute": {"__getattr__": lambda t, name: None},
}


def result_of(case, *names):
    """Return the result of the tests with these names, or of all."""
    result = unittest.TestResult()
    for name in names or unittest.defaultTestLoader.getTestCaseNames(case):
        case(name).run(result)
    return result


class DefectTests(unittest.TestCase):
    def test_each_defect_is_found(self):
        for defect, instead in DEFECTS.items():
            defective = type("Defective", (QueueTransport,), instead)
            case = type("Tests", (QueueTransportTests,), {"transport_class": defective})
            self.assertFalse(result_of(case).wasSuccessful(), defect)


class KnownDifferenceTests(unittest.TestCase):
    NAME = "test_registerProducer_refuses_a_second_producer"

    def case(self, **attributes):
        case = type("Tests", (QueueTransportTests,), attributes)
        return known_difference(self.NAME, "it keeps the newer one")(case)

    def test_a_difference_that_is_one_passes(self):
        replacing = {"registerProducer": lambda transport, producer, streaming: None}
        case = self.case(transport_class=type("T", (QueueTransport,), replacing))
        result = result_of(case, self.NAME)
        self.assertEqual(len(result.expectedFailures), 1)
        self.assertTrue(result.wasSuccessful())

    def test_a_difference_that_is_none_is_reported(self):
        result = result_of(self.case(), self.NAME)
        self.assertEqual(len(result.unexpectedSuccesses), 1)
        self.assertFalse(result.wasSuccessful())

    def test_a_difference_says_nothing_of_other_test_cases(self):
        self.case()
        self.assertTrue(result_of(QueueTransportTests, self.NAME).wasSuccessful())

    def test_a_broken_fixture_does_not_pass_for_a_difference(self):
        for broken in (
            {"connect": lambda self, protocol=None: self.fail()},
            {"setUp": 0},
        ):
            self.assertFalse(result_of(self.case(**broken)).wasSuccessful())
