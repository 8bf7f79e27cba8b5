"""Holds `.github/DIFFERENCES.md` to the tests that see each row: needs Twisted[tls].

A comment below each table names those that are known to fail there, and others.
"""

import unittest

import pages
import test_stringtransport
import test_tcp_unix_iosim
import test_tls_asyncioreactor
import test_twisted

SECTIONS = {
    "From Twisted's two classes": (
        test_twisted.TwistedStringTransportTests,
        test_twisted.TwistedStringTransportWithDisconnectionTests,
    ),
    "From Twisted's values, where Twisted is not installed": (
        test_twisted.TwistedValuesTests,
    ),
    "From real connections": (
        test_tcp_unix_iosim.TCPTests,
        test_tcp_unix_iosim.UNIXTests,
        test_tls_asyncioreactor.AsyncioTCPTests,
        test_tls_asyncioreactor.TLSTests,
    ),
    "From Twisted's iosim": (test_tcp_unix_iosim.IosimTests,),
}
MODULES = (
    test_stringtransport,
    test_twisted,
    test_tcp_unix_iosim,
    test_tls_asyncioreactor,
)


def tests_of(case):
    return {*unittest.defaultTestLoader.getTestCaseNames(case)}


def known_to_fail(case):
    return {name for name in tests_of(case) if hasattr(getattr(case, name), "reason")}


class DifferencesTests(unittest.TestCase):
    def named(self, section):
        """Return the names that a section's comment has, known to fail or not."""
        page = pages.read(".github/DIFFERENCES.md")
        comment = page.split(f"\n## {section}\n")[1].split("<!--")[1].split("-->")[0]
        fail, pass_ = comment.split("Seen by:")
        return {*fail.split("\n")[1:-1]}, {*pass_.split()}

    def test_those_known_to_fail_are_named_and_no_others_are(self):
        for section, cases in SECTIONS.items():
            fail, _ = self.named(section)
            self.assertEqual(fail, set().union(*map(known_to_fail, cases)), section)

    def test_the_others_are_there_and_pass_somewhere(self):
        cases = {
            case
            for module in MODULES
            for case in vars(module).values()
            if isinstance(case, type) and issubclass(case, unittest.TestCase)
        }
        passing = set().union(*(tests_of(case) - known_to_fail(case) for case in cases))
        for section in SECTIONS:
            fail, pass_ = self.named(section)
            self.assertEqual(pass_ - passing, set(), section)
            self.assertEqual(pass_ & fail, set(), section)

    def test_the_example_runs(self):
        (block,) = pages.blocks(".github/DIFFERENCES.md", "python")
        pages.run_block(block)
