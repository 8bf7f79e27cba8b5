"""Adds statements to the transports' methods, and sees the top test file notice each.

Needs nothing. Poodle changes and takes away; this is the other half. Exits with 1 if a
statement that is put at the start of a method goes unnoticed.
"""

import ast
import concurrent.futures
import io
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

CHECKOUT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT))
module = __import__("stringtransport")

CLASSES = ("StringTransport", "StringTransportWithDisconnection")
# What an attribute is set to, by what it is at first. Any other: to None and an object.
VALUES = {
    bool: ("True", "False"),
    str: ("'producing'", "'paused'", "'stopped'"),
    io.BytesIO: ("BytesIO()",),
}
CALLS = """self.clear()
self.io.write(b'!')
self.io.seek(0)
if self.producer is not None: self.producer.pauseProducing()
if hasattr(self, 'protocol'): self.protocol.connectionLost(None)
if hasattr(self, 'protocol'): self.protocol = None""".splitlines()
# They are overwritten, or there is nothing yet that they could change.
EQUIVALENT = {
    "__init__": ("self.io =", "self._lenient =", "if "),
    "unregisterProducer": ("self.streaming = None",),
}


def statements(transport):
    for name in sorted({*dir(transport)} - {"_abc_impl"}):
        value = getattr(transport, name)
        if not name.startswith("__") and not callable(value):
            for new in VALUES.get(type(value), ("None", "object()")):
                yield f"self.{name} = {new}"
    yield from CALLS


def mutants():
    """Yield the name and the source of each mutant."""
    tree = ast.parse((CHECKOUT / "stringtransport.py").read_text("utf-8"))
    classes = [node for node in tree.body if getattr(node, "name", "") in CLASSES]
    for cls, method in [(cls, node) for cls in classes for node in cls.body]:
        if isinstance(method, ast.FunctionDef):
            start = int(ast.get_docstring(method) is not None)
            first = getattr(method.body[start], "targets", ())
            # What is set first of all overwrites a statement before it.
            without = [f"{ast.unparse(target)} =" for target in first]
            without += EQUIVALENT.get(method.name, ())
            for statement in statements(getattr(module, cls.name)()):
                if not statement.startswith(tuple(without)):
                    method.body[start:start] = ast.parse(statement).body
                    yield f"{cls.name}.{method.name}: {statement}", ast.unparse(tree)
                    del method.body[start]


def lives(mutant):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "stringtransport.py").write_text(mutant[1], "utf-8")
        shutil.copy(CHECKOUT / "test_stringtransport.py", folder)
        tests = [f"test_stringtransport.{name}Tests" for name in CLASSES]
        command = [sys.executable, "-S", "-m", "unittest", "-f", *tests]
        quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return subprocess.run(command, cwd=folder, timeout=60, **quiet).returncode == 0


# What fails without a mutant notices none.
assert lives(("", (CHECKOUT / "stringtransport.py").read_text("utf-8")))
with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    made = list(mutants())
    survivors = [name for (name, _), alive in zip(made, pool.map(lives, made)) if alive]
print(*survivors, f"{len(made)} mutants, {len(survivors)} survived", sep="\n")
sys.exit(bool(survivors))
