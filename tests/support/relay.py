"""Something between the command and the lab: passes bytes on, and ends, holds or damages them where told.

What comes from the servers is counted over all connections, in the order it arrives, so that one
number names a place in a whole session: `limit` bytes are passed on, then `then` happens. Where the
connections are not encrypted the places are the same from run to run, but for what is random.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
import threading

CLOSE, RESET, HOLD, FLIP = "closes", "resets", "says no more", "flips a byte"

MAPPED = 12  # ports of the lab that an endpoint mapper may name


class Relay:
    """A listener for each of the lab's ports, in a thread of its own. `env` leads the command to it.

    `bridge` is (certificate, key): TLS ends here and begins anew, as with a proxy that inspects it.
    """

    def __init__(self, lab, bridge=None):
        self.lab = lab
        self.bridge = bridge
        self.clients = set()
        self.limit, self.then, self.passed = None, CLOSE, 0
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.env = {"ONEMAPI_RESOLVE": " ".join(self._do(self._rules()))}

    def set(self, limit=None, then=CLOSE):
        """Ends what is open and counts anew. None: passes everything."""
        self._do(self._set(limit, then))

    def close(self):
        self._do(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    async def _set(self, limit, then):
        self._end()
        self.limit, self.then, self.passed = limit, then, 0

    async def _stop(self):
        self._end()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    # ---- where names lead ----

    async def _rules(self):
        """The lab's own, with our ports. A host's last one, for mapped ports, becomes one a port."""
        ours, rules = {}, [rule.split(":") for rule in self.lab.env["ONEMAPI_RESOLVE"].split()]
        found = []
        for host, *words in rules:
            if len(words) == 3:
                found.append((host, words[0], int(words[2])))
            else:
                found += [(host, port, port) for port in range(self.lab.base, self.lab.base + MAPPED)]
        for host, port, real in found:
            key = real, port == "443"
            if key not in ours:
                ours[key] = await self._listen(*key)
        return [f"{host}:{port}:127.0.0.1:{ours[real, port == '443']}" for host, port, real in found]

    async def _listen(self, real, tls):
        inside = outside = None
        if tls and self.bridge:
            inside = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            inside.load_cert_chain(*self.bridge)
            outside = ssl._create_unverified_context()

        async def serve(reader, writer):
            await self._serve(reader, writer, real, outside)
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=inside)
        return server.sockets[0].getsockname()[1]

    # ---- what passes ----

    async def _serve(self, reader, writer, real, tls):
        self.clients.add(writer)
        with contextlib.suppress(OSError):
            if self._gone():
                raise OSError
            up, down = await asyncio.open_connection("127.0.0.1", real, ssl=tls)
            for end in (writer, down):
                end.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sending = asyncio.ensure_future(self._pass(reader, down, lambda data: data))
            await self._pass(up, writer, self._allow)
            sending.cancel()
            down.close()
        writer.close()
        self.clients.discard(writer)

    async def _pass(self, reader, writer, allow):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(allow(data))
                await writer.drain()
                if self._gone():
                    self._end()
            if writer.can_write_eof():
                writer.write_eof()

    def _gone(self):
        return self.limit is not None and self.passed >= self.limit and self.then in (CLOSE, RESET)

    def _allow(self, data):
        """What of a server's bytes goes on."""
        left = len(data) if self.limit is None else self.limit - self.passed
        self.passed += len(data)
        if left >= len(data):
            return data
        if self.then != FLIP:
            return data[:max(left, 0)]
        return data if left < 0 else data[:left] + bytes([data[left] ^ 0xFF]) + data[left + 1:]

    def _end(self):
        for writer in list(self.clients):
            if self.then != RESET:
                writer.close()
                continue
            with contextlib.suppress(OSError):  # it may have ended by itself
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                                           struct.pack("ii", 1, 0))
            writer.transport.abort()


@contextlib.contextmanager
def between(lab, **options):
    relay = Relay(lab, **options)
    try:
        yield relay
    finally:
        relay.close()
