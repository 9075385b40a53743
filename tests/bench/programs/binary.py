# Bytes: struct, base64, zlib, digests and a checksum in Python.
import base64
import hashlib
import struct
import zlib

data = b"".join(struct.pack("<IHd", i, i % 65536, i / 3) for i in range(60000))
packed = zlib.compress(data, 6)
print(len(data), zlib.decompress(packed) == data, hashlib.md5(data).hexdigest())
print(len(base64.b64encode(data)), base64.b85encode(data[:1000])[-8:], sum(x[0] for x in struct.iter_unpack("<IHd", data)))
check = 1
for byte in data[:600000]:
    check = (check * 31 + byte) & 0xFFFFFFFF
print(check)
