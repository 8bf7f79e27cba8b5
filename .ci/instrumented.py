"""Use a vendored copy that watches its types at run time: instrumented.py TOOL

TOOL is typeguard or beartype, which instruments all that is imported from a package.
The README's examples are run on that copy, and each public method is called as it is
meant to be. attrs and pydantic, which evaluate annotations, get what it defines.
"""

import importlib
import pathlib
import shutil
import sys
import tempfile
import typing
import unittest

import attr
import pydantic

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent


def instrument(tool, package):
    """Have the package watched, and return the error that a wrong type is met with."""
    if tool == "typeguard":
        import typeguard

        typeguard.install_import_hook(package)
        return typeguard.TypeCheckError
    import beartype.claw
    import beartype.roar

    beartype.claw.beartype_package(package)
    return beartype.roar.BeartypeCallHintViolation


class Protocol:
    def connectionLost(self, reason):
        self.reason = reason


def calls(producer):
    """Return the name and the arguments of each call, in an order that is allowed."""
    return [
        ("write", b"one"),
        ("writeSequence", [b"two", b"three"]),
        ("value",),
        ("clear",),
        ("getPeer",),
        ("getHost",),
        ("registerProducer", producer, True),
        ("unregisterProducer",),
        ("pauseProducing",),
        ("resumeProducing",),
        ("loseConnection",),
        ("abortConnection",),
        ("stopProducing",),
    ]


class UseTests(unittest.TestCase):
    def transports(self):
        address = copy.IPv4Address("TCP", "192.0.2.1", 80)
        for kind in (copy.StringTransport, copy.StringTransportWithDisconnection):
            for arguments in ((), (address, address, True), (("path",), "name")):
                transport = kind(*arguments)
                if kind is not copy.StringTransport:
                    transport.protocol = Protocol()
                yield transport

    def test_a_wrong_argument_meets_the_tool(self):
        transport = copy.StringTransport()
        for wrong in (
            lambda: transport.write("text"),
            lambda: transport.registerProducer(object(), "text"),
            lambda: copy.StringTransport(lenient="text"),
        ):
            self.assertRaises(Refused, wrong)

    def test_each_method_takes_what_it_should(self):
        for transport in self.transports():
            called = calls(object())
            public = {name for name in dir(transport) if name[0] != "_"}
            methods = {name for name in public if callable(getattr(transport, name))}
            self.assertEqual({name for name, *_ in called}, methods)
            for name, *arguments in called:
                getattr(transport, name)(*arguments)
                repr(transport)
        transport.writeSequence(piece for piece in (b"one", b"two"))
        self.assertIsInstance(transport.protocol.reason, copy.Failure)

    def test_the_values_can_be_made_and_used(self):
        for error in (copy.ConnectionDone(), copy.ConnectionDone("a", "b"), OSError(1)):
            failure = copy.Failure(error)
            kind = type(error)
            self.assertIs(failure.check(kind), kind)
            self.assertIs(failure.trap(KeyError, kind), kind)
            self.assertIsNone(failure.check())
            self.assertRaises(kind, failure.trap, KeyError)
            self.assertRaises(kind, failure.raiseException)
            failure.getErrorMessage(), repr(failure), str(failure)

    def test_each_interface_can_be_derived_from(self):
        for interface in (copy.ITransport, copy.IConsumer, copy.IPushProducer):
            methods = dict.fromkeys(interface.__abstractmethods__, print)
            self.assertIsInstance(type("Derived", (interface,), methods)(), interface)

    def test_attrs_resolves_the_annotations(self):
        @attr.s(auto_attribs=True)
        class Derived(copy.StringTransportWithDisconnection):
            extra: int = 0

        attr.resolve_types(Derived)
        for name in copy.__all__:
            typing.get_type_hints(getattr(copy, name))

    def test_pydantic_validates_calls(self):
        for transport in self.transports():
            for name, *arguments in calls(object()):
                pydantic.validate_call(getattr(transport, name))(*arguments)
        failure = copy.Failure(OSError())
        for method in (failure.check, failure.trap):
            self.assertIs(pydantic.validate_call(method)(OSError), OSError)


def load_tests(loader, tests, pattern):
    loader.testNamePatterns = ["*readme*"]
    examples = loader.loadTestsFromName("test_stringtransport")
    if not examples.countTestCases():
        raise LookupError("no test runs the README's examples")
    return unittest.TestSuite([tests, examples])


with tempfile.TemporaryDirectory() as scratch:
    vendor = pathlib.Path(scratch, "pkg", "_vendor")
    vendor.mkdir(parents=True)
    for package in (vendor.parent, vendor):
        (package / "__init__.py").touch()
    shutil.copy(CHECKOUT / "stringtransport.py", vendor)
    sys.path[:0] = [scratch, str(CHECKOUT)]
    Refused = instrument(sys.argv[1], "pkg")
    copy = importlib.import_module("pkg._vendor.stringtransport")
    # It is what the examples import.
    sys.modules["stringtransport"] = copy
    unittest.main(argv=["unittest"])
