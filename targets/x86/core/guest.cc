#include "targets/x86/core/guest.h"

#include <algorithm>

#include "targets/x86/core/decode.h"
#include "targets/x86/core/lift.h"

namespace xarch::x86 {

namespace {

// Reads code through a window, so that the reader is asked once for several instructions.
class Window {
 public:
  explicit Window(tcg::CodeReader& code) : code_(code) {}

  // Up to kMaxInsnBytes bytes at pc: *out, and how many there are.
  unsigned bytes(uint64_t pc, const uint8_t** out) {
    if (valid_ == 0 || pc < base_ || pc + kMaxInsnBytes > base_ + valid_) fill(pc);
    *out = bytes_ + (pc - base_);
    const uint64_t left = base_ + valid_ - pc;
    return static_cast<unsigned>(std::min<uint64_t>(left, kMaxInsnBytes));
  }

 private:
  static constexpr unsigned kBytes = 64;

  // The longest piece that can be read whole, but at least what there is of an instruction.
  void fill(uint64_t pc) {
    base_ = pc;
    for (valid_ = kBytes; valid_ >= kMaxInsnBytes; valid_ /= 2) {
      if (code_.fetch(pc, bytes_, valid_)) return;
    }
    for (valid_ = 0; valid_ < kMaxInsnBytes; ++valid_) {
      if (!code_.fetch(pc + valid_, bytes_ + valid_, 1)) return;
    }
  }

  tcg::CodeReader& code_;
  uint64_t base_ = 0;
  unsigned valid_ = 0;
  uint8_t bytes_[kBytes];
};

// What lift() keeps from one instruction to the next.
class Translation {
 public:
  Translation(ir::Builder& b, const Model& model, tcg::CodeReader& code, const tcg::LiftLimits& limits)
      : b_(b), window_(code), c_{b, model, {}} {
    c_.exits_left = limits.max_exits;
    const unsigned key_limit = b.key().flags & ir::kKeyInsnLimitMask;
    max_insns_ = key_limit != 0 ? std::min(key_limit, limits.max_insns) : limits.max_insns;
  }

  void run() {
    while (one()) {
    }
    close_range();
    c_.finish_cold();
    b_.region().num_insns = insns_;
    b_.finish();
  }

 private:
  // Lifts the instruction at here_; false once the region is complete.
  bool one() {
    const uint8_t* code;
    const unsigned available = window_.bytes(b_.key().pc + static_cast<uint64_t>(here_), &code);
    const bool mode64 = (b_.key().mode & kModeCode32) == 0;
    const Verdict v = decode(code, available, mode64, c_.model.features, &c_.i);
    if (v == Verdict::kTruncated) return fetch_failed();
    b_.insn(here_);
    ++insns_;
    c_.here = here_;
    c_.after = After::kNext;
    if (v != Verdict::kOk) {
      // What is none depends on as many bytes as one can have.
      here_ += std::min(available, kMaxInsnBytes);
      c_.raise(v == Verdict::kTooLong ? kRaiseProtection : kRaiseUndefined);
      return false;
    }
    here_ += c_.i.length;
    if (const LiftFn fn = lifter(c_.i.row)) {
      fn(c_);
    } else {
      c_.raise(kRaiseUndefined);
    }
    if (c_.after == After::kClosed) return false;
    if (c_.after == After::kJump && !follow()) return false;
    if (insns_ < max_insns_ && !b_.nearly_full() && c_.num_cold + 2 < std::size(c_.cold)) return true;
    c_.go(here_, ir::JumpKind::kJump);
    return false;
  }

  // Goes on at the target of an unconditional forward branch.
  bool follow() {
    if (ranges_ + 1 >= kMaxRanges || insns_ >= max_insns_) {
      c_.go(c_.jump, ir::JumpKind::kJump);
      return false;
    }
    if (c_.jump != here_) {
      close_range();
      here_ = start_ = c_.jump;
    }
    return true;
  }

  bool fetch_failed() {
    if (insns_ == 0) {
      b_.insn(here_);
      b_.raise(here_, tcg::kRaiseFetch);
      insns_ = 1;
      ++here_;
    } else {
      c_.go(here_, ir::JumpKind::kJump);
    }
    return false;
  }

  void close_range() {
    if (here_ == start_) return;
    b_.region().ranges.push_back(
        {b_.key().pc + static_cast<uint64_t>(start_), static_cast<uint32_t>(here_ - start_)});
    ++ranges_;
  }

  static constexpr unsigned kMaxRanges = 8;

  ir::Builder& b_;
  Window window_;
  Lift c_;
  unsigned max_insns_ = 0;
  unsigned insns_ = 0;
  unsigned ranges_ = 0;
  int64_t start_ = 0;  // of the current range
  int64_t here_ = 0;
};

}  // namespace

void X86Guest::lift(ir::Builder& b, tcg::CodeReader& code, const tcg::LiftLimits& limits) const {
  Translation(b, model_, code, limits).run();
}

unsigned X86Guest::insn_bytes(tcg::CodeReader& code, uint64_t pc, uint32_t mode) const {
  Window window(code);
  const uint8_t* bytes;
  const unsigned available = window.bytes(pc, &bytes);
  Insn insn;
  const Verdict v = decode(bytes, available, (mode & kModeCode32) == 0, model_.features, &insn);
  return v == Verdict::kOk ? insn.length : 1;
}

}  // namespace xarch::x86
