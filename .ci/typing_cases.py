"""What mypy and basedpyright have to accept, and to refuse, when they read this.

Each `type: ignore` stands where an error has to be: mypy and basedpyright complain
about one that they do not need.
"""

from pathlib import PurePath
from typing import Any, assert_type

from stringtransport import (
    ConnectionDone,
    Failure,
    IPv4Address,
    ITransport,
    StringTransport,
    StringTransportWithDisconnection,
)


class FileTransport(StringTransport):
    """One whose other side has an address of another kind."""

    def getPeer(self) -> PurePath:
        return PurePath("/run/socket")


def addresses(transport: ITransport, ours: StringTransport) -> None:
    assert_type(transport.getPeer().host, str | Any)
    assert_type(ours.getHost().port, int | Any)
    assert_type(FileTransport().getPeer(), PurePath)
    address: IPv4Address = ours.getPeer()
    print(address[0], StringTransport(peerAddress=("path",)).peerAddr.path)
    print(transport.getPeer().hots)  # type: ignore[union-attr]
    print(ours.getHost().hots)  # type: ignore[union-attr]
    IPv4Address("UDP", "192.0.2.1", 1)
    IPv4Address("TCP", b"192.0.2.1", 1)  # type: ignore[arg-type]
    IPv4Address("TCP", "192.0.2.1", "1")  # type: ignore[arg-type]


def data_and_attributes(transport: StringTransportWithDisconnection) -> bytes:
    transport.write("text")  # type: ignore[arg-type]
    transport.write(bytearray())  # type: ignore[arg-type]
    transport.writeSequence(piece for piece in (b"one", b"two"))
    transport.writeSequence([b"bytes", "text"])  # type: ignore[list-item]
    transport.protocol = transport.producer = object()
    transport.registerProducer(object(), False)
    transport.streaming = None
    transport.disconected = True  # type: ignore[attr-defined]
    return transport.value()


def reasons(reason: Failure) -> int:
    assert_type(reason.check(ConnectionDone, OSError), type[BaseException] | None)
    assert_type(reason.trap(ConnectionDone), type[BaseException])
    reason.check("builtins.OSError")  # type: ignore[arg-type]
    Failure(OSError)  # type: ignore[arg-type]
    ITransport()  # type: ignore[abstract]
    reason.raiseException()  # It never returns, so nothing is missing here.
