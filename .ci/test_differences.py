"""Holds each row of `.github/DIFFERENCES.md` to its tests: needs Twisted[tls].

In the page's source, each row of a table or a list ends with a comment that names them.
"""

import re
import unittest

import test_pages
import test_stringtransport as ours
import test_tcp_unix_iosim as real
import test_tls_asyncioreactor as others
import test_twisted as twisted

# Whose test cases see what differs: all of these or, if a row names some, those.
SECTIONS = {
    "Twisted's two classes": ["Twisted(String|Difference)"],
    "Twisted's values, where Twisted is not installed": ["TwistedValueDifference"],
    "real connections": ["TCP", "UNIX", "TLS", "Asyncio"],
    "Twisted's iosim": ["Iosim"],
}


def tests(cases, *modules, fail=False):
    """Return the names of their tests that pass, or that are known to fail."""
    return {
        test
        for module in modules or (ours, twisted, real, others)
        for name, case in vars(module).items()
        if re.fullmatch(f"({cases}).*(Tests|Interfaces)", name)
        for test in unittest.defaultTestLoader.getTestCaseNames(case)
        if hasattr(getattr(case, test), "reason") is fail
    }


class DifferencesTests(unittest.TestCase):
    def test_each_row_and_each_difference_has_tests_that_pass_where_it_says(self):
        for section, whose in SECTIONS.items():
            found = tests("|".join(whose)) - tests("", ours) - tests("Provides")
            found |= tests("|".join(whose), fail=True)
            text = test_pages.read(".github/DIFFERENCES.md").split(f"From {section}\n")[
                1
            ]
            for row in re.findall(r"^[-|] .*$(?!\n\|-)", text.split("\n## ")[0], re.M):
                said, _, names = row.partition("<!--")
                names = {*re.findall(r"test_\w+", names)}
                self.assertEqual(names - tests(""), set(), said)
                for each in [each for each in whose if each in said] or whose:
                    self.assertTrue(names & tests(each), f"{said} on {each}")
                found -= names
            self.assertEqual(found, set(), f"need a row: {section}")

    def test_the_example_runs(self):
        (block,) = test_pages.blocks(".github/DIFFERENCES.md", "python")
        test_pages.run_block(block)
