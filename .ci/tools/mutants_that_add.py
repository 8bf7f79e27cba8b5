"""Adds statements to the transports' methods, and sees the top test file notice each.

Needs nothing. Poodle changes and takes away; this is the other half. Exits with 1 if a
statement that is put at the start of a method goes unnoticed.
"""

import ast
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

CHECKOUT = pathlib.Path(__file__).resolve().parent.parent
TESTS = (
    "test_stringtransport.StringTransportTests",
    "test_stringtransport.StringTransportWithDisconnectionTests",
)
STATEMENTS = [
    *(
        f"self.{name} = {value}"
        for name, *values in (
            ("connected", True, False),
            ("disconnecting", True, False),
            ("disconnected", True, False),
            ("producer", None, "self"),
            ("streaming", None, True, False),
            ("producerState", "'producing'", "'paused'", "'stopped'"),
            ("hostAddr", None, "'host'"),
            ("peerAddr", None, "'peer'"),
            ("io", "BytesIO()"),
            ("_lenient", True, False),
        )
        for value in values
    ),
    "self.clear()",
    "self.io.write(b'!')",
    "self.io.seek(0)",
    "if self.producer is not None: self.producer.pauseProducing()",
    "if self.producer is not None: self.producer.resumeProducing()",
    "if self.producer is not None: self.producer.stopProducing()",
    "if hasattr(self, 'protocol'): self.protocol.connectionLost(None)",
    "if hasattr(self, 'protocol'): self.protocol = None",
]
# They are overwritten at once, or there is nothing yet that they could change.
EQUIVALENT = {
    "StringTransport.__init__": ("self.io =", "self._lenient =", "if "),
    "StringTransport.clear": ("self.io =",),
    "StringTransport.loseConnection": ("self.disconnecting =",),
    "StringTransport.abortConnection": ("self.disconnected =",),
    "StringTransport.unregisterProducer": ("self.streaming = None",),
    "StringTransport.stopProducing": ("self.producerState =",),
}


def mutants():
    """Yield the name and the source of each mutant."""
    tree = ast.parse((CHECKOUT / "stringtransport.py").read_text(encoding="utf-8"))
    for cls in tree.body:
        if isinstance(cls, ast.ClassDef) and cls.name.startswith("StringTransport"):
            for method in cls.body:
                if isinstance(method, ast.FunctionDef):
                    yield from mutants_of(tree, f"{cls.name}.{method.name}", method)


def mutants_of(tree, name, method):
    first = int(ast.get_docstring(method) is not None)
    for statement in STATEMENTS:
        if not statement.startswith(EQUIVALENT.get(name, ())):
            method.body[first:first] = ast.parse(statement).body
            yield f"{name}: {statement}", ast.unparse(tree)
            del method.body[first]


def lives(mutant):
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "stringtransport.py").write_text(mutant[1], "utf-8")
        shutil.copy(CHECKOUT / "test_stringtransport.py", folder)
        command = [sys.executable, "-S", "-m", "unittest", "-f", *TESTS]
        quiet = dict(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return subprocess.run(command, cwd=folder, timeout=60, **quiet).returncode == 0


with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
    made = list(mutants())
    survivors = [name for (name, _), alive in zip(made, pool.map(lives, made)) if alive]
print(*survivors, f"{len(made)} mutants, {len(survivors)} survived", sep="\n")
sys.exit(bool(survivors))
