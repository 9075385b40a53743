// A guest of a handful of fixed-width instructions, and a program in it that tests assemble by hand; so that
// tests of the runtime depend on no real target.
#pragma once

#include <cstdint>
#include <vector>

#include "tcg/ir/builder.h"
#include "tcg/runtime/cpu.h"
#include "tcg/runtime/guest.h"

namespace xarch::toy {

struct State {
  tcg::CpuHeader hdr;
  uint64_t r[16];
  uint64_t pc;
  uint64_t mode;
  alignas(16) uint8_t v[2][16];
};

// Words are little-endian: op in bits 24.., d in bits 20.., a in bits 16.., imm16 below. Branch offsets count
// words from the branch itself.
enum Op : uint32_t {
  kIllegal = 0,  // raise 1
  kMovi,         // d = imm, sign-extended
  kMovh,         // d = d << 16 | imm
  kAdd,          // d = a + r[imm]
  kAddi,         // d = a + imm
  kSub,          // d = a - r[imm]
  kLd8,
  kLd4,
  kLd2,
  kLd1,  // d = [a + imm]
  kSt8,
  kSt4,
  kSt2,
  kSt1,   // [a + imm] = d
  kLdBe,  // 8 bytes, big-endian
  kLdv,
  kStv,        // v[d & 1], 16 bytes
  kLdAligned,  // 8 bytes, must be aligned
  kLdTag,
  kStTag,      // 8 bytes, the top byte of the address is ignored
  kAtomicAdd,  // d = [a], [a] += r[imm]
  kCas,        // compares [a] with d, stores r[imm]; d = what was there
  kProbeW,     // faults if [a] cannot be written
  kBeqz,
  kBnez,  // if d is (not) zero
  kJmp,
  kCall,
  kJr,
  kRet,      // kCall links in r15, kJr and kRet go to a
  kSyscall,  // number imm; pc is the next instruction's
  kHalt,
  kHelper,   // ToyGuest::helpers[imm](r[d], r[a]) -> d
  kSetMode,  // the mode of what follows is imm
  kFadd,     // v[d & 1] += v[a & 1], as two numbers of 8 bytes
};

constexpr uint32_t word(Op op, unsigned d = 0, unsigned a = 0, int imm = 0) {
  return uint32_t{op} << 24 | d << 20 | a << 16 | (static_cast<uint32_t>(imm) & 0xffff);
}

class ToyGuest final : public tcg::Guest {
 public:
  std::string_view name() const override { return "toy"; }
  const ir::StateLayout& layout() const override;
  void lift(ir::Builder& b, tcg::CodeReader& code, const tcg::LiftLimits& limits) const override;
  uint32_t mode(const void* state) const override {
    return static_cast<uint32_t>(static_cast<const State*>(state)->mode);
  }
  void restore_state(void* state, uint64_t, uint32_t restore) const override {
    if (restore != 0) last_restore = restore;
    static_cast<void>(state);
  }
  unsigned pc_shift() const override { return 2; }
  bool coherent_code() const override { return coherent; }
  bool ignores_tags() const override { return tags; }
  unsigned insn_bytes(tcg::CodeReader&, uint64_t, uint32_t) const override { return 4; }

  std::vector<ir::HelperDesc> helpers;
  bool coherent = true;
  bool tags = true;
  mutable uint32_t last_restore = 0;

 private:
  // False if the instruction ended the region.
  bool lift_one(ir::Builder& b, uint32_t insn, int64_t offset) const;
  bool lift_memory(ir::Builder& b, uint32_t insn) const;
};

// Assembles words with labels: branch(op, d, label) may name one that is bound later.
class Asm {
 public:
  Asm& emit(Op op, unsigned d = 0, unsigned a = 0, int imm = 0) {
    words_.push_back(word(op, d, a, imm));
    return *this;
  }
  // Loads a constant of any size in four instructions.
  Asm& li(unsigned d, uint64_t v) {
    emit(kMovi, d, 0, static_cast<int16_t>(v >> 48));
    for (int s = 32; s >= 0; s -= 16) emit(kMovh, d, 0, static_cast<uint16_t>(v >> s));
    return *this;
  }
  int here() const { return static_cast<int>(words_.size()); }
  // To a position already known.
  Asm& branch(Op op, unsigned d, int target) { return emit(op, d, 0, target - here()); }
  // Makes the branch at `at` lead here.
  Asm& bind(int at) {
    words_[at] = (words_[at] & 0xffff0000) | static_cast<uint16_t>(here() - at);
    return *this;
  }
  const std::vector<uint32_t>& words() const { return words_; }

 private:
  std::vector<uint32_t> words_;
};

}  // namespace xarch::toy
