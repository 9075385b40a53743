# Threads: locks, conditions, queues, pools, thread-local data, timers, barriers.
import concurrent.futures
import queue
import threading

total, lock = 0, threading.Lock()


def add(n):
    global total
    for _ in range(n):
        with lock:
            total += 1


workers = [threading.Thread(target=add, args=(5000,)) for _ in range(8)]
for w in workers:
    w.start()
for w in workers:
    w.join()
print("sum", total)

jobs, results = queue.Queue(maxsize=4), queue.Queue()


def work():
    while (job := jobs.get()) is not None:
        results.put(job * job)
        jobs.task_done()


pool = [threading.Thread(target=work, daemon=True) for _ in range(5)]
for w in pool:
    w.start()
for i in range(500):
    jobs.put(i)
jobs.join()
for _ in pool:
    jobs.put(None)
for w in pool:
    w.join()
print("queue", sum(results.get() for _ in range(500)))

turn, order = threading.Condition(), []


def in_turn(me):
    for round_ in range(50):
        with turn:
            turn.wait_for(lambda: len(order) % 3 == me)
            order.append(me)
            turn.notify_all()


three = [threading.Thread(target=in_turn, args=(i,)) for i in range(3)]
for t in three:
    t.start()
for t in three:
    t.join()
print("condition", order == [0, 1, 2] * 50)

barrier, local, seen = threading.Barrier(6), threading.local(), []


def meet(n):
    local.value = n
    for _ in range(20):
        barrier.wait(timeout=60)
    seen.append(local.value)


six = [threading.Thread(target=meet, args=(i,)) for i in range(6)]
for t in six:
    t.start()
for t in six:
    t.join()
print("barrier", sorted(seen))

with concurrent.futures.ThreadPoolExecutor(4) as executor:
    print("pool", sum(executor.map(lambda x: x ** 3 % 1001, range(1000))))
    failing = executor.submit(int, "no number")
    print("exception", failing.exception())

fired = threading.Event()
threading.Timer(0.05, fired.set).start()
print("timer", fired.wait(60), threading.active_count() <= 2)
threading.stack_size(256 * 1024)
depth = []


def recurse(n):
    return n if n == 0 else 1 + recurse(n - 1)


t = threading.Thread(target=lambda: depth.append(recurse(300)))
t.start()
t.join()
print("small stack", depth)
