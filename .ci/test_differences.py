"""Holds `.github/DIFFERENCES.md` to the tests that see each row: needs Twisted[tls].

Each section names in comments the tests that know of its rows.
"""

import re
import unittest

import test_readme
import test_stringtransport
import test_twisted
import test_twisted_tls

IN_MEMORY = (
    test_twisted.TwistedStringTransportTests,
    test_twisted.TwistedStringTransportWithDisconnectionTests,
)
REAL = (
    test_twisted.TCPTests,
    test_twisted.UNIXTests,
    test_twisted_tls.AsyncioTCPTests,
    test_twisted_tls.TLSTests,
)
SECTIONS = {
    "From Twisted's two classes": IN_MEMORY,
    "From real connections": REAL,
    "From Twisted's iosim": (test_twisted.IosimTests,),
}
MODULES = (test_stringtransport, test_twisted, test_twisted_tls)


def expected_failures(cases):
    """Return the names of the tests that one of the cases is known to fail."""
    return {
        name
        for case in cases
        for name in unittest.defaultTestLoader.getTestCaseNames(case)
        if hasattr(getattr(case, name), "reason")
    }


def all_tests():
    for module in MODULES:
        for case in vars(module).values():
            if isinstance(case, type):
                yield from (name for name in dir(case) if name.startswith("test_"))


class DifferencesTests(unittest.TestCase):
    def setUp(self):
        page = test_readme.read(".github/DIFFERENCES.md").split("\n## ")[1:]
        self.named = {
            section.split("\n")[0]: {*re.findall(r"\btest_\w+(?!\.py)\b", section)}
            for section in page
        }

    def test_each_known_difference_is_named_where_it_belongs(self):
        for section, cases in SECTIONS.items():
            missing = expected_failures(cases) - self.named[section]
            self.assertEqual(missing, set(), section)

    def test_each_test_that_is_named_is_there(self):
        named = set().union(*self.named.values())
        self.assertEqual(named - {*all_tests()}, set())

    def test_each_test_that_is_named_for_iosim_is_a_known_difference_there(self):
        section = "From Twisted's iosim"
        self.assertEqual(self.named[section], expected_failures(SECTIONS[section]))

    def test_the_example_runs(self):
        (block,) = test_readme.blocks(".github/DIFFERENCES.md", "python")
        test_readme.run_block(block)
