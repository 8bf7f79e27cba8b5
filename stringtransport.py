# SPDX-License-Identifier: MIT
# Copyright (c) 2026 the stringtransport authors
#
# Permission is hereby granted, free of charge, to any person obtaining a copy
# of this software and associated documentation files (the "Software"), to deal
# in the Software without restriction, including without limitation the rights
# to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
# copies of the Software, and to permit persons to whom the Software is
# furnished to do so, subject to the following conditions:
#
# The above copyright notice and this permission notice shall be included in all
# copies or substantial portions of the Software.
#
# THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
# IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
# FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
# AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
# LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
# OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
# SOFTWARE.

"""In-memory transports for testing protocols written in Twisted's style.

Give a protocol a `StringTransport` in place of a connection, feed it bytes, and
look at what it wrote::

    transport = StringTransport()
    protocol.makeConnection(transport)
    protocol.dataReceived(b"PING")
    assert transport.value() == b"PONG"

`StringTransportWithDisconnection` also tells the protocol when the connection
is closed from this side. Neither needs more than Python 3.6.2. If Twisted can be
imported, `ConnectionDone`, `Failure` and `IPv4Address` are its own classes. If
zope.interface can, both transports provide zope interfaces: Twisted's or, where
there is no Twisted, interfaces of the same names. If importing either fails with
anything but an `ImportError`, the error is not hidden.
"""

# Python 3.6.2 can run this, and a host's ruff need not modernise it.
# ruff: noqa: FA100, RUF100, UP006, UP007, UP035, UP037, UP045
# Callers who are not type-checked need the isinstance tests.
# pyright: reportUnnecessaryIsInstance=false

from abc import ABC, abstractmethod
from io import BytesIO
from typing import (
    TYPE_CHECKING,
    Any,
    Iterable,
    NamedTuple,
    NoReturn,
    Optional,
    Type,
    Union,
)

__version__ = "1.4.0"
__all__ = [
    "ConnectionDone",
    "Failure",
    "IConsumer",
    "IPushProducer",
    "IPv4Address",
    "ITransport",
    "StringTransport",
    "StringTransportWithDisconnection",
]


class ITransport(ABC):
    """A connection, as seen by the protocol that uses it."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send bytes to the other side, after everything written before.

        Most connections refuse anything else with a TypeError, and send nothing.
        """

    @abstractmethod
    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Send several pieces, as if they were joined and written at once.

        Pass a list: of a generator, a real TCP connection of Twisted's sends
        nothing, and raises no error.
        """

    @abstractmethod
    def loseConnection(self) -> None:
        """Close the connection once everything written has been sent.

        That may be never, if the other side does not read. It may wait for a registered
        producer, too: TCP does for a pull producer and for a paused one, TLS for any.
        On TLS, it also waits while this side is paused.
        """

    @abstractmethod
    def getPeer(self) -> "Union[IPv4Address, Any]":
        """Return the address of the other side: on IPv4, an `IPv4Address`."""

    @abstractmethod
    def getHost(self) -> "Union[IPv4Address, Any]":
        """Return the address of this side: on IPv4, an `IPv4Address`."""


class IConsumer(ABC):
    """Something that a producer writes to."""

    @abstractmethod
    def registerProducer(self, producer: object, streaming: bool) -> None:
        """Accept data from a producer until it is unregistered.

        Args:
            producer: An `IPushProducer`, or a pull producer, which has no
                `pauseProducing`.
            streaming: True for a push producer, which writes until it is paused;
                False for a pull producer, which writes when asked.

        Raises:
            RuntimeError: A producer is already registered. It stays.
        """

    @abstractmethod
    def unregisterProducer(self) -> None:
        """Forget the producer. If `loseConnection` waits for it, close."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Take bytes from the producer, as `ITransport.write` does."""


class IPushProducer(ABC):
    """Something that writes to a consumer whenever it is not paused."""

    @abstractmethod
    def pauseProducing(self) -> None:
        """Stop writing until `resumeProducing` is called."""

    @abstractmethod
    def resumeProducing(self) -> None:
        """Start writing again."""

    @abstractmethod
    def stopProducing(self) -> None:
        """Stop writing for good: the consumer is gone."""


class IPv4Address(NamedTuple):
    """The address of one side of a connection over IPv4.

    Attributes:
        type: The protocol: "TCP" or "UDP".
        host: The IP address, such as "127.0.0.1".
        port: The number of the port.
    """

    type: str
    host: str
    port: int


class ConnectionDone(Exception):
    """The reason for losing a connection that was closed cleanly.

    Its arguments, if there are any, are strings that say more.
    """

    def __str__(self) -> str:
        colon = ": " if self.args else ""
        return f"Connection was closed cleanly{colon}{' '.join(self.args)}."


class Failure:
    """An exception that is handed over instead of raised.

    Args:
        exc_value: The exception. Anything else, such as its class, is a TypeError.

    Attributes:
        value: The exception.
        type: Its class.
        tb: The traceback that the exception had by then, or None.
    """

    def __init__(self, exc_value: BaseException) -> None:
        if not isinstance(exc_value, BaseException):
            raise TypeError(f"exc_value must be an exception, not {exc_value!r}")
        self.value = exc_value
        self.type = type(exc_value)
        self.tb = exc_value.__traceback__

    def check(self, *errorTypes: Type[BaseException]) -> Optional[Type[BaseException]]:
        """Return the first of `errorTypes` that is `type` or a base of it, or None.

        Anything but a class raises TypeError, unless an earlier class matched.
        """
        for errorType in errorTypes:
            if not isinstance(errorType, type):
                raise TypeError(f"errorTypes must be classes, not {errorType!r}")
            if errorType in self.type.__mro__:
                return errorType
        return None

    def trap(self, *errorTypes: Type[BaseException]) -> Type[BaseException]:
        """Do what `check` does, but raise the exception where that returns None."""
        return self.check(*errorTypes) or self.raiseException()

    def getErrorMessage(self) -> str:
        """Return what the exception says: its `str()`."""
        return str(self.value)

    def raiseException(self) -> NoReturn:
        """Raise the exception, with a traceback that starts from `tb` each time."""
        raise self.value.with_traceback(self.tb)

    def __repr__(self) -> str:
        return f"<Failure {self.value!r}>"


# ------------------------------------------------------------------------------
# What is installed decides here, and only here. Type checkers skip it, so that
# they find the same everywhere.

if not TYPE_CHECKING:
    try:
        from twisted.internet import interfaces as _twisted
        from twisted.internet.address import IPv4Address as _IPv4Address
        from twisted.internet.error import ConnectionDone as _ConnectionDone
        from twisted.python.failure import Failure as _Failure
    except ImportError:
        _twisted = None
    else:
        # All of them or, if one is missing, none, so that they fit together.
        IPv4Address = _IPv4Address  # noqa: F811
        ConnectionDone = _ConnectionDone  # noqa: F811
        Failure = _Failure  # noqa: F811

    try:
        from zope.interface import classImplements
        from zope.interface.interface import InterfaceClass, fromMethod
    except ImportError:
        pass
    else:
        for _abc in (ITransport, IConsumer, IPushProducer):
            if _twisted:
                _interface = getattr(_twisted, _abc.__name__)
            else:
                _names = _abc.__abstractmethods__
                _methods = {name: fromMethod(vars(_abc)[name]) for name in _names}
                _interface = InterfaceClass(_abc.__name__, (), _methods, _abc.__doc__)
            classImplements(_abc, _interface)

# ------------------------------------------------------------------------------

_DEFAULT_PEER = IPv4Address("TCP", "192.168.1.1", 54321)
_DEFAULT_HOST = IPv4Address("TCP", "10.0.0.1", 12345)


class StringTransport(ITransport, IConsumer, IPushProducer):
    """A transport that records what is written to it, and its own state.

    It never calls a producer or a protocol. `value`, `clear`, `io`, `hostAddr`,
    `peerAddr`, `streaming` and `producerState` are for the test alone: other
    transports do not have them.

    Args:
        hostAddress: The initial `hostAddr`, if not None.
        peerAddress: The initial `peerAddr`, if not None.
        lenient: Whether pausing and resuming work after `loseConnection`.

    Attributes:
        io: The buffer of what was written since the last `clear`. Read it with
            `value`: after `io.seek` or `io.truncate`, writes land elsewhere.
        connected: True, until the test sets it otherwise.
        disconnecting: Whether `loseConnection` was called.
        disconnected: Whether `abortConnection` was called. Elsewhere it means that
            the connection was lost, for whatever reason.
        hostAddr: What `getHost` returns. If None: 10.0.0.1, port 12345.
        peerAddr: What `getPeer` returns. If None: 192.168.1.1, port 54321.
        producer: The registered producer, or None.
        streaming: What `producer` was registered with, or None.
        producerState: "producing", "paused" or "stopped": what was asked of this
            transport, which produces what the protocol receives.
    """

    io: BytesIO
    connected: bool = True
    disconnecting: bool = False
    disconnected: bool = False
    hostAddr: Any = None
    peerAddr: Any = None
    producer: Any = None
    streaming: Optional[bool] = None
    producerState: str = "producing"

    def __init__(
        self,
        hostAddress: object = None,
        peerAddress: object = None,
        lenient: bool = False,
    ) -> None:
        self.clear()
        if hostAddress is not None:
            self.hostAddr = hostAddress
        if peerAddress is not None:
            self.peerAddr = peerAddress
        self._lenient = lenient

    def clear(self) -> None:
        """Forget what was written: start over with a new, empty `io`."""
        self.io = BytesIO()

    def value(self) -> bytes:
        """Return everything written since the last `clear`."""
        return self.io.getvalue()

    def __repr__(self) -> str:
        def show(value: object) -> str:
            # Any other object's own repr may fail, or show its transport in turn.
            plain = type(value) in (bool, int, float, str)
            return repr(value) if plain else type(value).__name__

        words = [f"<{type(self).__name__} at {id(self):#x}"]
        for name, value in sorted(vars(self).items()):
            shown, at_first = show(value), show(getattr(type(self), name, None))
            if name != "io" and name[0] != "_" and shown != at_first:
                words.append(f"{name}={shown}")
        # Before Python 3.12, `unittest --locals` dies with a repr that fails.
        buffer, written = vars(self).get("io"), "io=?"
        if type(buffer) is BytesIO and not buffer.closed:
            data = BytesIO.getvalue(buffer)
            written = f"{data[:40]!r}" + "..." * (len(data) > 40)
        return " ".join([*words, written]) + ">"

    # ITransport, and abortConnection

    def write(self, data: bytes) -> None:
        """Append bytes to `io`, or refuse anything else with a TypeError."""
        if not isinstance(data, bytes):
            raise TypeError(f"data must be bytes, not {type(data).__name__}")
        self.io.write(data)

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Append several pieces to `io`, or none if one is refused with a TypeError.

        Pass a list of bytes: any iterable of what is bytes-like works here and on TLS,
        but not on TCP.
        """
        self.io.write(b"".join(data))

    def loseConnection(self) -> None:
        """Set `disconnecting`. Writing still works."""
        self.disconnecting = True

    def abortConnection(self) -> None:
        """Set `disconnected`, then call `loseConnection`."""
        self.disconnected = True
        self.loseConnection()

    def getPeer(self) -> Union[IPv4Address, Any]:
        return _DEFAULT_PEER if self.peerAddr is None else self.peerAddr

    def getHost(self) -> Union[IPv4Address, Any]:
        return _DEFAULT_HOST if self.hostAddr is None else self.hostAddr

    # IConsumer

    def registerProducer(self, producer: object, streaming: bool) -> None:
        if self.producer is not None:
            raise RuntimeError("a producer is already registered: unregister it first")
        self.producer = producer
        self.streaming = streaming

    def unregisterProducer(self) -> None:
        """Forget the producer, or raise a RuntimeError if none is registered."""
        if self.producer is None:
            raise RuntimeError("no producer is registered")
        self.producer = self.streaming = None

    # IPushProducer

    def _checkState(self) -> None:
        if self.producerState == "stopped":
            raise RuntimeError("cannot pause or resume after stopProducing")
        if self.disconnecting and self.connected and not self._lenient:
            raise RuntimeError(
                "cannot pause or resume after loseConnection, unless lenient=True"
            )

    def pauseProducing(self) -> None:
        """Set `producerState` to "paused".

        Raises:
            RuntimeError: After `stopProducing`. If not lenient, also after
                `loseConnection`, as long as `connected`.
        """
        self._checkState()
        self.producerState = "paused"

    def resumeProducing(self) -> None:
        """Set `producerState` to "producing". Raises what `pauseProducing` does."""
        self._checkState()
        self.producerState = "producing"

    def stopProducing(self) -> None:
        """Set `producerState` to "stopped"."""
        self.producerState = "stopped"


class StringTransportWithDisconnection(StringTransport):
    """A `StringTransport` that calls `connectionLost` when it is closed.

    After the loss it can be paused and resumed, as a real connection can, unless
    `stopProducing` was called.

    Attributes:
        protocol: The protocol whose `connectionLost` to call. The test sets it.
        connected: True until the connection is lost, by `loseConnection` or
            `abortConnection`.
        disconnecting: Whether it was closed by `loseConnection`. An abort sets only
            `disconnected`.
        disconnected: Whether it is lost, or `abortConnection` was called.
    """

    protocol: Any

    def loseConnection(self) -> None:
        """If `connected`, lose the connection, and call `protocol.connectionLost`.

        Before that call, `connected` is set to False, `disconnected` to True and,
        unless `abortConnection` was called, `disconnecting` to True. The argument is a
        `Failure` with a `ConnectionDone`. An exception out of `connectionLost` reaches
        the caller, and the connection is lost all the same. Once it is lost, further
        calls do nothing.

        Raises:
            AttributeError: There is no `protocol`, or it has no `connectionLost`.
                The connection is still open: set `protocol`, and call again. An abort
                has set `disconnected`, and `disconnecting` will not be set any more.
        """
        if self.connected:
            # What can fail comes first, so that a refused call changes nothing here.
            connectionLost = self.protocol.connectionLost
            reason = Failure(ConnectionDone("Bye."))
            if not self.disconnected:
                self.disconnecting = True
            self.disconnected = True
            self.connected = False
            connectionLost(reason)
