"""Forwards a TCP port: ``python -m stack.servers.tcp_proxy 7409 network:7409``.

The service `presto-port` publishes Presto's port with it. Presto's own container cannot: its network namespace belongs
to `network`, whose published ports are the same in every profile. socat could replace this module, but it would be one
more package in the images, which have Python anyway. By default it also ends a connection half a second after one side
has sent its last byte, even if the response is not complete.
"""

import asyncio
import signal
import sys

CHUNK_BYTES = 65536  # asyncio's own limit of a stream's buffer


async def forward(port: int, host: str, target: int) -> None:
    """Accept connections to the port on every address and forward each one to ``host:target``, until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            target_reader, target_writer = await asyncio.open_connection(host, target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_copy(reader, target_writer), _copy(target_reader, writer))
        target_writer.close()
        writer.close()

    # Inside the container, published traffic arrives from a non-loopback address. The host publishes the port on its
    # loopback only.
    server = await asyncio.start_server(connected, "0.0.0.0", port)  # noqa: S104
    async with server:
        await stop.wait()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
        writer.write_eof()  # the other direction may still have data
    except OSError:
        writer.close()  # one side is gone: tell the other side


if __name__ == "__main__":
    target_host, _, target_port = sys.argv[2].rpartition(":")
    asyncio.run(forward(int(sys.argv[1]), target_host, int(target_port)))
