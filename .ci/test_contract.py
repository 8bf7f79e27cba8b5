"""Defects that are planted in a transport, and the contract, which finds each one.

Needs nothing.
"""

import contextlib
import unittest
from types import SimpleNamespace

from stringtransport import ConnectionDone, Failure, StringTransportWithDisconnection
from test_stringtransport import (
    StringTransportContract,
    TransportContract,
    known_differences,
)


class Good(StringTransportWithDisconnection):
    """A transport without a defect, which tells of the loss later, from a queue."""

    queue = []
    told = False

    def tell(self, reason=None, **flags):
        vars(self).update({"connected": False, "disconnected": True, **flags})
        self.protocol.connectionLost(reason or Failure(ConnectionDone()))
        self.told = True

    def abortConnection(self):
        if self.connected and self.tell not in self.queue:
            self.queue.append(self.tell)

    def loseConnection(self):
        self.disconnecting = self.disconnecting or self.connected
        if self.streaming is not False:
            Good.abortConnection(self)


class GoodTests(TransportContract, unittest.TestCase):
    transport_class = Good
    # The fixture alone: that contract's tests would find some defects, too.
    connect = StringTransportContract.connect
    delivered = StringTransportContract.delivered

    def settle(self):
        # A defect may fill it without end. An exception is hidden, as by a reactor.
        for tell in Good.queue[:9]:
            Good.queue.remove(tell)
            with contextlib.suppress(Exception):
                tell()
        return "something"


BARE = SimpleNamespace(value=OSError(), check=lambda *types: types[-1])
# Each defect: the name of a method or an attribute, and what there is instead.
DEFECTS = [
    ("write", lambda t, data: t.socket if t.queue else Good.write(t, data)),
    ("write", lambda t, d: t.socket if t.told > t.disconnecting else Good.write(t, d)),
    ("write", lambda t, d: t.socket if t.told & t.disconnecting else Good.write(t, d)),
    ("write", lambda t, d: t.socket if t.disconnected > t.told else Good.write(t, d)),
    ("write", lambda t, d: int("text") if type(d) is str else Good.write(t, d)),
    ("write", lambda t, d: Good.write(t, bytes(d) if type(d) is bytearray else d)),
    ("write", lambda t, d: Good.write(t, d if t.producer is None else b"")),
    ("write", lambda t, d: Good.write(t, d if t.producerState != "paused" else b"")),
    ("write", lambda t, d: Good.write(t, d if len(d + t.value()) < 2 << 20 else b"")),
    ("value", lambda t: Good.value(t) + b"more"),
    ("value", lambda t: bytes(sorted(Good.value(t)))),
    ("writeSequence", lambda t, data: [t.write(piece) for piece in data] and None),
    ("writeSequence", lambda t, data: setattr(t, "value", lambda: b"".join(data))),
    ("writeSequence", lambda t, data: Good.writeSequence(t, data or [])),
    ("writeSequence", lambda t, d: t.socket if t.queue else Good.writeSequence(t, d)),
    ("loseConnection", lambda t: t.tell() if t.told else Good.loseConnection(t)),
    ("loseConnection", lambda t: Good.loseConnection(t) or setattr(t, "connected", 0)),
    ("abortConnection", lambda t: t.connected and t.queue.append(t.tell)),
    ("abortConnection", lambda t: Good.abortConnection(t) or True),
    ("abortConnection", lambda t: None if t.disconnecting else Good.abortConnection(t)),
    ("abortConnection", lambda t: None if t.streaming else Good.abortConnection(t)),
    ("tell", lambda t: t.producerState == "paused" or Good.tell(t)),
    ("tell", lambda t: t.disconnecting and t.producer is not None or Good.tell(t)),
    ("tell", lambda t: t.queue.append(t.tell) or Good.tell(t) or t.queue.clear()),
    ("tell", lambda t: Good.tell(t, Failure(OSError()))),
    ("tell", lambda t: Good.tell(t, BARE)),
    ("tell", lambda t: Good.tell(t, connected=True)),
    ("tell", lambda t: Good.tell(t, disconnecting=True)),
    ("tell", lambda t: Good.tell(t, disconnecting=False)),
    ("tell", lambda t: Good.tell(t) or vars(t.protocol).update(transport=None)),
    ("registerProducer", lambda t, producer, streaming: None),
    ("unregisterProducer", lambda t: t.producer.end() and Good.unregisterProducer(t)),
    ("unregisterProducer", lambda t: setattr(t, "producer", t.queue.extend(t.queue))),
    ("pauseProducing", lambda t: t.socket if t.told else None),
    ("resumeProducing", Good.loseConnection),
    ("resumeProducing", lambda t: vars(t).pop("producerState") and None),
    ("getHost", Good.getPeer),
    ("getPeer", lambda t: ("127.0.0.1", 80)),
    ("__getattr__", lambda t, name: None),
    ("__bool__", lambda t: t.connected),
    ("__eq__", lambda t, other: True),
    ("__hash__", lambda t: hash(t.connected)),
    ("disconnected", True),
]


def result_of(case):
    Good.queue.clear()
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return result


class DefectTests(unittest.TestCase):
    def test_each_defect_is_found_and_each_test_finds_one(self):
        useless = {*unittest.defaultTestLoader.getTestCaseNames(GoodTests)}
        for number, (name, instead) in enumerate(DEFECTS):
            defective = type("Defective", (Good,), {name: instead})
            case = type("Tests", (GoodTests,), {"transport_class": defective})
            result = result_of(case)
            self.assertFalse(result.wasSuccessful(), (number, name))
            found = [test.id() for test, _ in result.failures + result.errors]
            useless -= {test.split(".")[-1] for test in found}
        self.assertEqual(useless, set())


class KnownDifferenceTests(unittest.TestCase):
    def differing(self, **attributes):
        """Return the result of the contract, where one test is known to fail."""
        case = type("Tests", (GoodTests,), attributes)
        name = "test_addresses_are_the_same_each_time_and_differ_by_side"
        return result_of(known_differences({name: "it has but one"})(case))

    def test_a_difference_that_is_one_passes(self):
        with_one = type("WithOne", (Good,), {"getHost": Good.getPeer})
        self.assertTrue(self.differing(transport_class=with_one).wasSuccessful())

    def test_one_that_is_none_or_a_broken_fixture_is_reported(self):
        self.assertTrue(result_of(GoodTests).wasSuccessful())
        for broken in ({}, {"setUp": None}, {"connect": None}, {"delivered": None}):
            self.assertFalse(self.differing(**broken).wasSuccessful(), broken)
