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


class SoundTests(TransportContract, unittest.TestCase):
    transport_class = StringTransportWithDisconnection
    # The fixture alone: that contract's tests would find some defects, too.
    connect = StringTransportContract.connect
    delivered = StringTransportContract.delivered


def piece_by_piece(transport, data):
    for piece in data:
        transport.write(piece)


def keep(transport, data):
    transport.value = lambda: b"".join(data)


def lose(transport, reason=ConnectionDone, **flags):
    vars(transport).update(flags)
    transport.protocol.connectionLost(Failure(reason()))


def lose_without(transport, **flags):
    if transport.connected and not transport.disconnecting:
        StringTransportWithDisconnection.loseConnection(transport)
        vars(transport).update(flags)


# Each defect, and what the transport then has instead.
DEFECTS = {
    "takes bytearray": {"write": lambda t, data: t.io.write(data)},
    "takes str": {"write": lambda t, data: t.io.write(bytes(data, "ascii"))},
    "returns a length": {"write": lambda t, data: t.io.write(data)},
    "drops the last byte": {"write": lambda t, data: t.io.write(data[:-1]) and None},
    "cuts what is large": {"write": lambda t, data: t.writeSequence([data[:65536]])},
    "writes what comes before a wrong piece": {"writeSequence": piece_by_piece},
    "takes the first 1,000 bytes": {
        "writeSequence": lambda t, data: t.write(b"".join(data)[:1000])
    },
    "takes the first 16 pieces": {
        "writeSequence": lambda t, data: t.write(b"".join([*data][:16]))
    },
    "takes the first 1,000 pieces": {
        "writeSequence": lambda t, data: t.write(b"".join([*data][:1000]))
    },
    "keeps the caller's list": {"writeSequence": keep},
    "cannot be written to after the loss": {
        "write": lambda t, data: t.connected or t.socket
    },
    "tells nobody of the loss": {"loseConnection": lambda t: None},
    "tells of the loss twice": {"loseConnection": lose},
    "tells of an abort after the loss": {"abortConnection": lose},
    "gives another reason": {"loseConnection": lambda t: lose(t, KeyError)},
    "stays connected": {"loseConnection": lambda t: lose_without(t, connected=True)},
    "is not disconnecting": {
        "loseConnection": lambda t: lose_without(t, disconnecting=False)
    },
    "is not disconnected": {
        "loseConnection": lambda t: lose_without(t, disconnected=False)
    },
    "replaces its producer": {"registerProducer": lambda t, producer, streaming: None},
    "cannot be paused after the loss": {
        "pauseProducing": lambda t: None if t.connected else t.socket
    },
    "has one address for both sides": {"getHost": SoundTests.transport_class.getPeer},
    "has every attribute": {"__getattr__": lambda t, name: None},
}


def result_of(case):
    result = unittest.TestResult()
    unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    return result


class DefectTests(unittest.TestCase):
    def test_each_defect_is_found(self):
        for defect, instead in DEFECTS.items():
            defective = type("Defective", (SoundTests.transport_class,), instead)
            case = type("Tests", (SoundTests,), {"transport_class": defective})
            self.assertFalse(result_of(case).wasSuccessful(), defect)


class KnownDifferenceTests(unittest.TestCase):
    def differing(self, **attributes):
        """Return the result of the contract, where one test is known to fail."""
        case = type("Tests", (SoundTests,), attributes)
        name = "test_addresses_are_the_same_each_time_and_differ_by_side"
        return result_of(known_difference(name, "it has but one")(case))

    def test_a_difference_that_is_one_passes(self):
        instead = DEFECTS["has one address for both sides"]
        with_one = type("WithOne", (SoundTests.transport_class,), instead)
        result = self.differing(transport_class=with_one)
        self.assertEqual(len(result.expectedFailures), 1)
        self.assertTrue(result.wasSuccessful())

    def test_a_difference_that_is_none_is_reported(self):
        self.assertFalse(self.differing().wasSuccessful())

    def test_a_difference_says_nothing_of_other_test_cases(self):
        self.differing()
        self.assertTrue(result_of(SoundTests).wasSuccessful())

    def test_a_broken_fixture_does_not_pass_for_a_difference(self):
        for name in ("setUp", "connect", "delivered"):
            self.assertFalse(self.differing(**{name: None}).wasSuccessful(), name)
