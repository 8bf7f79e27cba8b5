"""What the pages promise: commands, blocks, tables, links; and what the manual does.

Needs nothing. Each block is run by itself, in a project that has vendored the module:
asyncio's in `test_asyncio.py`, and mypy's in `test_differences.py`.
"""

import configparser
import inspect
import pydoc
import re
import subprocess
import sys
import unittest
from unittest import mock

import stringtransport
from pages import CHECKOUT, PAGES, blocks, named_blocks, read, run_block
from test_stringtransport import Protocol, alone, signatures

SETTINGS = configparser.ConfigParser(interpolation=None)
SETTINGS.read_string(read("setup.cfg"))
MINORS = re.findall(r":: Python :: 3\.(\d+)$", read("setup.cfg"), re.M)


def section(heading):
    return read("README.md").split(f"\n## {heading}\n")[1].split("\n## ")[0]


def run_command(command):
    """Return its exit status and what it prints, with this Python as `python3`."""
    # Without -S, what is installed would be there.
    python3 = f'python3() {{ "{sys.executable}" -S "$@"; }}'
    return subprocess.getstatusoutput(f'cd "{CHECKOUT}"; {python3}\n{command}')


class CommandTests(unittest.TestCase):
    def test_the_quick_start_prints_what_the_readme_says(self):
        quick_start, _ = blocks("README.md", "sh")
        (printed,) = blocks("README.md", "text")
        self.assertEqual(run_command(quick_start), (0, printed.strip()))

    def test_the_tests_end_with_OK_and_skip_nothing(self):
        _, tests = blocks("README.md", "sh")
        status, told = run_command(tests)
        self.assertTrue(re.search(r"\nRan \d{3} tests in .*\n\nOK$", told), told)
        self.assertEqual(status, 0)


class BlockTests(unittest.TestCase):
    def test_each_block_runs_by_itself_and_asserts_something(self):
        for page in {*PAGES} - {".github/ASYNCIO.md", ".github/DIFFERENCES.md"}:
            for saved, block in named_blocks(page):
                # Where it changes the module, others do not see it.
                with mock.patch.dict(vars(stringtransport)):
                    run_block(block)
                asserts = saved or re.search(r"\bassert\b|self\.assert", block)
                self.assertTrue(asserts, block)

    def test_one_that_fails_names_its_page_and_shows_its_line(self):
        block = "from pages import *; run_block(recipe('(Protocol):'))"
        broken = f"import stringtransport as s; s.StringTransport.write = 5; {block}"
        _, told = run_command(f'export PYTHONPATH=.ci; python3 -c "{broken}"')
        shown = r'\.github/RECIPES\.md", line \d+, in <module>\n +transport\.write'
        self.assertTrue(re.search(shown, told), told)

    def test_one_that_hangs_ends_the_run_and_says_where(self):
        ends = "import pages, time; pages.LIMIT = 0.5; pages.run_block('')"
        hangs = f"{ends}; time.sleep(1); pages.run_block('import time; time.sleep(9)')"
        status, told = run_command(f'export PYTHONPATH=.ci; python3 -c "{hangs}"')
        self.assertIn('File "<block>", line 1 in <module>', told)
        self.assertEqual(status, 1)

    def test_the_example_at_the_top_of_the_module_runs(self):
        protocol, answers = Protocol(), {b"PING": b"PONG"}
        protocol.dataReceived = lambda data: protocol.transport.write(answers[data])
        example = re.findall("^    (.*)$", alone.__doc__.split("::\n")[1], re.M)
        exec("\n".join(example), {**vars(alone), "protocol": protocol})
        self.assertEqual(len(example), 4)

    def test_each_has_a_language_by_which_it_is_found(self):
        for page in PAGES:
            fences = re.findall(r"^```(.*)$", read(page), re.M)
            self.assertLessEqual({*fences[::2]}, {"python", "sh", "text"}, page)
            self.assertLessEqual({*fences[1::2]}, {""}, page)

    def test_each_recipe_has_one_or_leads_to_the_contract(self):
        for each in read(".github/RECIPES.md").split("\n## ")[1:]:
            found = re.search("^```python$|`TransportContract`", each, re.M)
            self.assertTrue(found, each)


class WordsTests(unittest.TestCase):
    def test_the_links_lead_somewhere(self):
        for page in map(CHECKOUT.joinpath, PAGES):
            for link in re.findall(r"\]\(([^)]*)\)", page.read_text("utf-8")):
                name, _, place = link.partition("#")
                target = page.parent / name if name else page
                headings = re.findall(r"^#+ (.*)$", target.read_text("utf-8"), re.M)
                text = re.sub(r"[^\w\n -]", "", "\n".join(["", *headings]).lower())
                places = text.replace(" ", "-").split("\n")
                self.assertIn(place, places, f"{link} in {page.name}")

    def test_the_first_column_of_the_api_names_all_that_is_public(self):
        rows = re.findall(r"^\|(.*?)\|", section("The API"), re.M)
        named = {*re.findall(r"`\.?(\w+)[^`]*`", "".join(rows))}
        transport = stringtransport.StringTransportWithDisconnection()
        public = {*stringtransport.__all__, *dir(transport), "protocol"}
        self.assertEqual(named, {name for name in public if not name.startswith("_")})

    def test_the_api_says_what_each_call_takes(self):
        table = section("The API").split("\n\n")[1]
        told = {*re.findall(r"(?:^\| `|`(?=\.))(\.?\w+\(.*?\))`", table, re.M)}
        expected = {"ConnectionDone(*args)", "StringTransportWithDisconnection(...)"}
        for public in (alone.StringTransport, alone.Failure, alone.IPv4Address):
            for line in signatures(public):
                call = re.sub(r"\(\w+,? ?", "(", line.strip(), count=1)
                expected.add(re.sub(r"^\w+(?=\.[a-z])|\.__\w+__", "", call))
        self.assertEqual(told, expected)

    def test_the_api_and_the_manual_say_the_default_addresses(self):
        transport = stringtransport.StringTransport()
        addresses = transport.getPeer(), transport.getHost()
        peer, host = ((each.host, str(each.port)) for each in addresses)
        text = section("The API") + type(transport).__doc__
        told = re.findall(r"(\S+?),? port (\d+)", text)
        self.assertEqual(told, [peer, host, host, peer])

    def test_the_table_of_losses_says_what_connectionLost_sees(self):
        row = r"^\| `(\w+)\(\)` of this side \| (.*) \|$"
        rows = re.findall(row, section("Which class"), re.M)
        for call, told in rows:
            ours = stringtransport.StringTransportWithDisconnection()
            saw = "`{0.disconnecting}` | `{0.disconnected}`".format
            ours.protocol = Protocol(lambda _: ours.write(saw(ours).encode()))
            getattr(ours, call)()
            self.assertEqual(ours.value().decode(), told)
        self.assertEqual([*dict(rows)], ["loseConnection", "abortConnection"])

    def test_the_newest_of_the_changes_is_of_this_version(self):
        newest = section("Changes").split("**")[1]
        self.assertIn(stringtransport.__version__, (newest, f"{newest}.dev0"))

    def test_the_licence_stands_whole_at_the_top_of_the_module(self):
        header = inspect.getsource(stringtransport).split("\n\n")[0]
        told = re.sub("^# ?", "", header, flags=re.M).replace("\n", "\n\n", 1)
        licence = read("LICENSE").replace("MIT License", "SPDX-License-Identifier: MIT")
        self.assertEqual(f"{told}\n", licence)

    def test_the_manual_says_what_each_name_that_is_public_is_for(self):
        manual = pydoc.plain(pydoc.render_doc(stringtransport))
        with mock.patch.dict(sys.modules, {alone.__name__: alone}):
            for public in map(vars(alone).get, alone.__all__):
                self.assertTrue(f"class {public.__name__}(" in manual, public)
                self.assertTrue(public.__doc__, public)
                for name in {name for name in vars(public) if name[0] != "_"}:
                    each = getattr(public, name)
                    self.assertTrue(inspect.getdoc(each) or not callable(each), name)


class SettingsTests(unittest.TestCase):
    def test_each_Python_of_the_classifiers_is_run(self):
        listed = SETTINGS["tox:tox"]["envlist"]
        minors = re.findall(r"\b3(\d+)", listed) + re.findall(r"cpython(\d+)", listed)
        self.assertEqual(minors, MINORS)
        workflow = re.findall(r'"3\.(\d+)"', read(".github/workflows/tests.yml"))
        # It has none that is not released.
        self.assertEqual({*MINORS} - {*workflow}, {"15"})

    def test_no_environment_and_no_interpreter_is_left_out(self):
        _, *listed = SETTINGS["tox:tox"]["envlist"].replace(", ", " ").split()
        sections = re.findall(r"^\[testenv:(.*)\]$", read("setup.cfg"), re.M)
        self.assertEqual({*listed}, {*sections})
        self.assertEqual(SETTINGS["tox:tox"]["skip_missing_interpreters"], "false")
        commands = SETTINGS["testenv"]["commands"]
        self.assertEqual(commands.count("python} -OO -m unittest\n"), 1)

    def test_the_oldest_Python_is_the_same_everywhere(self):
        required = SETTINGS["options"]["python_requires"][2:]
        self.assertEqual(required.split(".")[:2], ["3", MINORS[0]])
        for name, pattern in (
            ("README.md", r"only Python, (\S+) or newer"),
            ("setup.cfg", r"'>=(\S+)'"),
            ("stringtransport.py", r"(?:than|#) Python (\d[.\d]*\d)"),
        ):
            self.assertEqual({*re.findall(pattern, read(name))}, {required}, name)
        workflow = read(".github/workflows/tests.yml")
        named = r"(?:(?<![\d.])3\.|py{?3)(\d+)"
        for text in (read("setup.cfg"), read(".github/CONTRIBUTING.md"), workflow):
            self.assertEqual(min(re.findall(named, text), key=int), MINORS[0])
