"""What the README promises: its commands, its blocks, its tables, the manual.

Needs nothing. Each block is run by itself, in a project that has vendored the module.
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
import typing
import unittest
from unittest import mock

import stringtransport
from test_stringtransport import Protocol, alone

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent


def read(name):
    return (CHECKOUT / name).read_text(encoding="utf-8")


def blocks(name, language):
    return re.findall(rf"^```{language}\n(.*?)^```", read(name), re.M | re.S)


def run_block(block):
    """Run a block as a module of a project that has vendored ours; return its names."""
    program = types.ModuleType("tests.test_block")
    modules = {
        "tests": types.ModuleType("tests"),
        "tests._vendor": types.ModuleType("tests._vendor"),
        "tests._vendor.stringtransport": stringtransport,
        program.__name__: program,
    }
    # Before 3.8, users have it from typing_extensions.
    protocol = getattr(typing, "Protocol", object)
    with mock.patch.dict(sys.modules, modules):
        with mock.patch.object(typing, "Protocol", protocol, create=True):
            exec(compile(block, "README.md", "exec"), vars(program))
    return program


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
        self.assertEqual([self.run_command(quick_start)], blocks("README.md", "text"))

    def test_the_tests_end_with_OK_and_skip_nothing(self):
        _, tests = blocks("README.md", "sh")
        last = self.run_command(tests).splitlines()[-1]
        self.assertEqual(last, "OK")


class BlockTests(unittest.TestCase):
    def test_each_block_runs_by_itself_and_asserts_something(self):
        found = blocks("README.md", "python")
        self.assertGreater(len(found), 9)
        for block in found:
            self.assertRegex(block, r"\bassert\b|self\.assert")
            case = getattr(run_block(block), "EchoTests", None)
            if case:
                result = unittest.TestResult()
                unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
                self.assertEqual((result.testsRun, result.wasSuccessful()), (1, True))

    def test_the_block_with_types_is_checked_by_type_checkers(self):
        block = next(b for b in blocks("README.md", "python") if "(Protocol):" in b)
        lines = [line for line in block.splitlines() if not re.match("from|#", line)]
        words, checked = " ".join(lines).split(), read(".ci/typing_cases.py").split()
        self.assertEqual(checked[-len(words) :], words)

    def test_the_example_at_the_top_of_the_module_runs(self):
        def answer(data):
            protocol.transport.write(data.replace(b"I", b"O"))

        protocol = Protocol()
        protocol.dataReceived = answer
        example = re.findall("^    (.*)$", alone.__doc__.split("::\n")[1], re.M)
        exec("\n".join(example), {**vars(alone), "protocol": protocol})
        self.assertEqual(len(example), 4)

    def test_the_links_lead_somewhere(self):
        for page in ("README.md", ".github/DIFFERENCES.md", ".github/CONTRIBUTING.md"):
            for link in re.findall(r"\]\(([^)]*)\)", read(page)):
                name, _, anchor = link.partition("#")
                target = (CHECKOUT / page).parent / name if name else CHECKOUT / page
                headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.M)
                anchors = [h.lower().replace(" ", "-") for h in headings] + [""]
                self.assertIn(anchor, anchors, f"{link} in {page}")


class TableTests(unittest.TestCase):
    def section(self, heading):
        return read("README.md").split(f"\n## {heading}\n")[1].split("\n## ")[0]

    def test_the_first_column_of_the_api_names_all_that_is_public(self):
        rows = re.findall(r"^\|(.*?)\|", self.section("The API"), re.M)
        named = {*re.findall(r"`\.?(\w+)[^`]*`", "".join(rows))}
        transport = stringtransport.StringTransportWithDisconnection()
        public = {*stringtransport.__all__, *dir(transport), "protocol"}
        self.assertEqual(named, {name for name in public if not name.startswith("_")})

    def test_the_newest_of_the_changes_is_of_this_version(self):
        newest = self.section("Changes").split("**")[1]
        self.assertEqual(newest, stringtransport.__version__)

    def test_the_licence_stands_whole_at_the_top_of_the_module(self):
        header = inspect.getsource(stringtransport).split("\n\n")[0].splitlines()
        self.assertEqual(header[0], "# SPDX-License-Identifier: MIT")
        licence = "\n".join(re.sub("^# ?", "", line) for line in header[1:])
        self.assertEqual(f"MIT License\n\n{licence}\n", read("LICENSE"))

    def test_each_Python_that_the_classifiers_name_has_an_environment(self):
        settings = configparser.ConfigParser(interpolation=None)
        settings.read(str(CHECKOUT / "setup.cfg"))
        classifiers = settings["metadata"]["classifiers"]
        for version in re.findall(r":: Python :: 3\.(\d+)$", classifiers, re.M):
            environments = settings["tox:tox"]["envlist"]
            self.assertRegex(environments, rf"(\D3|cpython){version}\b")


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
