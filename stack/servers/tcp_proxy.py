"""Forwards a TCP port: ``python -m stack.servers.tcp_proxy 7409 network:7409``.

The service `presto-port` uses this module to publish Presto's port. Presto's own container cannot publish a port,
because its network namespace belongs to the service `network`. The published ports of `network` are the same in every
profile.

The program socat could replace this module. But socat would be one more package in the images, which contain Python
anyway. By default, socat also ends a connection half a second after one side has sent its last byte, even if the
response is not complete.
"""

import asyncio
import signal
import sys

CHUNK_BYTES = 65536  # the default buffer size of asyncio's streams


async def forward(port: int, host: str, target: int) -> None:
    """Forward each connection that arrives at the port, on any address, to ``host:target``. Ends at SIGTERM."""
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

    # Listen on all addresses, because traffic to the published port arrives from outside the container. The host
    # publishes the port only on its loopback interface.
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
        writer.close()  # one side has closed its connection, so close the other side too


if __name__ == "__main__":
    target_host, _, target_port = sys.argv[2].rpartition(":")
    asyncio.run(forward(int(sys.argv[1]), target_host, int(target_port)))
