"""Defects that are planted in a transport, and the contract, which finds each one.

Needs nothing.
"""

import unittest

from stringtransport import ConnectionDone, Failure, StringTransportWithDisconnection
from test_stringtransport import (
    StringTransportContract,
    TransportContract,
    known_difference,
)


class Sound(StringTransportWithDisconnection):
    """A transport without a defect, which tells of the loss later, from a queue."""

    queue = []

    def tell(self, reason=ConnectionDone, **flags):
        vars(self).update({"connected": False, "disconnected": True, **flags})
        self.protocol.connectionLost(Failure(reason()))

    def abortConnection(self):
        if self.connected and self.tell not in self.queue:
            self.queue.append(self.tell)

    def loseConnection(self):
        self.disconnecting = self.disconnecting or self.connected
        self.abortConnection()


class SoundTests(TransportContract, unittest.TestCase):
    transport_class = Sound
    # The fixture alone: that contract's tests would find some defects, too.
    connect = StringTransportContract.connect
    delivered = StringTransportContract.delivered

    def settle(self):
        # A defect may fill it without end.
        for tell in Sound.queue[:9]:
            Sound.queue.remove(tell)
            tell()


# Each defect: the name of a method, and what it does instead.
DEFECTS = [
    ("write", lambda t, data: Sound.write(t, data) or len(data)),
    ("write", lambda t, data: t.io.write(data) and None),
    ("write", lambda t, data: t.io.write(bytes(data, "ascii")) and None),
    ("write", lambda t, data: t.io.write(data[:-1]) and None),
    ("write", lambda t, data: Sound.write(t, data[:65536])),
    ("write", lambda t, data: Sound.write(t, data) if t.connected else t.socket),
    ("write", lambda t, data: t.socket if t.queue else Sound.write(t, data)),
    ("writeSequence", lambda t, data: [t.write(piece) for piece in data] and None),
    ("writeSequence", lambda t, data: t.write(b"".join(data)[:1000])),
    ("writeSequence", lambda t, data: t.write(b"".join([*data][:16]))),
    ("writeSequence", lambda t, data: t.write(b"".join([*data][:1000]))),
    ("writeSequence", lambda t, data: setattr(t, "value", lambda: b"".join(data))),
    ("loseConnection", lambda t: None),
    ("loseConnection", lambda t: t.tell(disconnecting=True)),
    ("loseConnection", lambda t: t.connected and t.queue.append(t.tell)),
    ("abortConnection", lambda t: None),
    ("abortConnection", lambda t: t.tell()),
    ("abortConnection", lambda t: t.connected and t.queue.append(t.tell)),
    ("abortConnection", StringTransportWithDisconnection.loseConnection),
    ("abortConnection", lambda t: t.producer is not None or Sound.abortConnection(t)),
    ("tell", lambda t: t.producerState == "paused" or Sound.tell(t)),
    ("tell", lambda t: Sound.tell(t, KeyError)),
    ("tell", lambda t: Sound.tell(t, connected=True)),
    ("tell", lambda t: Sound.tell(t, disconnecting=False)),
    ("tell", lambda t: Sound.tell(t, disconnected=False)),
    ("registerProducer", lambda t, producer, streaming: None),
    ("unregisterProducer", lambda t: t.disconnecting and t.tell()),
    ("pauseProducing", lambda t: None if t.connected else t.socket),
    ("getHost", Sound.getPeer),
    ("__getattr__", lambda t, name: None),
]


def result_of(case):
    Sound.queue.clear()
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return result


class DefectTests(unittest.TestCase):
    def test_each_defect_is_found(self):
        for number, (name, does) in enumerate(DEFECTS):
            defective = type("Defective", (Sound,), {name: does})
            case = type("Tests", (SoundTests,), {"transport_class": defective})
            self.assertFalse(result_of(case).wasSuccessful(), (number, name))


class KnownDifferenceTests(unittest.TestCase):
    def differing(self, **attributes):
        """Return the result of the contract, where one test is known to fail."""
        case = type("Tests", (SoundTests,), attributes)
        name = "test_addresses_are_the_same_each_time_and_differ_by_side"
        return result_of(known_difference(name, "it has but one")(case))

    def test_a_difference_that_is_one_passes(self):
        with_one = type("WithOne", (Sound,), {"getHost": Sound.getPeer})
        result = self.differing(transport_class=with_one)
        self.assertEqual(len(result.expectedFailures), 1)
        self.assertTrue(result.wasSuccessful())

    def test_a_difference_that_is_none_is_reported(self):
        self.assertFalse(self.differing().wasSuccessful())
        self.assertTrue(result_of(SoundTests).wasSuccessful())

    def test_a_broken_fixture_does_not_pass_for_a_difference(self):
        for name in ("setUp", "connect", "delivered"):
            self.assertFalse(self.differing(**{name: None}).wasSuccessful(), name)
