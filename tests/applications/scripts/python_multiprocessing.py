# multiprocessing by fork, spawn and forkserver: pools, queues, pipes, shared memory, managers, semaphores.
import multiprocessing as mp
import os
from multiprocessing import shared_memory


def square(x):
    return x * x


def produce(queue, n):
    for i in range(n):
        queue.put((os.getpid() > 0, i))


def fill(name, lock, counter, n):
    block = shared_memory.SharedMemory(name)
    block.buf[n] = n + 1
    block.close()
    for _ in range(200):
        with lock:
            counter.value += 1


def answer(end):
    while (question := end.recv()) is not None:
        end.send(question[::-1])
    end.close()


def main():
    for method in ("fork", "spawn", "forkserver"):
        context = mp.get_context(method)
        with context.Pool(3) as pool:
            print(method, "pool", sum(pool.map(square, range(200), chunksize=7)))
            print(method, "imap", sorted(pool.imap_unordered(square, range(10))))
            print(method, "apply", pool.apply_async(divmod, (17, 5)).get(timeout=60))
            try:
                pool.apply(int, ("x",))
            except ValueError as e:
                print(method, "exception", e)
        queue = context.Queue()
        makers = [context.Process(target=produce, args=(queue, 50)) for _ in range(2)]
        for m in makers:
            m.start()
        print(method, "queue", sum(queue.get(timeout=60)[1] for _ in range(100)))
        for m in makers:
            m.join()
        here, there = context.Pipe()
        p = context.Process(target=answer, args=(there,))
        p.start()
        here.send("abc")
        print(method, "pipe", here.recv())
        here.send(None)
        p.join()
        print(method, "exit", p.exitcode)
    block = shared_memory.SharedMemory(create=True, size=4096)
    lock, counter = mp.Lock(), mp.Value("i", 0)
    parts = [mp.Process(target=fill, args=(block.name, lock, counter, n)) for n in range(5)]
    for p in parts:
        p.start()
    for p in parts:
        p.join()
    print("shared", bytes(block.buf[:6]), counter.value)
    block.close()
    block.unlink()
    with mp.Manager() as manager:
        shared = manager.dict()
        p = mp.Process(target=shared.update, args=({"a": [1, 2]},))
        p.start()
        p.join()
        print("manager", dict(shared))
    killed = mp.Process(target=__import__("time").sleep, args=(60,))
    killed.start()
    killed.terminate()
    killed.join()
    print("terminated", killed.exitcode)


if __name__ == "__main__":
    main()
