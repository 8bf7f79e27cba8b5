"""Measure transports, and the import of them, with pyperf: benchmark.py WHOSE -o FILE

WHOSE is Twisted, for its own; beside, for ours where Twisted is installed; or alone,
for ours where it is not. `python -m pyperf compare_to` makes a table of the files.
"""

import subprocess
import sys

import pyperf

IMPORTS = {
    "Twisted": "from twisted.internet import testing as module",
    "beside": "import stringtransport as module",
    "alone": "import sys; sys.modules.update(twisted=None, zope=None)\n"
    "import stringtransport as module",
}
STATEMENTS = {
    "construct": "module.StringTransport()",
    "write 64 bytes": "t.write(small)",
    "write 64 KiB": "t.write(large)",
    "writeSequence, 8 of 64 bytes": "t.writeSequence(pieces)",
    "value of 64 bytes": "full.value()",
    "clear": "t.clear()",
    "getPeer": "t.getPeer()",
    "pause and resume": "full.pauseProducing(); full.resumeProducing()",
    "register and unregister": "t.registerProducer(t, True); t.unregisterProducer()",
    "abortConnection": "t.abortConnection()",
    "make and lose, with a protocol": "d = module.StringTransportWithDisconnection();"
    " d.protocol = protocol; d.loseConnection()",
}
SETUP = """
class Protocol:
    def connectionLost(self, reason):
        pass
protocol, t, full = Protocol(), module.StringTransport(), module.StringTransport()
small, large = b"x" * 64, b"x" * 65536
pieces = [small] * 8
full.write(small)
"""


def import_time(loops, statement):
    program = f"import time; start = time.perf_counter()\n{statement}\n"
    program += "print(time.perf_counter() - start)"
    # A new interpreter for each loop would take too long.
    return loops * float(subprocess.check_output([sys.executable, "-c", program]))


runner = pyperf.Runner(
    values=5,
    processes=2,
    min_time=0.01,
    add_cmdline_args=lambda command, args: command.append(args.whose),
)
runner.argparser.add_argument("whose", choices=IMPORTS)
imports = IMPORTS[runner.parse_args().whose]
runner.bench_time_func("import", import_time, imports)
for name, statement in STATEMENTS.items():
    runner.timeit(name, statement, imports + SETUP)
