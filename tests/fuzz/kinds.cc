// Random instructions of each guest, by its instruction table.
#include "targets/arm/core/decode.h"
#include "targets/mips/core/decode.h"
#include "targets/x86/core/lift.h"
#include "tests/fuzz/random_elf.h"
#include "tests/x86/random_encoding.h"

namespace xarch::fuzz {

namespace {

void append(std::vector<uint8_t>* code, uint32_t v, bool big) {
  for (unsigned i = 0; i < 4; ++i) code->push_back(static_cast<uint8_t>(v >> 8 * (big ? 3 - i : i)));
}

// ---- A64: its instructions are little-endian always
constexpr uint32_t kA64Nop = 0xd503201f;
bool is_a64_svc(uint32_t w) { return (w & 0xffe0001f) == 0xd4000001; }

void a64_insn(std::vector<uint8_t>* code, uint64_t a, uint64_t b) {
  const arm::Row& row = arm::row(static_cast<arm::Insn>((a >> 8) % arm::kNumInsns));
  uint32_t w = static_cast<uint32_t>(b);
  if ((a & 127) != 0) {
    w = (w & ~row.mask) | row.value;
    if (!row.legal(w)) w = kA64Nop;  // most code should get somewhere
  }
  append(code, is_a64_svc(w) ? kA64Nop : w, false);
}
// MOVZ, MOVK
void a64_set(std::vector<uint8_t>* code, unsigned n, uint32_t v) {
  append(code, 0xd2800000 | (v & 0xffff) << 5 | n, false);
  append(code, 0xf2a00000 | v >> 16 << 5 | n, false);
}

// ---- MIPS, big-endian
bool is_mips_syscall(uint32_t w) { return (w & 0xfc00003f) == 12; }

void mips_insn(std::vector<uint8_t>* code, uint64_t a, uint64_t b) {
  std::span<const mips::Row> rows = mips::rows();
  const mips::Row& row = rows[(a >> 8) % rows.size()];
  uint32_t w = static_cast<uint32_t>(b);
  // Privileged instructions and traps only end the program.
  if ((a & 127) != 0) w = (w & ~row.pattern.mask) | row.pattern.value;
  if ((row.flags & (mips::kSplits | mips::kStores)) == mips::kSplits && (a & 0x70) != 0) w = 0;
  append(code, is_mips_syscall(w) ? 0 : w, true);
}
// LUI, ORI
void mips_set(std::vector<uint8_t>* code, unsigned n, uint32_t v) {
  append(code, 0x3c000000 | n << 16 | v >> 16, true);
  append(code, 0x34000000 | n << 21 | n << 16 | (v & 0xffff), true);
}

// ---- x86
void x86_insn(std::vector<uint8_t>* code, uint64_t a, uint64_t b, bool code32) {
  test::Rng rng(b);
  uint8_t bytes[x86::kMaxInsnBytes];
  const auto row = static_cast<unsigned>((a >> 8) % x86::rows().size());
  x86::test::random_encoding(x86::rows()[row], code32, rng, bytes);
  x86::Insn i;
  if (x86::decode(bytes, sizeof bytes, !code32, x86::FeatureSet::all(), &i) != x86::Verdict::kOk) {
    // Any bytes, now and then.
    if ((a & 63) == 0) code->insert(code->end(), bytes, bytes + 1 + rng.below(sizeof bytes));
    return;
  }
  // What is privileged or goes far away only ends the program, as a rule.
  const x86::Row& r = x86::rows()[i.row];
  const bool ends = x86::lifter(i.row) == &x86::lift_privileged || x86::lifter(i.row) == &x86::lift_ud ||
                    r.text.starts_with("int") || r.text == "callf" || r.text == "jmpf" || r.text == "retf" ||
                    r.text == "iret";
  if (ends && (a & 0xe0) != 0) return;
  const bool near = r.forms[0].kind == x86::Kind::kRel && r.forms[0].size != x86::Size::kB;
  if (near && i.operand_bytes != 2) {
    const auto d = static_cast<int32_t>(rng.below(1024)) - 512;
    for (unsigned n = 0; n < 4; ++n) bytes[i.length - 4 + n] = static_cast<uint8_t>(d >> 8 * n);
  }
  code->insert(code->end(), bytes, bytes + i.length);
}
void x86_64_insn(std::vector<uint8_t>* code, uint64_t a, uint64_t b) { x86_insn(code, a, b, false); }
void i386_insn(std::vector<uint8_t>* code, uint64_t a, uint64_t b) { x86_insn(code, a, b, true); }

// MOV
void x86_set(std::vector<uint8_t>* code, unsigned n, uint32_t v) {
  if (n >= 8) code->push_back(0x41);
  code->push_back(static_cast<uint8_t>(0xb8 | (n & 7)));
  append(code, v, false);
}

// SYSCALL, SYSENTER and INT 80, from wherever one may come to them.
void x86_clean(std::vector<uint8_t>* code) {
  for (size_t i = 0; i + 1 < code->size(); ++i) {
    const uint8_t one = (*code)[i];
    uint8_t& two = (*code)[i + 1];
    if ((one == 0x0f && (two == 0x05 || two == 0x34)) || (one == 0xcd && two == 0x80)) two = 0x90;
  }
}

}  // namespace

const GuestKind& arm64_kind() {
  static constexpr GuestKind kKind = {"aarch64", 183, true, false, a64_insn, a64_set, 31, nullptr};
  return kKind;
}
const GuestKind& mips_kind() {
  static constexpr GuestKind kKind = {"mips", 8, false, true, mips_insn, mips_set, 32, nullptr};
  return kKind;
}
const GuestKind& x86_64_kind() {
  static constexpr GuestKind kKind = {"x86_64", 62, true, false, x86_64_insn, x86_set, 16, x86_clean};
  return kKind;
}
const GuestKind& i386_kind() {
  static constexpr GuestKind kKind = {"i386", 3, false, false, i386_insn, x86_set, 8, x86_clean};
  return kKind;
}

}  // namespace xarch::fuzz
