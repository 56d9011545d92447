"""SHA-256 whose inner state can be stored, so that a digest goes on where it was cut off.

``hashlib`` keeps that state to itself. The C library behind it (libcrypto) does not: SHA256_Init,
_Update and _Final work on a block of memory of the caller's, eight words of state, two of length,
and what is left of a block of 64 bytes. It is the library that this Python has loaded already,
found through the extension module that uses it; nothing is searched for. Before it is trusted it
has to agree with ``hashlib``, in one go and taken up in the middle; where it is missing, or says
anything else, ``hashlib`` does the work and the state cannot be stored.

What is audited reaches these functions as bytes to hash and as nothing else. A stored state is
eight numbers and a length, every value of which is a valid one: the memory is filled in by us.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any, Final

_BLOCK: Final = 64  # bytes; only between whole blocks is the state eight words
_WORDS: Final = 28  # of a context: state, length in bits, a block, bytes in it, length of a digest
_GUARD: Final = 0x5EA1ED00  # in the words after it, which must stay as they are
_ROOM: Final = 64
_WORD: Final = (1 << 32) - 1


class Sha256:
    """Like ``hashlib.sha256()``, begun anew or from a state and the bytes that led to it."""

    def __init__(self, state: str = "", length: int = 0) -> None:
        self._library = _library()
        if self._library is None:
            if state:
                raise ValueError("this Python cannot take up a stored SHA-256")
            self._plain = hashlib.sha256()
        else:
            self._context = _begun(self._library)
            if state:
                _fill(self._context, state, length)

    def update(self, data: bytes) -> None:
        """Take in more; the interpreter's lock is released meanwhile."""
        if self._library is None:
            self._plain.update(data)
        else:
            self._library.SHA256_Update(self._context, data, len(data))

    def state(self) -> str:
        """Eight words in hexadecimal; empty where it cannot be told, or inside a block."""
        if self._library is None or self._context[26]:
            return ""
        return "".join(f"{word:08x}" for word in self._context[:8])

    def hexdigest(self) -> str:
        """The digest of everything so far. More can be taken in afterwards."""
        if self._library is None:
            return self._plain.hexdigest()
        last = type(self._context)(*self._context)
        words = (type(self._context))()
        self._library.SHA256_Final(words, last)
        return bytes(memoryview(words).cast("B")[:32]).hex()


def can_resume() -> bool:
    """Whether states can be stored and taken up here."""
    return _library() is not None


def is_state(text: str) -> bool:
    """Whether a text is what :meth:`Sha256.state` gives."""
    return len(text) == 64 and set(text) <= set("0123456789abcdef")


@cache
def _library() -> Any:
    """libcrypto as this Python uses it, tried out; None where it cannot be had."""
    try:
        import _hashlib
        import ctypes

        found = ctypes.CDLL(_hashlib.__file__)
        context = ctypes.POINTER(ctypes.c_uint32)
        for name, arguments in (
            ("SHA256_Init", [context]),
            ("SHA256_Update", [context, ctypes.c_char_p, ctypes.c_size_t]),
            ("SHA256_Final", [context, context]),
        ):
            function = getattr(found, name)
            function.argtypes, function.restype = arguments, ctypes.c_int
    except (ImportError, AttributeError, OSError):
        return None
    return found if _agrees(found) else None


def _begun(library: Any) -> Any:
    import ctypes

    context = (ctypes.c_uint32 * _ROOM)(*[0] * _WORDS, *[_GUARD] * (_ROOM - _WORDS))
    library.SHA256_Init(context)
    return context


def _fill(context: Any, state: str, length: int) -> None:
    """Put a state into a context that was just begun."""
    if not is_state(state) or length % _BLOCK or not 0 <= length < 1 << 61:
        raise ValueError("this is no state of a SHA-256")
    for index in range(8):
        context[index] = int(state[8 * index : 8 * index + 8], 16)
    context[8], context[9] = (8 * length) & _WORD, 8 * length >> 32


def _agrees(library: Any) -> bool:
    """Whether the memory is laid out as we think, and the digests are those of ``hashlib``."""
    data = bytes(range(256)) * 9 + b"tail"
    context = _begun(library)
    if list(context[8:10]) != [0, 0] or context[26] or context[27] != 32:
        return False
    library.SHA256_Update(context, data[:1280], 1280)
    state = "".join(f"{word:08x}" for word in context[:8])
    if context[8] != 8 * 1280 or context[26]:
        return False
    again = _begun(library)
    _fill(again, state, 1280)
    library.SHA256_Update(again, data[1280:], len(data) - 1280)
    digest = _begun(library)
    library.SHA256_Final(digest, again)
    if bytes(memoryview(digest).cast("B")[:32]) != hashlib.sha256(data).digest():
        return False
    far = _begun(library)  # a length of more than 32 bits
    _fill(far, state, 1 << 40)
    library.SHA256_Update(far, data[:64], 64)
    guards = [word for one in (context, again, far) for word in one[_WORDS:]]
    return list(far[8:10]) == [512, 1 << 11] and set(guards) == {_GUARD}
