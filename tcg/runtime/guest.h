// What the engine asks of a guest processor: one object per process or machine, immutable once made.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tcg/fpu/env.h"
#include "tcg/ir/block_key.h"
#include "tcg/ir/builder.h"
#include "tcg/ir/state.h"

namespace xarch::tcg {

// Reads guest code for a lifter. What is read through it becomes part of what the translation depends on only
// if the lifter says so (Region::ranges, kept by LiftContext below).
class CodeReader {
 public:
  virtual ~CodeReader() = default;
  // Copies `bytes` bytes at pc; false if any of them cannot be fetched for execution.
  virtual bool fetch(uint64_t pc, void* out, unsigned bytes) = 0;

  // Little- or big-endian words.
  std::optional<uint32_t> fetch32le(uint64_t pc) {
    uint32_t v;
    if (!fetch(pc, &v, 4)) return std::nullopt;
    return v;
  }
  std::optional<uint32_t> fetch32be(uint64_t pc) {
    uint32_t v;
    if (!fetch(pc, &v, 4)) return std::nullopt;
    return __builtin_bswap32(v);
  }
};

// Bounds of one translation.
struct LiftLimits {
  unsigned max_insns = 64;  // guest instructions
  unsigned max_exits = 8;   // conditional side exits followed by falling through
  // State of the vCPU that has come here, or null: for guesses that the translation checks.
  const void* state = nullptr;
  // The translation is executed once, at once: nothing is to be looked for that would make it better.
  bool once = false;
};

class Guest {
 public:
  virtual ~Guest() = default;

  virtual std::string_view name() const = 0;
  virtual const ir::StateLayout& layout() const = 0;

  // Translates from b.key().pc on into b, ends with finish(). Always yields at least one instruction: one
  // that cannot be fetched becomes `raise` kRaiseFetch (below) as the region's first, or ends the region
  // before it otherwise. Fills Region::ranges and num_insns.
  virtual void lift(ir::Builder& b, CodeReader& code, const LiftLimits& limits) const = 0;

  // Mode bits of the key for going on from this state.
  virtual uint32_t mode(const void* state) const = 0;

  // After a fault in the instruction that Builder::insn(offset, restore) began: pc is already that
  // instruction's address; puts right what else depends on the place (delay slots, IT state).
  virtual void restore_state(void* state, uint64_t pc, uint32_t restore) const = 0;

  // log2 of the distance between instructions that may be jump targets (index shift of the jump table); at
  // most kMaxPcShift.
  virtual unsigned pc_shift() const = 0;

  // Does the guest see its own stores in code that it executes next, without explicit cache maintenance
  // (x86)?
  virtual bool coherent_code() const { return false; }
  // Does it ignore the top byte of data addresses (A64)? A flat access that faults for its tag is then tried
  // again from a translation with kKeyMaskTags.
  virtual bool ignores_tags() const { return false; }

  // What floating-point ops make of NaNs, tininess and conversions.
  virtual const fpu::Rules& fp_rules() const { return fpu::kArmRules; }

  // One line of assembly for --trace; the default is the bytes in hex.
  virtual unsigned insn_bytes(CodeReader& code, uint64_t pc, uint32_t mode) const = 0;
};

// Codes of `raise` below this are the target's own.
inline constexpr uint32_t kRaiseFetch =
    0xfffffff0;  // engine turns it into Exit::kFetch with pc as fault address

}  // namespace xarch::tcg
