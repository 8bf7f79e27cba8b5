"""The pages' blocks, run in the tests, or pasted into files: pages.py FOLDER PAGE...

Beside a copy of the module. What a page says to save under a name, others import.
"""

import contextlib
import faulthandler
import functools
import pathlib
import re
import shutil
import sys
import types
import typing
from unittest import mock

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
PAGES = ["README.md", *sorted(f".github/{p.name}" for p in CHECKOUT.glob(".github/*.md"))]
LIMIT = 60


def read(name):
    return (CHECKOUT / name).read_text(encoding="utf-8")


def blocks(name, language):
    """Return a page's blocks, each below as many lines as are above it on the page."""
    return [block for _, block in named_blocks(name, language)]


def named_blocks(name, language="python"):
    """Yield each block and, before it, the name that the page says to save it under."""
    page = read(name)
    for found in re.finditer(rf"^```{language}\n(.*?)^```", page, re.M | re.S):
        paragraph = page[: found.start()].rstrip().rpartition("\n\n")[2]
        saved = re.search(r"[Ss]ave\b[^.]*?\bas\s`(\w+)\.py`", paragraph)
        above = page.count("\n", 0, found.start(1))
        yield saved and saved[1], "\n" * above + found[1]


def recipe(text):
    """Return the recipe's block that has the text."""
    found = blocks(".github/RECIPES.md", "python")
    return next(block for block in found if text in block)


@contextlib.contextmanager
def limited():
    """If what is run here hangs, say where, and end the process."""
    faulthandler.dump_traceback_later(LIMIT, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()


def run_block(block):
    """Run a block as a module of a project that has vendored ours; return its names."""
    program = types.ModuleType("tests.test_block")
    modules = {
        "tests": types.ModuleType("tests"),
        "tests._vendor": types.ModuleType("tests._vendor"),
        "tests._vendor.stringtransport": __import__("stringtransport"),
        program.__name__: program,
    }
    imports = r"^ *(?:from|import) (?:tests\._vendor\.)?(\w+)(?: import|$)"
    for name in {*re.findall(imports, block, re.M)} & {*SAVED}:
        modules[name] = modules[f"tests._vendor.{name}"] = saved(name)
    # A failure names the page, and shows the line.
    pages = [str(CHECKOUT / page) for page in PAGES if block.strip() in read(page)]
    code = compile(block, (pages or ["<block>"])[0], "exec")
    # Before 3.8, users have it from typing_extensions.
    protocol = getattr(typing, "Protocol", object)
    with limited(), mock.patch.dict(sys.modules, modules):
        with mock.patch.object(typing, "Protocol", protocol, create=True):
            exec(code, vars(program))
    return program


SAVED = {name: block for page in PAGES for name, block in named_blocks(page) if name}


@functools.lru_cache(maxsize=None)
def saved(name):
    """Return, as a module, the block that a page says to save under the name."""
    return run_block(SAVED[name])


def paste(folder, *pages):
    """Paste the blocks of these pages, and of all pages those that others import."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(str(CHECKOUT / "stringtransport.py"), str(folder))
    for page in dict.fromkeys([*PAGES, *pages]):
        for number, (name, block) in enumerate(named_blocks(page), 1):
            if name or page in pages:
                name = name or f"{pathlib.Path(page).stem.lower()}_{number}"
                (folder / f"{name}.py").write_text(block.lstrip("\n"), "utf-8")


if __name__ == "__main__":
    paste(pathlib.Path(sys.argv[1]), *sys.argv[2:])
