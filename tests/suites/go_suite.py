"""Go's own package tests, as cases: Debian's golang-1.19-src, cross-built; the second opinion is the native build."""
import os

from case import Case

ROOT = "/usr/share/go-1.19/src"
GO = "/usr/lib/go-1.19/bin/go"
PACKAGES = """sync sync/atomic runtime runtime/debug runtime/pprof runtime/internal/atomic runtime/internal/math
runtime/internal/sys os os/signal os/exec os/user syscall time context internal/poll internal/bytealg internal/cpu net
strconv math math/big math/bits math/cmplx math/rand reflect bytes strings sort fmt errors io io/fs io/ioutil bufio log
container/heap container/list container/ring encoding/binary encoding/json encoding/gob encoding/base64 encoding/hex
encoding/xml encoding/asn1 encoding/csv hash hash/crc32 hash/crc64 hash/adler32 hash/fnv hash/maphash crypto/aes
crypto/cipher crypto/sha1 crypto/sha256 crypto/sha512 crypto/md5 crypto/elliptic crypto/ed25519 crypto/rsa crypto/ecdsa
crypto/hmac crypto/subtle crypto/rand crypto/x509 crypto/tls unicode unicode/utf8 unicode/utf16 regexp regexp/syntax
compress/flate compress/gzip compress/bzip2 compress/lzw compress/zlib image image/png image/jpeg image/gif image/draw
image/color text/template text/scanner text/tabwriter html html/template path path/filepath archive/tar archive/zip
go/parser go/scanner go/token go/printer go/format go/constant go/types mime mime/multipart net/url net/textproto net/mail
net/http net/http/httptest net/rpc testing testing/quick expvar flag index/suffixarray debug/elf debug/dwarf
cmd/internal/obj/arm64 cmd/compile/internal/test""".split()


def command(architecture, environment):
    return ["env", f"GOARCH={architecture}", "CGO_ENABLED=0", *environment, GO, "test", "-c"]


def cases(work):
    cache = ["GOCACHE=" + os.path.join(work, "go-cache"), "GOFLAGS=-p=1", "GO111MODULE=off"]
    for package in PACKAGES:
        yield Case("go", package, command("arm64", cache), [package], ["-test.short", "-test.v"],
                   {"GOARCH": "arm64", "CGO_ENABLED": "0", **dict(item.split("=", 1) for item in cache)}, seconds=240,
                   native=command("amd64", cache), native_link=[package], folder=os.path.join(ROOT, package),
                   lines=r"^\s*--- FAIL: \S+|^panic|^fatal")
