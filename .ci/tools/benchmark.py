"""Print microseconds a call, and milliseconds an import: run it where Twisted is."""

import pathlib
import subprocess
import sys
import timeit
from unittest import mock

from twisted.internet import testing

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))
ours = __import__("stringtransport")

MAKERS = {"ours": ours, "Twisted": testing, "Mock": mock.Mock()}
STATEMENTS = (
    "make()",
    "t.write(b'64 bytes' * 8)",
    "t.writeSequence([b'8 bytes.'] * 8)",
    "t.getPeer()",
    "t.pauseProducing(); t.resumeProducing()",
    "t.registerProducer(t, True); t.unregisterProducer()",
    "t.abortConnection()",
)
IMPORTS = {
    "ours, alone": "sys.modules.update(twisted=None, zope=None)\n"
    "import stringtransport",
    "ours": "import stringtransport",
    "Twisted": "import twisted.internet.testing",
}

for statement in STATEMENTS:
    for whose, module in MAKERS.items():
        names = {"make": module.StringTransport}
        timer = timeit.Timer(statement, "t = make()", globals=names)
        number, _ = timer.autorange()
        best = min(timer.repeat(3, number)) / number
        print(f"{statement:52}{whose:12}{best * 1e6:9.2f}")
for whose, statement in IMPORTS.items():
    program = f"import sys, time; start = time.perf_counter(); {statement}\n"
    command = [sys.executable, "-c", program + "print(time.perf_counter() - start)"]
    runs = [subprocess.check_output(command, cwd=sys.path[0]) for _ in range(5)]
    print(f"{'import':52}{whose:12}{min(map(float, runs)) * 1e3:9.2f}")
