"""Passes one port on, as in ``python -m stack.servers.tcp_proxy 7409 network:7409``.

A container does, that publishes the port of a server in the network namespace of other containers.
"""

import asyncio
import signal
import sys

CHUNK = 65536


async def relay(port: int, host: str, target: int) -> None:
    """Accept connections to the port on every address, each passed on to ``host:target``. Returns when told to end."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await asyncio.open_connection(host, target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, back), _copy(there, writer))
        back.close()
        writer.close()

    # The container publishes the port on loopback only; inside of it, who publishes comes from outside.
    server = await asyncio.start_server(connected, "0.0.0.0", port)  # noqa: S104
    async with server:
        await stop.wait()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(CHUNK):
            writer.write(data)
            await writer.drain()
        writer.write_eof()  # the other direction may have more to say
    except OSError:
        writer.close()  # one side is gone, and the other one learns it from this


if __name__ == "__main__":
    where, _, number = sys.argv[2].rpartition(":")
    asyncio.run(relay(int(sys.argv[1]), where, int(number)))
