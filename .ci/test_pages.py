"""What the pages promise: commands, blocks, tables, links; and what the manual does.

Needs nothing. Each block is run by itself, in a project that has vendored the module.
The blocks for asyncio are run in `test_asyncio.py`.
"""

import configparser
import inspect
import os
import pathlib
import pydoc
import re
import subprocess
import sys
import tempfile
import types
import unittest
from unittest import mock

import stringtransport
from pages import CHECKOUT, PAGES, blocks, named_blocks, read, recipe, run_block
from test_stringtransport import Protocol, alone, signatures


def section(heading):
    return read("README.md").split(f"\n## {heading}\n")[1].split("\n## ")[0]


def anchor(heading):
    """Return the name by which GitHub links to a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


class CommandTests(unittest.TestCase):
    """The README's commands, with nothing installed and this Python as `python3`."""

    def run_command(self, command):
        with tempfile.TemporaryDirectory() as folder:
            python3 = pathlib.Path(folder, "python3")
            # Without -S, what is installed would be there.
            python3.write_text(f'#!/bin/sh\nexec "{sys.executable}" -S "$@"\n')
            python3.chmod(0o755)
            path = os.pathsep.join([folder, os.environ["PATH"]])
            done = subprocess.run(
                ["sh", "-c", command],
                cwd=str(CHECKOUT),
                env={**os.environ, "PATH": path},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                universal_newlines=True,
            )
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def test_the_quick_start_prints_what_the_readme_says(self):
        quick_start, _ = blocks("README.md", "sh")
        (printed,) = blocks("README.md", "text")
        self.assertEqual(self.run_command(quick_start), printed.lstrip("\n"))

    def test_the_tests_end_with_OK_and_skip_nothing(self):
        _, tests = blocks("README.md", "sh")
        *_, ran, _, last = self.run_command(tests).splitlines()
        self.assertRegex(ran, r"^Ran \d{3} tests")
        self.assertEqual(last, "OK")


class BlockTests(unittest.TestCase):
    def test_each_block_runs_by_itself_and_asserts_something(self):
        for page in {*PAGES} - {".github/ASYNCIO.md", ".github/DIFFERENCES.md"}:
            for saved, block in named_blocks(page):
                self.assertRegex(block, "class" if saved else r"\bassert\b|self\.assert")
                # Where it changes the module, others do not see it.
                with mock.patch.dict(vars(stringtransport)):
                    self.assertPasses(run_block(block))

    def assertPasses(self, program):
        """Run the tests of a block, if it has some."""
        result = unittest.TestResult()
        unittest.defaultTestLoader.loadTestsFromModule(program).run(result)
        self.assertEqual(result.failures + result.errors, [])

    def test_the_block_with_types_is_checked_by_type_checkers(self):
        block = recipe("(Protocol):").splitlines()
        lines = [line for line in block if not re.match("from|#", line)]
        words, checked = " ".join(lines).split(), read(".ci/typing_cases.py").split()
        self.assertEqual(checked[-len(words) :], words)

    def test_the_example_at_the_top_of_the_module_runs(self):
        def answer(data):
            protocol.transport.write({b"PING": b"PONG"}[data])

        protocol = Protocol()
        protocol.dataReceived = answer
        example = re.findall("^    (.*)$", alone.__doc__.split("::\n")[1], re.M)
        exec("\n".join(example), {**vars(alone), "protocol": protocol})
        self.assertEqual(len(example), 4)

    def test_each_block_has_a_language_by_which_it_is_found(self):
        for page in [CHECKOUT / "README.md", *CHECKOUT.glob(".github/*.md")]:
            fences = re.findall(r"^```(.*)$", page.read_text("utf-8"), re.M)
            self.assertEqual(
                {*fences[::2]} - {"python", "sh", "text"}, set(), page.name
            )
            self.assertEqual({*fences[1::2]} - {""}, set(), page.name)

    def test_each_recipe_has_a_block_and_a_line_in_the_readme(self):
        recipes = read(".github/RECIPES.md").split("\n## ")[1:]
        *with_blocks, (_, last) = [recipe.split("\n", 1) for recipe in recipes]
        for heading, text in with_blocks:
            self.assertEqual(text.count("\n```python\n"), 1, heading)
        self.assertIn("`TransportContract`", last)
        listed = re.findall(r"^- .*?RECIPES\.md#([\w-]*)\)", section("Recipes"), re.M)
        self.assertEqual(listed, [anchor(r.split("\n")[0]) for r in recipes])

    def test_the_links_lead_somewhere(self):
        for page in [CHECKOUT / "README.md", *CHECKOUT.glob(".github/*.md")]:
            for link in re.findall(r"\]\(([^)]*)\)", page.read_text("utf-8")):
                name, _, place = link.partition("#")
                target = page.parent / name if name else page
                headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.M)
                places = ["", *map(anchor, headings)]
                self.assertIn(place, places, f"{link} in {page.name}")


class TableTests(unittest.TestCase):
    def test_the_first_column_of_the_api_names_all_that_is_public(self):
        rows = re.findall(r"^\|(.*?)\|", section("The API"), re.M)
        named = {*re.findall(r"`\.?(\w+)[^`]*`", "".join(rows))}
        transport = stringtransport.StringTransportWithDisconnection()
        public = {*stringtransport.__all__, *dir(transport), "protocol"}
        self.assertEqual(named, {name for name in public if not name.startswith("_")})

    def test_the_api_says_what_each_call_takes(self):
        table = section("The API").split("\n\n")[1]
        told = {*re.findall(r"`(\.\w+\(.*?\))`|^\| `(\w+\(.*?\))`", table, re.M)}
        expected = {("", "ConnectionDone(*args)")}
        expected.add(("", "StringTransportWithDisconnection(...)"))
        for public in (alone.StringTransport, alone.Failure, alone.IPv4Address):
            for line in signatures(public):
                name, takes = re.match(r" *\w+\.(\w+)\(\w+,? ?(.*)\)", line).groups()
                if name in ("__init__", "__new__"):
                    expected.add(("", f"{public.__name__}({takes})"))
                else:
                    expected.add((f".{name}({takes})", ""))
        self.assertEqual(told, expected)

    def test_the_api_and_the_manual_say_the_default_addresses(self):
        transport = stringtransport.StringTransport()
        addresses = transport.getPeer(), transport.getHost()
        told = ", and ".join(f"{each.host} port {each.port}" for each in addresses)
        self.assertIn(told, section("The API"))
        for each in addresses:
            said = f"If None: {each.host}, port {each.port}."
            self.assertIn(said, stringtransport.StringTransport.__doc__)

    def test_the_table_of_losses_says_what_connectionLost_sees(self):
        ends = run_block(recipe("ENDS =")).ENDS
        cells = r"^\| (.*) \| `(True|False)` \| `(True|False)` \|$"
        rows = re.findall(cells, section("Which class"), re.M)
        for (end, arguments, *_), (by, *told) in zip(ends, rows):
            self.assertIn(f"`{end.__name__}", by)
            transport = stringtransport.StringTransportWithDisconnection()
            transport.protocol = protocol = mock.Mock()
            protocol.connectionLost = lambda _: protocol.saw(
                str(transport.disconnecting), str(transport.disconnected)
            )
            end(transport, *arguments)
            protocol.saw.assert_called_once_with(*told)
        self.assertEqual(len(rows), 3)

    def test_the_newest_of_the_changes_is_of_this_version(self):
        newest = section("Changes").split("**")[1]
        self.assertEqual(newest, stringtransport.__version__)

    def test_the_licence_stands_whole_at_the_top_of_the_module(self):
        header = inspect.getsource(stringtransport).split("\n\n")[0].splitlines()
        self.assertEqual(header[0], "# SPDX-License-Identifier: MIT")
        licence = "\n".join(re.sub("^# ?", "", line) for line in header[1:])
        self.assertEqual(f"MIT License\n\n{licence}\n", read("LICENSE"))

    def setting(self, section, name):
        settings = configparser.ConfigParser(interpolation=None)
        settings.read(str(CHECKOUT / "setup.cfg"))
        return settings[section][name]

    def test_the_environments_are_those_of_the_classifiers(self):
        listed = self.setting("tox:tox", "envlist")
        minors = [each[1:] for each in re.search(r"py{(.*)}", listed)[1].split(",")]
        minors += re.findall(r"cpython(\d+)", listed)
        self.assertEqual(minors, self.classified())

    def test_the_oldest_Python_is_the_same_everywhere(self):
        required = self.setting("options", "python_requires")[2:]
        oldest = self.classified()[0]
        self.assertEqual(required.split(".")[:2], ["3", oldest])
        for name, pattern in (
            ("README.md", r"only Python, (\S+) or newer"),
            ("setup.cfg", r"python == '>=(\S+)'"),
            ("stringtransport.py", r"(?:than|#) Python (\d[.\d]*\d)"),
        ):
            self.assertEqual({*re.findall(pattern, read(name))}, {required}, name)
        for name in (
            "setup.cfg",
            ".github/CONTRIBUTING.md",
            ".github/workflows/tests.yml",
        ):
            for older in range(int(oldest)):
                named = rf"(?<![\d.])3\.{older}\b|py{{?3{older}\b"
                self.assertEqual(re.findall(named, read(name)), [], name)

    def classified(self):
        classifiers = self.setting("metadata", "classifiers")
        return re.findall(r":: Python :: 3\.(\d+)$", classifiers, re.M)


class ManualTests(unittest.TestCase):
    def test_the_manual_has_all_that_is_public(self):
        manual = pydoc.plain(pydoc.render_doc(stringtransport))
        for name in stringtransport.__all__:
            self.assertIn(f"class {name}(", manual)

    def test_all_that_is_public_has_a_docstring_or_inherits_one(self):
        with mock.patch.dict(sys.modules, {alone.__name__: alone}):
            for public in (alone, *(getattr(alone, name) for name in alone.__all__)):
                self.assertTrue(public.__doc__, public)
                for name in {*vars(public)} - {*dir(types.ModuleType)}:
                    if name[0] != "_" and callable(getattr(public, name)):
                        self.assertTrue(inspect.getdoc(getattr(public, name)), name)
