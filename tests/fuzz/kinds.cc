// Random words of each guest, by its instruction table.
#include "targets/arm/core/decode.h"
#include "targets/mips/core/decode.h"
#include "tests/fuzz/random_elf.h"

namespace xarch::fuzz {

namespace {

constexpr uint32_t kA64Nop = 0xd503201f;
bool is_a64_svc(uint32_t w) { return (w & 0xffe0001f) == 0xd4000001; }
bool is_mips_syscall(uint32_t w) { return (w & 0xfc00003f) == 12; }

uint32_t a64_word(uint64_t a, uint64_t b) {
  const arm::Row& row = arm::row(static_cast<arm::Insn>((a >> 8) % arm::kNumInsns));
  uint32_t w = static_cast<uint32_t>(b);
  if ((a & 127) != 0) {
    w = (w & ~row.mask) | row.value;
    if (!row.legal(w)) w = kA64Nop;  // most code should get somewhere
  }
  return is_a64_svc(w) ? kA64Nop : w;
}
// MOVZ, MOVK
void a64_set(std::vector<uint32_t>* code, unsigned n, uint32_t v) {
  code->push_back(0xd2800000 | (v & 0xffff) << 5 | n);
  code->push_back(0xf2a00000 | v >> 16 << 5 | n);
}

uint32_t mips_word(uint64_t a, uint64_t b) {
  std::span<const mips::Row> rows = mips::rows();
  const mips::Row& row = rows[(a >> 8) % rows.size()];
  uint32_t w = static_cast<uint32_t>(b);
  // Privileged instructions and traps only end the program.
  if ((a & 127) != 0) w = (w & ~row.pattern.mask) | row.pattern.value;
  if ((row.flags & (mips::kSplits | mips::kStores)) == mips::kSplits && (a & 0x70) != 0) w = 0;
  return is_mips_syscall(w) ? 0 : w;
}
// LUI, ORI
void mips_set(std::vector<uint32_t>* code, unsigned n, uint32_t v) {
  code->push_back(0x3c000000 | n << 16 | v >> 16);
  code->push_back(0x34000000 | n << 21 | n << 16 | (v & 0xffff));
}

}  // namespace

const GuestKind& arm64_kind() {
  static constexpr GuestKind kKind = {"aarch64", 183, true, false, a64_word, a64_set, 31};
  return kKind;
}
const GuestKind& mips_kind() {
  static constexpr GuestKind kKind = {"mips", 8, false, true, mips_word, mips_set, 32};
  return kKind;
}

}  // namespace xarch::fuzz
