# sqlite3 in Python: functions and aggregates in Python, transactions, several connections, dumps, blobs, WAL.
import os
import sqlite3
import threading

db = sqlite3.connect("/tmp/test.db")
print(db.execute("pragma journal_mode=wal").fetchone(), sqlite3.sqlite_version)
db.executescript("create table t(id integer primary key, name text, value real, data blob);"
                 "create index by_value on t(value); create virtual table f using fts5(body);")
with db:
    db.executemany("insert into t values(?, ?, ?, ?)",
                   ((i, f"name {i % 100}", i * 7919 % 10007 / 4, bytes([i % 256]) * (i % 20)) for i in range(20000)))
    db.executemany("insert into f values(?)", ((f"word{i % 17} and word{i % 29}",) for i in range(500)))
print(db.execute("select count(*), sum(value), max(name), sum(length(data)) from t").fetchone())


class Product:
    def __init__(self):
        self.value = 1

    def step(self, x):
        self.value = self.value * (int(x) + 1) % 1000003

    def finalize(self):
        return self.value


db.create_function("turned", 1, lambda s: s[::-1], deterministic=True)
db.create_aggregate("product", 1, Product)
db.create_collation("by_end", lambda a, b: (a[::-1] > b[::-1]) - (a[::-1] < b[::-1]))
print(db.execute("select turned(name), product(value) from t group by name order by name collate by_end limit 4").fetchall())
print(db.execute("select count(*) from f where f match 'word3 and word5'").fetchone())
try:
    with db:
        db.execute("delete from t")
        raise RuntimeError
except RuntimeError:
    print("rolled back", db.execute("select count(*) from t").fetchone())


def read():
    other = sqlite3.connect("/tmp/test.db")
    found.append(other.execute("select count(*) from t where value between 100 and 200").fetchone()[0])
    other.close()


found = []
threads = [threading.Thread(target=read) for _ in range(4)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(found)
print(db.execute("select json_extract('{\"a\": [1, 2.5]}', '$.a[1]'), round(sin(1), 6), strftime('%Y', 0, 'unixepoch')").fetchone())
print(sum(map(len, db.iterdump())), db.execute("pragma integrity_check").fetchone())
copy = sqlite3.connect(":memory:")
db.backup(copy)
print(copy.execute("select count(distinct name) from t").fetchone(), sorted(os.listdir("/tmp"))[-1])
