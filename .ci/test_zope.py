"""What the module tells zope.interface where Twisted is not: needs zope.interface.

Twisted is hidden here; that its own interfaces are used is tested in `test_twisted.py`.
"""

import inspect
import itertools
import sys
import types
import unittest
from unittest import mock

from zope.interface import implementedBy
from zope.interface.interface import InterfaceClass
from zope.interface.verify import verifyObject

from test_stringtransport import hidden, run_copy

with hidden("twisted"):
    module = run_copy("stringtransport_without_twisted")
ABCS = [module.ITransport, module.IConsumer, module.IPushProducer]


def interface_of(abc):
    (interface,) = implementedBy(abc)
    return interface


class ZopeInterfaceTests(unittest.TestCase):
    def test_both_transports_provide_all_interfaces(self):
        ours = module.StringTransport, module.StringTransportWithDisconnection
        for transport_class, abc in itertools.product(ours, ABCS):
            self.assertTrue(verifyObject(interface_of(abc), transport_class()))

    def test_beside_half_a_Twisted_the_interfaces_are_our_own(self):
        half = types.ModuleType("twisted.internet")
        half.interfaces = types.ModuleType("twisted.internet.interfaces")
        for abc in ABCS:
            setattr(half.interfaces, abc.__name__, InterfaceClass(abc.__name__))
        modules = {"twisted": types.ModuleType("twisted"), "twisted.internet": half}
        with hidden("twisted"), mock.patch.dict(sys.modules, modules):
            beside = run_copy("beside_half_a_twisted")
        interface = interface_of(beside.ITransport)
        self.assertIsNot(interface, half.interfaces.ITransport)
        self.assertTrue(interface.providedBy(beside.StringTransport()))

    def test_they_say_what_ours_say(self):
        for abc in ABCS:
            interface = interface_of(abc)
            self.assertEqual(interface.__name__, abc.__name__)
            self.assertEqual(interface.__module__, module.__name__)
            self.assertEqual(interface.__doc__ or "", abc.__doc__ or "")
            self.assertEqual({*interface.names()}, abc.__abstractmethods__)
            for name in interface.names():
                method = getattr(abc, name)
                self.assertEqual(interface[name].__doc__ or "", method.__doc__ or "")
                taken = ", ".join([*inspect.signature(method).parameters][1:])
                self.assertEqual(interface[name].getSignatureString(), f"({taken})")
