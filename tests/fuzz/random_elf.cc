#include "tests/fuzz/random_elf.h"

#include "tests/support/rng.h"

namespace xarch::fuzz {

namespace {

constexpr uint32_t kCode = 0x400000;
constexpr uint32_t kHeaderBytes = 0x1000;  // the code begins at the file's second page
constexpr uint32_t kData = 0x10000000;
constexpr uint32_t kDataBytes = 0x20000;
constexpr unsigned kInsns = 400;

// Appends numbers in the guest's byte order.
class Writer {
 public:
  Writer(const GuestKind& kind, std::vector<uint8_t>* out) : kind_(kind), out_(out) {}
  void number(uint64_t v, unsigned bytes) {
    for (unsigned i = 0; i < bytes; ++i) {
      out_->push_back(static_cast<uint8_t>(v >> 8 * (kind_.big ? bytes - 1 - i : i)));
    }
  }
  void word(uint64_t v) { number(v, kind_.is_64 ? 8 : 4); }

 private:
  const GuestKind& kind_;
  std::vector<uint8_t>* out_;
};

constexpr uint32_t kLoad = 1, kGnuStack = 0x6474e551;  // PT_LOAD, PT_GNU_STACK

void program_header(const GuestKind& kind, Writer& w, uint32_t type, uint32_t flags, uint32_t offset,
                    uint32_t at, uint32_t file_bytes, uint32_t bytes) {
  w.number(type, 4);
  if (kind.is_64) w.number(flags, 4);
  w.word(offset);
  w.word(at);
  w.word(at);
  w.word(file_bytes);
  w.word(bytes);
  if (!kind.is_64) w.number(flags, 4);
  w.word(0x1000);
}

void header(const GuestKind& kind, Writer& w, uint32_t code_bytes) {
  for (uint8_t b : {0x7f, 0x45, 0x4c, 0x46}) w.number(b, 1);
  w.number(kind.is_64 ? 2 : 1, 1);
  w.number(kind.big ? 2 : 1, 1);
  w.number(1, 1);
  w.number(0, 1);
  w.number(0, 8);
  w.number(2, 2);  // ET_EXEC
  w.number(kind.elf_machine, 2);
  w.number(1, 4);
  w.word(kCode);
  w.word(kind.is_64 ? 64 : 52);
  w.word(0);
  w.number(0, 4);
  w.number(kind.is_64 ? 64 : 52, 2);
  w.number(kind.is_64 ? 56 : 32, 2);
  w.number(3, 2);
  w.number(0, 6);
  program_header(kind, w, kLoad, 5, kHeaderBytes, kCode, code_bytes, code_bytes);
  program_header(kind, w, kLoad, 6, 0, kData, 0, kDataBytes);
  program_header(kind, w, kGnuStack, 6, 0, 0, 0, 0);  // else all that can be read can be executed
}

}  // namespace

std::vector<uint8_t> random_elf(const GuestKind& kind, uint64_t seed) {
  test::Rng rng(seed);
  std::vector<uint8_t> code;
  const auto set = [&](unsigned n) {
    uint32_t v = kData + kDataBytes / 2 + rng.below(512) * 8;
    if (rng.one_in(3)) v = static_cast<uint32_t>(rng.value());
    if (rng.one_in(8)) v = kCode + 4 * (200 + rng.below(200));
    kind.set_register(&code, n, v);
  };
  for (unsigned n = 0; n < kind.num_registers; ++n) set(n);
  for (unsigned i = 0; i < kInsns; ++i) {
    kind.insn(&code, rng.next(), rng.next());
    // Where there are few registers, pointers are soon lost.
    if (kind.num_registers <= 16 && rng.one_in(3)) set(rng.below(kind.num_registers));
  }
  if (kind.clean != nullptr) kind.clean(&code);
  std::vector<uint8_t> file;
  Writer w(kind, &file);
  header(kind, w, static_cast<uint32_t>(code.size()));
  file.resize(kHeaderBytes);
  file.insert(file.end(), code.begin(), code.end());
  return file;
}

}  // namespace xarch::fuzz
