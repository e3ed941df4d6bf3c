"""
A value that shows nothing of itself.

One rule: where something can fail, a secret stands in no local variable but sealed, since tracebacks can show those.
"""

from typing import Final, Generic, NoReturn, TypeVar

T = TypeVar("T")


class Sealed(Generic[T]):
    """Holds a value that neither repr, pickle nor copy gives away."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value: Final = value

    def open(self) -> T:
        """Return the value. Pass it on as an argument, and give it no name where an exception can pass."""
        return self._value

    def __repr__(self) -> str:
        return "<sealed>"

    def __reduce__(self) -> NoReturn:
        message = "what is sealed is not written anywhere"
        raise TypeError(message)

    def __getstate__(self) -> NoReturn:
        self.__reduce__()


def without_traceback(error: BaseException) -> BaseException:
    """Return an exception that was not foreseen without the frames below, whose variables may be secrets."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)
