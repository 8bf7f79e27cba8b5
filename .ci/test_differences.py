"""Holds rows of DIFFERENCES and CONNECTION to their tests: needs Twisted[tls]."""

import re
import unittest

import pages
import test_connection as connection
import test_stringtransport as ours
import test_tcp_unix_iosim as real
import test_tls_asyncioreactor as others
import test_twisted as twisted

PAGES = pages.read(".github/DIFFERENCES.md") + pages.read(".github/CONNECTION.md")
IN_MEMORY = {*dir(ours.InMemoryLossContract)} - {*dir(ours.TransportContract)}
# How many rows, and whose test cases see it: all or, if a row names some, those.
SECTIONS = {
    "From Twisted's two classes": (12, ["Twisted(String|Difference)"]),
    "From Twisted's values": (10, ["TwistedValueDifference"]),
    "From real connections": (39, ["TCP", "UNIX", "TLS", "AsyncioTCP"]),
    "From Twisted's iosim": (13, ["Iosim"]),
    "As on TCP": (12, ["Epoll"]),
    "Not as on TCP": (6, []),
}


def tests(cases, *modules, fail=False):
    return {
        test
        for module in modules or (ours, twisted, real, others, connection)
        for name, case in vars(module).items()
        if re.fullmatch(f"({cases}).*(Tests|Interfaces)", name)
        for test in unittest.defaultTestLoader.getTestCaseNames(case)
        if hasattr(getattr(case, test), "reason") is fail
    }


class DifferencesTests(unittest.TestCase):
    def test_each_row_and_each_difference_has_tests_that_pass_where_it_says(self):
        alike = tests("", ours) | tests("Provides")
        for section, (count, whose) in SECTIONS.items():
            cases = "|".join(["Provides", *whose])
            found = tests(cases) - alike | tests(cases, fail=True)
            if section == "From real connections":
                found |= IN_MEMORY
            text = PAGES.split(f"\n## {section}")[1].split("\n## ")[0]
            rows = re.findall(r"^[-|] .*$(?!\n\|-)", text, re.M)
            self.assertEqual(len(rows), count, section)
            for row in rows:
                said, _, names = row.partition("<!--")
                names = {*re.findall(r"test_\w+", names)}
                self.assertTrue(names, f"names no test: {row}")
                self.assertEqual(names - tests(""), set(), f"do not pass: {row}")
                for each in [each for each in whose if each in said] or whose:
                    told = f"none that passes on {each}: {row}"
                    self.assertTrue(names & tests(each), told)
                found -= names
            self.assertEqual(found, set(), f"need a row: {section}")

    def test_the_example_runs(self):
        pages.run_block(*pages.blocks(".github/DIFFERENCES.md", "python"))
