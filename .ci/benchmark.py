"""Measure our transport against Twisted's, and against the io.BytesIO under both.

All is measured in one process, in turns, and the best of several rounds counts; the
imports are measured in fresh interpreters. Needs Twisted.
"""

import io
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile
import timeit
import venv

CHECKOUT = str(pathlib.Path(__file__).resolve().parent.parent)
sys.path.insert(0, CHECKOUT)

import twisted  # noqa: E402
from twisted.internet import testing  # noqa: E402

import stringtransport  # noqa: E402

ROUNDS = 60
SECONDS_A_ROUND = 0.002

# What is measured, what a transport has to do for it, and what BytesIO has to do.
OPERATIONS = [
    ("construction", "Transport()", "BytesIO()"),
    ("write, 64 bytes", "t.write(small)", "b.write(small)"),
    ("write, 64 KiB", "t.write(large)", "b.write(large)"),
    (
        "writeSequence, 8 of 64 bytes",
        "t.writeSequence(pieces)",
        "b.write(b''.join(pieces))",
    ),
    ("value", "t.value()", "b.getvalue()"),
    ("clear", "t.clear()", "BytesIO()"),
    ("getPeer", "t.getPeer()", None),
    ("getHost", "t.getHost()", None),
    ("pause and resume", "t.pauseProducing(); t.resumeProducing()", None),
    (
        "register and unregister",
        "t.registerProducer(t, True); t.unregisterProducer()",
        None,
    ),
    ("loseConnection", "t.loseConnection()", None),
    ("abortConnection", "t.abortConnection()", None),
    (
        "make and lose, with a protocol",
        "d = Disconnecting(); d.protocol = protocol; d.loseConnection()",
        None,
    ),
    (
        "make and abort, with a protocol",
        "d = Disconnecting(); d.protocol = protocol; d.abortConnection()",
        None,
    ),
]
SETUP = "t, b = Transport(), BytesIO()"


class Protocol:
    def connectionLost(self, reason):
        pass


def best_times(contenders):
    """Return the best time of each statement, in seconds, measured in turns."""
    timers = [
        timeit.Timer(
            statement,
            SETUP,
            globals={
                "Transport": module.StringTransport,
                "Disconnecting": module.StringTransportWithDisconnection,
                "protocol": Protocol(),
                "BytesIO": io.BytesIO,
                "small": b"x" * 64,
                "large": b"x" * 65536,
                "pieces": [b"x" * 64] * 8,
            },
        )
        for statement, module in contenders
    ]
    number = 1
    while timers[0].timeit(number) < SECONDS_A_ROUND:
        number *= 2
    times = {timer: [] for timer in timers}
    for turn in range(ROUNDS):
        # Whose turn it is first decides who finds the memory warm.
        first = turn % len(timers)
        for timer in timers[first:] + timers[:first]:
            times[timer].append(timer.timeit(number) / number)
    return [min(times[timer]) for timer in timers]


def outside(interpreter, folder, program):
    """Return the best of the seconds that a program prints in fresh interpreters."""
    # Users have the bytecode cached.
    cached = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    command = [
        interpreter,
        "-c",
        "import sys; sys.path.insert(0, sys.argv[1])\n" + program,
    ]
    times = [subprocess.check_output([*command, folder], env=cached) for _ in range(15)]
    return min(map(float, times))


def best_import(interpreter, folder, module):
    program = (
        f"import time; start = time.perf_counter(); import {module};"
        " print(time.perf_counter() - start)"
    )
    return outside(interpreter, folder, program)


LOSING = """
import timeit
from {module} import StringTransportWithDisconnection as Disconnecting
class Protocol:
    def connectionLost(self, reason):
        pass
names = dict(Disconnecting=Disconnecting, protocol=Protocol())
print(min(timeit.repeat("{statement}", globals=names, number=2000, repeat=9)) / 2000)
"""


def row(*cells):
    print("| " + " | ".join(cells) + " |")


def nanoseconds(seconds):
    return f"{seconds * 1e9:,.0f} ns"


def main():
    implementation = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{implementation}, Twisted {twisted.__version__}\n")
    row("Operation", "Ours", "Twisted's", "BytesIO", "Times as fast")
    row("---", "---:", "---:", "---:", "---:")
    for name, statement, bare in OPERATIONS:
        contenders = [
            (statement, stringtransport),
            (statement, testing),
            (bare or "pass", testing),
        ]
        ours, theirs, limit = best_times(contenders)
        limit = nanoseconds(limit) if bare else ""
        row(name, nanoseconds(ours), nanoseconds(theirs), limit, f"{theirs / ours:.2f}")
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(os.path.join(CHECKOUT, "stringtransport.py"), folder)
        venv.create(os.path.join(folder, "empty"))
        empty = os.path.join(folder, "empty", "bin", "python")
        alone = best_import(empty, folder, "stringtransport")
        beside = best_import(sys.executable, folder, "stringtransport")
        theirs = best_import(sys.executable, folder, "twisted.internet.testing")
        (lose,) = [
            each[1] for each in OPERATIONS if each[0].startswith("make and lose")
        ]
        losing_alone, losing_theirs = (
            outside(python, folder, LOSING.format(module=module, statement=lose))
            for python, module in (
                (empty, "stringtransport"),
                (sys.executable, "twisted.internet.testing"),
            )
        )
    row(
        "make and lose, alone",
        nanoseconds(losing_alone),
        nanoseconds(losing_theirs),
        "",
        f"{losing_theirs / losing_alone:.2f}",
    )
    for name, ours in (("import, alone", alone), ("import, Twisted installed", beside)):
        row(
            name,
            f"{ours * 1e3:.2f} ms",
            f"{theirs * 1e3:.0f} ms",
            "",
            f"{theirs / ours:.1f}",
        )
    print("\n100,000 writes of 64 bytes, in times as long as 1,000:")
    for name, write in (("ours", "t.write(small)"), ("BytesIO", "b.write(small)")):
        writes = [f"for _ in range({number}): {write}" for number in (1000, 100000)]
        few, many = best_times([(each, stringtransport) for each in writes])
        print(f"{name} {many / few:.0f}")


main()
