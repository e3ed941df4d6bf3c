"""What an interruption (Ctrl-C, a handler of a signal that exits) leaves where code of others was interrupted."""


def interruption_of(error: BaseException | None, handled: BaseException | None) -> BaseException | None:
    """
    Return the interruption that an error is, or came of, None where there is none.

    An interruption in the middle of a lock or a pool may come out as another error: `threading.Condition` raises
    RuntimeError then.

    handled: what was being handled before, and is not meant.
    """
    while error is not None and error is not handled:
        if not isinstance(error, Exception):
            return error
        error = error.__context__
    return None
