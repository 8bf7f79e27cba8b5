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
look at what it wrote:

    protocol.makeConnection(transport)
    protocol.dataReceived(b"PING")
    assert transport.value() == b"PONG"

`StringTransportWithDisconnection` also tells the protocol when its connection
is lost. Neither needs Twisted. If Twisted can be imported, `ConnectionDone`,
`Failure` and `IPv4Address` are its own classes; if zope.interface can, both
transports provide the zope interfaces that Twisted looks for.
"""

from abc import ABC, abstractmethod
from collections import namedtuple
from io import BytesIO

# Type checkers take this for true, and nobody else has to import typing.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable, NamedTuple, NoReturn, Optional, Type

__version__ = "1.0.0"
__all__ = [
    "ITransport",
    "IConsumer",
    "IPushProducer",
    "StringTransport",
    "StringTransportWithDisconnection",
    "ConnectionDone",
    "Failure",
    "IPv4Address",
]


class ITransport(ABC):
    """A connection, as seen by the protocol that uses it."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send bytes to the other side, after everything written before.

        Args:
            data (bytes): What to send.

        Raises:
            TypeError: `data` is not bytes. Nothing is sent.
        """

    @abstractmethod
    def writeSequence(self, data: "Iterable[bytes]") -> None:
        """Send several pieces, as if they were joined and written at once.

        Args:
            data (Iterable[bytes]): The pieces, in order.

        Raises:
            TypeError: A piece is not bytes. None of them is sent.
        """

    @abstractmethod
    def loseConnection(self) -> None:
        """Close the connection once all is sent and no producer is registered."""

    @abstractmethod
    def getPeer(self) -> "Any":
        """Return the address of the other side.

        Returns:
            Any: The address, an `IPv4Address` for TCP over IPv4.
        """

    @abstractmethod
    def getHost(self) -> "Any":
        """Return the address of this side.

        Returns:
            Any: The address, an `IPv4Address` for TCP over IPv4.
        """


class IConsumer(ABC):
    """Something that a producer writes to."""

    @abstractmethod
    def registerProducer(self, producer: object, streaming: bool) -> None:
        """Accept data from a producer until it is unregistered.

        Args:
            producer (object): An `IPushProducer`, or a pull producer, which has
                no `pauseProducing`.
            streaming (bool): True for a push producer, which writes until it is
                paused; False for a pull producer, which writes when asked.

        Raises:
            RuntimeError: A producer is already registered. It stays.
        """

    @abstractmethod
    def unregisterProducer(self) -> None:
        """Forget the producer. If `loseConnection` waited for this, close."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Take bytes from the producer.

        Args:
            data (bytes): What it has produced.

        Raises:
            TypeError: `data` is not bytes. Nothing is taken.
        """


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


# ------------------------------------------------------------------------------
# Whatever depends on Twisted or zope.interface being installed is decided here.
# Type checkers see the stand-ins, so that they find the same everywhere.

try:
    if TYPE_CHECKING:
        raise ImportError
    else:
        from twisted.internet.address import IPv4Address
        from twisted.internet.error import ConnectionDone
        from twisted.internet.interfaces import IConsumer as _IConsumer
        from twisted.internet.interfaces import IPushProducer as _IPushProducer
        from twisted.internet.interfaces import ITransport as _ITransport
        from twisted.python.failure import Failure
except ImportError:
    _ITransport = _IConsumer = _IPushProducer = None

    if TYPE_CHECKING:
        IPv4Address = NamedTuple(
            "IPv4Address", [("type", str), ("host", str), ("port", int)]
        )
    else:
        IPv4Address = namedtuple("IPv4Address", "type host port")
        IPv4Address.__doc__ = "The address of one side of a connection over IPv4."
        IPv4Address.type.__doc__ = 'The protocol (str): "TCP" or "UDP".'
        IPv4Address.host.__doc__ = 'The IP address (str), such as "127.0.0.1".'
        IPv4Address.port.__doc__ = "The number of the port (int)."

    class ConnectionDone(Exception):
        """The reason for losing a connection that was closed cleanly.

        Args:
            *args (str): More to say about it.
        """

        def __str__(self) -> str:
            colon = ": " if self.args else ""
            return f"Connection was closed cleanly{colon}{' '.join(self.args)}."

    class Failure:
        """An exception that is handed over instead of raised.

        Args:
            exc_value (BaseException): The exception.

        Attributes:
            value (BaseException): The exception.
            type (Type[BaseException]): Its class.
        """

        def __init__(self, exc_value: BaseException) -> None:
            self.value = exc_value
            self.type = type(exc_value)

        def check(
            self, *errorTypes: "Type[BaseException]"
        ) -> "Optional[Type[BaseException]]":
            """Return the first of the classes that the exception is an instance of.

            Args:
                *errorTypes (Type[BaseException]): The classes to try, in order.

            Returns:
                Optional[Type[BaseException]]: The class, or None if none fits.
            """
            for errorType in errorTypes:
                if isinstance(self.value, errorType):
                    return errorType
            return None

        def trap(self, *errorTypes: "Type[BaseException]") -> "Type[BaseException]":
            """Do what `check` does, but raise the exception if no class fits.

            Args:
                *errorTypes (Type[BaseException]): The classes to try, in order.

            Returns:
                Type[BaseException]: The class.

            Raises:
                BaseException: The exception itself, if no class fits.
            """
            return self.check(*errorTypes) or self.raiseException()

        def getErrorMessage(self) -> str:
            """Return what the exception says.

            Returns:
                str: The exception's `str()`.
            """
            return str(self.value)

        def raiseException(self) -> "NoReturn":
            """Raise the exception."""
            raise self.value

        def __repr__(self) -> str:
            return f"<Failure {self.type.__name__}: {self.value}>"


if not TYPE_CHECKING:
    try:
        from zope.interface import classImplements
        from zope.interface.interface import InterfaceClass, fromMethod
    except ImportError:
        pass
    else:
        for _abc, _interface in (
            (ITransport, _ITransport),
            (IConsumer, _IConsumer),
            (IPushProducer, _IPushProducer),
        ):
            if _interface is None:
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
        hostAddress (object): The initial `hostAddr`, if not None.
        peerAddress (object): The initial `peerAddr`, if not None.
        lenient (bool): Whether pausing and resuming work after `loseConnection`.

    Attributes:
        io (BytesIO): What was written since the last `clear`.
        connected (bool): True. Nothing here changes it.
        disconnecting (bool): Whether `loseConnection` was called.
        disconnected (bool): Whether `abortConnection` was called.
        hostAddr (Any): What `getHost` returns. If None: 10.0.0.1, port 12345.
        peerAddr (Any): What `getPeer` returns. If None: 192.168.1.1, port 54321.
        producer (Any): The registered producer, or None.
        streaming (Optional[bool]): What `producer` was registered with, or None.
        producerState (str): "producing", "paused" or "stopped".
    """

    connected = True
    disconnecting = False
    disconnected = False
    hostAddr: "Any" = None
    peerAddr: "Any" = None
    producer: "Any" = None
    streaming: "Optional[bool]" = None
    producerState = "producing"

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
        """Return what was written.

        Returns:
            bytes: Everything written since the last `clear`.
        """
        return self.io.getvalue()

    # ITransport

    def write(self, data: bytes) -> None:
        # Not every caller is type-checked.
        if not isinstance(data, bytes):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise TypeError(f"data must be bytes, not {type(data).__name__}")
        self.io.write(data)

    def writeSequence(self, data: "Iterable[bytes]") -> None:
        """Append several pieces: all of them or, if iterating fails, none.

        Args:
            data (Iterable[bytes]): The pieces, in order. Each may be any
                bytes-like object, although real transports are stricter.

        Raises:
            TypeError: A piece is not bytes-like. None of them is appended.
        """
        self.io.write(b"".join(data))

    def loseConnection(self) -> None:
        """Set `disconnecting`. Writing still works."""
        self.disconnecting = True

    def abortConnection(self) -> None:
        """Set `disconnected`, then call `loseConnection`."""
        self.disconnected = True
        self.loseConnection()

    def getPeer(self) -> "Any":
        return _DEFAULT_PEER if self.peerAddr is None else self.peerAddr

    def getHost(self) -> "Any":
        return _DEFAULT_HOST if self.hostAddr is None else self.hostAddr

    # IConsumer

    def registerProducer(self, producer: object, streaming: bool) -> None:
        if self.producer is not None:
            raise RuntimeError("a producer is already registered: unregister it first")
        self.producer = producer
        self.streaming = streaming

    def unregisterProducer(self) -> None:
        """Forget the producer.

        Raises:
            RuntimeError: No producer is registered.
        """
        if self.producer is None:
            raise RuntimeError("no producer is registered")
        self.producer = None
        self.streaming = None

    # IPushProducer

    def _checkState(self) -> None:
        if self.disconnecting and not self._lenient:
            raise RuntimeError("cannot pause or resume after loseConnection")
        if self.producerState == "stopped":
            raise RuntimeError("cannot pause or resume after stopProducing")

    def pauseProducing(self) -> None:
        """Set `producerState` to "paused".

        Raises:
            RuntimeError: After `stopProducing`, or `loseConnection` if not lenient.
        """
        self._checkState()
        self.producerState = "paused"

    def resumeProducing(self) -> None:
        """Set `producerState` to "producing".

        Raises:
            RuntimeError: After `stopProducing`, or `loseConnection` if not lenient.
        """
        self._checkState()
        self.producerState = "producing"

    def stopProducing(self) -> None:
        """Set `producerState` to "stopped"."""
        self.producerState = "stopped"


class StringTransportWithDisconnection(StringTransport):
    """A `StringTransport` that tells its protocol when the connection is lost.

    Attributes:
        protocol (Any): The protocol to tell. The test has to set it.
        connected (bool): True until the protocol is told.
    """

    protocol: "Any"

    def loseConnection(self) -> None:
        """If `connected`, set `disconnecting` and call `protocol.connectionLost`.

        Its argument is a `Failure` with a `ConnectionDone`. If it raises an
        exception, the caller gets it, and the connection is lost all the same.
        After that, `connected` is False, and further calls do nothing.

        Raises:
            AttributeError: There is no `protocol` with a `connectionLost`.
                Nothing has changed.
        """
        if self.connected:
            try:
                connectionLost = self.protocol.connectionLost
            except AttributeError:
                raise AttributeError(
                    "no protocol with connectionLost: set transport.protocol first"
                )
            self.connected = False
            self.disconnecting = True
            connectionLost(Failure(ConnectionDone("Bye.")))

    def abortConnection(self) -> None:
        """Set `disconnected`, then call `loseConnection`.

        Raises:
            AttributeError: There is no `protocol` with a `connectionLost`.
                Nothing has changed.
        """
        disconnected = self.disconnected
        self.disconnected = True
        try:
            self.loseConnection()
        except BaseException:
            # If it is still connected, the call was refused.
            if self.connected:
                self.disconnected = disconnected
            raise
