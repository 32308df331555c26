"""The process in which an engine of Keras 2.3.1 computes: it answers messages until they end.

    python -s worker < messages > answers

This folder is shipped as data and runs in an interpreter of its own, with keras 2.3.1, NumPy and
one of Theano and CNTK. It knows nothing of kerasgen, and is written for Python 3.6.

A message and an answer have the same form: the length of a JSON header, the header, the length of
an npz archive, the archive. Nothing is unpickled. What the engine prints goes to stderr.
"""

import collections
import collections.abc
import os
import sys
import traceback

if not hasattr(collections, "Iterable"):  # Keras 2.3.1 looks for it where Python 3.9 had it last.
    collections.Iterable = collections.abc.Iterable

from messages import Channel


def main():
    """Answers messages until the parent closes the pipe."""
    channel = Channel(os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)
    sys.stdin.close()
    computing = None
    while True:
        message = channel.read()
        if message is None:
            return
        header, arrays = message
        try:
            if computing is None:
                from computing import Computing

                computing = Computing()
            answer, found = getattr(computing, "do_" + header["do"])(header, arrays)
        except MemoryError:
            answer, found = {"error": "out of memory"}, {}
        except Exception as error:
            traceback.print_exc()
            text = f"{type(error).__name__}: {error}"
            answer, found = {"error": text.strip().splitlines()[0][:500] if text else "?"}, {}
        channel.write(answer, found)


if __name__ == "__main__":
    main()
