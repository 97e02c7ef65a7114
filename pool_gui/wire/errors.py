"""The errors of the connection, each a sentence that a person can act on."""


class WireError(Exception):
    """The base of all that can go wrong between the two processes."""


class MalformedMessageError(WireError):
    """What arrived is no message of this protocol; the text names the field."""


class OversizedMessageError(MalformedMessageError):
    """A message said to be longer than the cap; nothing was allocated for it."""


class ForeignProtocolError(WireError):
    """The peer speaks another version of the protocol."""


class HandshakeError(WireError):
    """The peer did not prove that it knows the key, or not in time."""


class LinkClosedError(WireError):
    """The peer has closed the connection, or is gone."""
