# ctypes: calls with each kind of argument, callbacks, structs and unions by value, variadic calls, errno, buffers.
import ctypes
import ctypes.util
from ctypes import byref, c_char_p, c_double, c_float, c_int, c_long, c_longlong, c_size_t, c_ubyte, c_void_p

libc, libm = ctypes.CDLL("libc.so.6", use_errno=True), ctypes.CDLL("libm.so.6")
libc.strlen.restype = c_size_t
print(libc.strlen(b"four"), libc.abs(-5), libc.toupper(ord("q")))
libm.pow.restype, libm.pow.argtypes = c_double, [c_double, c_double]
libm.sqrtf.restype, libm.sqrtf.argtypes = c_float, [c_float]
print(libm.pow(2, 0.5), libm.sqrtf(2))
buffer = ctypes.create_string_buffer(200)
libc.snprintf(buffer, 200, b"%d %s %.3f %lld %c %5.1f|%x", 42, b"text", c_double(3.14159), c_longlong(2 ** 60), ord("z"),
              c_double(-1), 255)
print(buffer.value)
Compare = ctypes.CFUNCTYPE(c_int, ctypes.POINTER(c_int), ctypes.POINTER(c_int))
numbers = (c_int * 50)(*((i * 37) % 50 for i in range(50)))
calls = []
compare = Compare(lambda a, b: calls.append(1) or a[0] - b[0])
libc.qsort(numbers, 50, 4, compare)
print(list(numbers) == list(range(50)), len(calls) > 50)


class Division(ctypes.Structure):
    _fields_ = [("quot", c_long), ("rem", c_long)]


libc.ldiv.restype, libc.ldiv.argtypes = Division, [c_long, c_long]
result = libc.ldiv(17, 5)
print(result.quot, result.rem)


class Time(ctypes.Structure):
    _fields_ = [(n, c_int) for n in ("sec", "min", "hour", "mday", "mon", "year", "wday", "yday", "isdst")] + [
        ("gmtoff", c_long), ("zone", c_char_p)]


moment, seconds = Time(), c_long(1000000000)
libc.gmtime_r(byref(seconds), byref(moment))
print(moment.year, moment.mon, moment.mday, moment.hour, moment.zone)


class Bits(ctypes.Structure):
    _fields_ = [("a", c_int, 3), ("b", c_int, 13), ("c", ctypes.c_uint, 16)]


class Both(ctypes.Union):
    _fields_ = [("bits", Bits), ("bytes", c_ubyte * 4)]


both = Both()
both.bits.a, both.bits.b, both.bits.c = -2, 1000, 0xABCD
print(bytes(both.bytes), both.bits.a, both.bits.b)
print(libc.open(b"/no/such/file", 0), ctypes.get_errno())
Visit = ctypes.CFUNCTYPE(c_double, c_double, c_float, c_int)
print(Visit(lambda a, b, c: a * b + c)(1.5, 2.5, 3))
libc.malloc.restype, libc.memset.restype = c_void_p, c_void_p
block = libc.malloc(c_size_t(1000))
libc.memset(c_void_p(block), 65, c_size_t(1000))
print(ctypes.string_at(block, 5))
libc.free(c_void_p(block))


def fail(a, b, c):
    raise ZeroDivisionError


print(ctypes.util.find_library("c"), ctypes.sizeof(Time), ctypes.alignment(c_double))
import _ctypes_test  # noqa: E402

test = ctypes.CDLL(_ctypes_test.__file__)


class Small(ctypes.Structure):
    _fields_ = [("x", c_long), ("y", c_long)]


class Rect(ctypes.Structure):
    _fields_ = [("left", c_long), ("top", c_long), ("right", c_long), ("bottom", c_long)]


test.PointInRect.argtypes = [ctypes.POINTER(Rect), Small]
print(test.PointInRect(byref(Rect(0, 0, 10, 10)), Small(3, 4)), test.PointInRect(byref(Rect(0, 0, 10, 10)), Small(30, 4)))
print(_ctypes_test.func() is None)
