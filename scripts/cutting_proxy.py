#!/usr/bin/env python3
"""A proxy on loopback that cuts connections at random bytes: what bad lines do to a posting.

    scripts/cutting_proxy.py --port 8200 --to 127.0.0.1:8100 --every 40000
    .venv/bin/alcada bench posting --sandbox-url http://127.0.0.1:8100 --api-url http://127.0.0.1:8200 …

Each connection gets a number of bytes, drawn anew, that may pass in both directions together; with the next one both
sides are reset, wherever in a request or an answer that is. On average it is `--every` bytes.
"""

import argparse
import asyncio
import contextlib
import random
import socket
import struct


class Line:
    """One connection, until its bytes are used up."""

    def __init__(self, left: int) -> None:
        self.left = left
        self.cut = asyncio.Event()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(4096):
            passing, self.left = data[: self.left], self.left - len(data)
            writer.write(passing)
            await writer.drain()
            if self.left <= 0:
                self.cut.set()
                return
        writer.write_eof()


async def main(port: int, to: tuple[str, int], every: int, seed: int) -> None:
    source, cuts = random.Random(seed), 0  # noqa: S311  (repeatable on purpose)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal cuts
        line = Line(max(1, int(source.expovariate(1 / every))))
        there_writer = None
        try:
            there_reader, there_writer = await asyncio.open_connection(*to)
            ways = [
                asyncio.create_task(line.carry(reader, there_writer)),
                asyncio.create_task(line.carry(there_reader, writer)),
            ]
            cut = asyncio.create_task(line.cut.wait())
            both = asyncio.gather(*ways, return_exceptions=True)
            await asyncio.wait([both, cut], return_when=asyncio.FIRST_COMPLETED)
            cuts += line.cut.is_set()
            for task in (*ways, cut):
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await both
        except OSError:
            pass
        finally:
            for end in (writer, there_writer):
                if end is not None:
                    _end(end, reset=line.cut.is_set())

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    print(f"http://127.0.0.1:{port} → {to[0]}:{to[1]}", flush=True)
    try:
        await server.serve_forever()
    finally:
        print(f"{cuts} connections cut", flush=True)


def _end(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    """A reset throws away what was not read yet, as a line that breaks does."""
    end: socket.socket | None = writer.get_extra_info("socket")
    if reset and end is not None:
        with contextlib.suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    with contextlib.suppress(OSError):
        writer.transport.abort() if reset else writer.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=8200)
    parser.add_argument("--to", default="127.0.0.1:8100", metavar="HOST:PORT")
    parser.add_argument("--every", type=int, default=40000, help="bytes until a cut, on average")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    host, _, number = given.to.rpartition(":")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(given.port, (host, int(number)), given.every, given.seed))
