"""Twisted's two classes in memory, and its values, held to what ours are held to.

Needs Twisted, of 16.2 or newer. What is known to differ stands above each test case or
in its tables, and in `.github/DIFFERENCES.md`. Real connections are in
`test_tcp_unix_iosim.py` and `test_tls_asyncioreactor.py`.
"""

import importlib
import os
import subprocess
import sys
import typing
import unittest
from unittest import mock

import twisted
from twisted.internet import address, error, interfaces
from twisted.protocols import basic
from twisted.python import failure
from twisted.trial import unittest as trial_unittest
from zope.interface import implementedBy
from zope.interface.interface import fromMethod
from zope.interface.verify import verifyObject

import stringtransport
from test_stringtransport import (
    INTERFACES,
    REFUSED_AFTER_CLOSE,
    SIGNATURES,
    AnyTransportContract,
    EffectsContract,
    InMemoryLossContract,
    ValuesContract,
    alone,
    known_differences,
    run_copy,
    signatures,
)

VERSION = (twisted.version.major, twisted.version.minor)
# Before 19.7, Twisted had its helpers for tests among its tests.
testing = importlib.import_module(
    "twisted.internet.testing" if VERSION >= (19, 7) else "twisted.test.proto_helpers"
)


class UnderTrialTests(unittest.TestCase):
    def test_a_known_difference_may_be_in_a_TestCase_of_trial(self):
        for passes in (False, True):
            test = dict(test_it=lambda self: self.assertTrue(passes))
            case = type("Tests", (trial_unittest.SynchronousTestCase,), test)
            result = unittest.TestResult()
            known_differences({"test_it": "it fails"})(case)("test_it").run(result)
            self.assertIs(result.wasSuccessful(), not passes)


# In memory.

BYTES_ALONE = "test_write_refuses_all_but_bytes_and_delivers_nothing_of_it"
BYTES_LIKE_WRITTEN = {BYTES_ALONE: "before 21.2"} if VERSION < (21, 2) else {}
AT_FIRST = "test_at_first_it_is_connected_and_neither_closing_nor_lost"
NO_DISCONNECTED = {AT_FIRST: "before 17.5"} if VERSION < (17, 5) else {}
OF_OLD_VERSIONS = {**BYTES_LIKE_WRITTEN, **NO_DISCONNECTED}


class ProvidesInterfaces(AnyTransportContract):
    def test_it_provides_the_interfaces_of_Twisted_as_ours_do(self):
        transport = self.connect()
        for abc in INTERFACES:
            interface = getattr(interfaces, abc.__name__)
            self.assertEqual([*implementedBy(abc)], [interface])
            # verifyObject counts the parameters, and does not look at their names.
            for name in abc.__abstractmethods__:
                ours = fromMethod(getattr(abc, name)).getSignatureInfo()
                self.assertEqual(interface[name].getSignatureInfo(), ours, name)
            for each in (transport, stringtransport.StringTransport()):
                self.assertTrue(verifyObject(interface, each))


class TwistedEffects(EffectsContract):
    has_our_messages = False
    # Before 16.5, there was no lenient. Before 17.5, abortConnection did not set it.
    lenient = (
        [] if VERSION >= (16, 5) else ["closing, lenient", "with everything, lost"]
    )
    aborts = {"disconnected": True} if VERSION >= (17, 5) else {}
    # Pausing is refused after loseConnection also where the connection is lost.
    otherwise = dict.fromkeys(["lost", *lenient], REFUSED_AFTER_CLOSE)


@known_differences(OF_OLD_VERSIONS)
class TwistedStringTransportTests(
    TwistedEffects, ProvidesInterfaces, unittest.TestCase
):
    transport_class = testing.StringTransport

    def effects_of_ends(self, connected, disconnected):
        closes = {"disconnecting": True}
        aborts = {**closes, **self.aborts}
        return {"t.loseConnection()": closes, "t.abortConnection()": aborts}


NEVER_SET = "Twisted's class sets neither disconnecting nor disconnected"


@known_differences(
    {
        **OF_OLD_VERSIONS,
        "test_disconnecting_is_true_from_loseConnection_on": NEVER_SET,
        "test_connectionLost_sees_disconnecting_after_loseConnection": NEVER_SET,
        "test_connected_and_disconnected_say_whether_it_was_told": NEVER_SET,
        "test_inside_connectionLost_the_connection_is_lost_already": NEVER_SET,
    }
)
class TwistedStringTransportWithDisconnectionTests(
    TwistedEffects, ProvidesInterfaces, InMemoryLossContract, unittest.TestCase
):
    transport_class = testing.StringTransportWithDisconnection

    def effects_of_ends(self, connected, disconnected):
        loses = {"connected": False, "calls": [("connectionLost", ["Failure"], [])]}
        closes = loses if connected else {}
        aborts = {**closes, **self.aborts}
        return {"t.loseConnection()": closes, "t.abortConnection()": aborts}


class TwistedDifferenceTests(unittest.TestCase):
    """What Twisted's two classes do otherwise, where the contracts do not show it."""

    def test_closing_without_a_protocol_loses_the_connection_all_the_same(self):
        transport = testing.StringTransportWithDisconnection()
        self.assertRaises(AttributeError, transport.loseConnection)
        self.assertFalse(transport.connected)
        transport.loseConnection()

    def test_LineReceiver_drops_the_remaining_lines_with_ours_alone(self):
        for module, delivered in ((stringtransport, 1), (testing, 3)):
            t, receiver = (
                module.StringTransportWithDisconnection(),
                basic.LineReceiver(),
            )
            t.protocol = receiver
            receiver.makeConnection(t)
            receiver.lineReceived = mock.Mock(side_effect=lambda _: t.loseConnection())
            receiver.dataReceived(b"one\r\ntwo\r\nthree\r\n")
            self.assertEqual(receiver.lineReceived.call_count, delivered)

    def test_default_addresses_are_made_anew_each_time(self):
        transport = testing.StringTransport()
        self.assertIsNot(transport.getPeer(), transport.getPeer())

    def test_a_subclass_cannot_set_connected_in_its_body(self):
        subclass = type("Lost", (testing.StringTransport,), {"connected": False})
        self.assertTrue(subclass().connected)

    def test_they_are_plain_classes(self):
        self.assertIs(type(testing.StringTransport), type)

    def test_type_checkers_read_no_declaration_of_an_interface(self):
        with mock.patch.object(typing, "TYPE_CHECKING", True):
            read = run_copy("as_type_checkers_read_it")
        for module, declared in ((read, False), (stringtransport, True)):
            implemented = interfaces.ITransport.implementedBy(module.StringTransport)
            self.assertIs(implemented, declared)

    def test_its_messages_are_others_and_its_repr_is_that_of_any_object(self):
        with self.assertRaisesRegex(RuntimeError, "^(?!no producer is registered$)"):
            testing.StringTransport().unregisterProducer()
        self.assertIs(testing.StringTransport.__repr__, object.__repr__)

    def test_they_take_the_same_arguments(self):
        for name in ("StringTransport", "StringTransportWithDisconnection"):
            ours = {*signatures(getattr(stringtransport, name))}
            missing = ours - {*signatures(getattr(testing, name))}
            # Before 16.5, there was no lenient.
            old = {line for line in missing if "lenient" in line}
            self.assertEqual(missing, set() if VERSION >= (16, 5) else old)


# The values.


class TwistedValuesTests(ValuesContract, unittest.TestCase):
    values = stringtransport

    def test_they_are_its_own_classes_also_where_ours_is_imported_first(self):
        program = """
import stringtransport as ours
from twisted.internet import address, error
from twisted.python import failure
assert ours.ConnectionDone is error.ConnectionDone
assert (ours.Failure, ours.IPv4Address) == (failure.Failure, address.IPv4Address)
"""
        folder = os.path.dirname(stringtransport.__file__)
        subprocess.check_call([sys.executable, "-c", program], cwd=folder or None)


class TwistedValueDifferenceTests(unittest.TestCase):
    """What Twisted's values do otherwise."""

    def test_the_methods_of_Failure_take_the_same_arguments(self):
        listed = {line for line in SIGNATURES if line.startswith("    Failure.")}
        missing = listed - {*signatures(failure.Failure)}
        self.assertEqual(missing, {"    Failure.__init__(self, exc_value)"})

    def test_Failure_has_more_and_takes_more(self):
        self.assertIn("KeyError", failure.Failure(KeyError()).getTraceback())
        self.assertIs(failure.Failure(KeyError(), ValueError, None).type, ValueError)
        try:
            raise OSError
        except OSError:
            self.assertIs(failure.Failure().type, OSError)

    def test_Failure_is_an_exception_and_says_more(self):
        mute = failure.Failure(type("Mute", (Exception,), {"__str__": None})())
        # Before 17.9, it was none.
        self.assertIs(isinstance(mute, BaseException), VERSION >= (17, 9))
        self.assertIsInstance(mute.getErrorMessage(), str)
        for shown in (repr, str):
            text = shown(failure.Failure(KeyError("key")))
            self.assertGreater(len(text), len("<Failure KeyError('key')>"))

    def test_ConnectionDone_derives_from_ConnectionClosed(self):
        self.assertEqual(error.ConnectionDone.__bases__, (error.ConnectionClosed,))

    def test_check_and_trap_of_Twisted_find_names_and_not_every_class(self):
        reason = failure.Failure(KeyError("key"))
        self.assertEqual(reason.check("builtins.KeyError"), "builtins.KeyError")
        self.assertIsNone(reason.check((KeyError,)))
        self.assertIsNone(reason.check(BaseException))
        interrupt = failure.Failure(KeyboardInterrupt())
        self.assertIs(interrupt.check(KeyboardInterrupt), KeyboardInterrupt)
        self.assertIsNone(interrupt.check(BaseException))

    def test_an_address_cannot_be_indexed_or_unpacked_and_can_be_formatted(self):
        own = address.IPv4Address("TCP", "127.0.0.1", 80)
        for wrong in (lambda: own[0], lambda: [*own]):
            self.assertRaises(TypeError, wrong)
        self.assertEqual("%s" % own, str(own))
        self.assertNotEqual(own, ("TCP", "127.0.0.1", 80))

    def test_the_fields_of_an_address_can_be_assigned_to_and_its_type_is_checked(self):
        own = address.IPv4Address("TCP", "127.0.0.1", 80)
        own.port = 81
        self.assertEqual(own.port, 81)
        with self.assertRaises((AssertionError, ValueError)):
            address.IPv4Address("any", "127.0.0.1", 80)
        with self.assertRaises(AttributeError):
            alone.IPv4Address("any", "127.0.0.1", 80).port = 81
