// How a call's arguments become text: what a decoder is given, reads guest memory with, and writes.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "linux-user/strace/settings.h"
#include "linux-user/thread.h"

namespace xarch::linux_user::strace {

struct Name {
  uint64_t value;
  const char* text;
};

// Names of the values, or of the bits, that a word can have.
struct NameTable {
  std::span<const Name> names;
  bool bits;
  const char* unknown;  // what stands in the comment behind a number without a name
};

// One call. Decoders run twice: at its entry for the arguments up to the first that the kernel fills, and at
// its end for the others.
class View {
 public:
  View(Thread& t, const StraceSettings& s, const SyscallRegs& r) : thread(t), settings(s), regs(r) {}

  Thread& thread;
  const StraceSettings& settings;
  const SyscallRegs regs;
  std::string out;  // the text so far
  std::string aux;  // shown in parentheses behind the result
  bool after = false;
  int64_t result = 0;       // after
  uint64_t entry_word = 0;  // what an in-out argument pointed to at the entry

  uint64_t arg(unsigned i) const { return regs.arg[i]; }
  int32_t i32(unsigned i) const { return static_cast<int32_t>(regs.arg[i]); }
  uint32_t u32(unsigned i) const { return static_cast<uint32_t>(regs.arg[i]); }
  bool failed() const { return after && result < 0; }
  bool is64() const { return thread.abi().info().elf_class == 2; }
  unsigned word_bytes() const { return is64() ? 8 : 4; }

  // ---- writing
  void put(std::string_view text) { out += text; }
  void put_int(int64_t v);
  void put_uint(uint64_t v);
  void put_hex(uint64_t v);    // 0x1f; 0 as 0
  void put_octal(uint64_t v);  // 017; 0 as 0
  void put_addr(uint64_t v);   // NULL or 0x…
  // Bytes as a string in quotes, at most `limit` of them, "..." behind it if there are more.
  void put_quoted(const char* p, size_t n, size_t limit, bool more = false);
  void put_names(const NameTable& table, uint64_t v);
  void put_fd(int fd);  // with its path if -y
  void put_at_fd(int fd);
  void put_mode(uint32_t mode);  // S_IFREG|0644
  void put_signal(int signo);
  void put_sigset(uint64_t bits);
  // A path or string at a guest address; the address if it cannot be read.
  void put_string_at(uint64_t addr, bool abbreviated);
  void put_buffer_at(uint64_t addr, uint64_t bytes);

  // ---- reading guest memory in the ABI's byte order; false if it is not there
  bool read(uint64_t addr, void* to, size_t bytes) { return thread.copy_in(to, addr, bytes) == 0; }
  bool read_u32(uint64_t addr, uint32_t* v);
  bool read_u64(uint64_t addr, uint64_t* v);
  bool read_word(uint64_t addr, uint64_t* v);  // a long
};

// Fields of a struct in their order, each aligned to its size from where the first one is (a program may have
// put the struct anywhere). What is not readable any more gives 0.
class Fields {
 public:
  Fields(View& v, uint64_t addr) : v_(v), start_(addr), at_(addr) {}
  uint8_t u8();
  uint16_t u16();
  uint32_t u32();
  int32_t i32() { return static_cast<int32_t>(u32()); }
  uint64_t u64();
  int64_t i64() { return static_cast<int64_t>(u64()); }
  uint64_t word();
  int64_t sword() { return v_.is64() ? i64() : i32(); }
  uint16_t net16();  // in network byte order whatever the machine
  void skip(unsigned bytes) { at_ += bytes; }
  void align(unsigned bytes) { at_ = start_ + ((at_ - start_ + bytes - 1) & ~uint64_t{bytes - 1}); }
  uint64_t at() const { return at_; }
  bool ok() const { return ok_; }

 private:
  void get(void* to, unsigned bytes);
  View& v_;
  uint64_t start_;
  uint64_t at_;
  bool ok_ = true;
};

}  // namespace xarch::linux_user::strace
