# asyncio: tasks, streams over TCP and Unix sockets, datagrams, subprocesses, signals, executors, time-outs.
import asyncio
import os
import signal


async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def talk(reader, writer, n):
    out = []
    for i in range(n):
        writer.write(f"line {i}\n".encode())
        out.append(await reader.readline())
    writer.close()
    return out


class Collect(asyncio.DatagramProtocol):
    def __init__(self, done):
        self.done, self.got = done, []

    def datagram_received(self, data, addr):
        self.got.append(data)
        if len(self.got) == 5:
            self.done.set_result(sorted(self.got))


async def main():
    print("gather", await asyncio.gather(*(asyncio.sleep(0.01 * (5 - i), i) for i in range(5))))
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    talks = [talk(*await asyncio.open_connection("127.0.0.1", port), 20) for _ in range(10)]
    print("tcp", sum(len(out) for out in await asyncio.gather(*talks)))
    server.close()
    await server.wait_closed()
    server = await asyncio.start_unix_server(echo, "/tmp/socket")
    print("unix", (await talk(*await asyncio.open_unix_connection("/tmp/socket"), 3)))
    server.close()
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    receiver, _ = await loop.create_datagram_endpoint(lambda: Collect(done), local_addr=("127.0.0.1", 0))
    sender, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol,
                                                    remote_addr=receiver.get_extra_info("sockname"))
    for i in range(5):
        sender.sendto(b"packet %d" % i)
    print("udp", await asyncio.wait_for(done, 60))
    sender.close()
    receiver.close()
    child = await asyncio.create_subprocess_exec("sort", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
    print("process", await child.communicate(b"b\na\n"), child.returncode)
    got = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, got.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(got.wait(), 60)
    print("signal", got.is_set())
    print("executor", await loop.run_in_executor(None, sum, range(100000)))
    try:
        async with asyncio.timeout(0.05):
            await asyncio.sleep(60)
    except TimeoutError:
        print("timeout")
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(asyncio.to_thread(pow, 3, i)) for i in range(5)]
    print("threads", [t.result() for t in tasks])


asyncio.run(main())
