#include "targets/arm/core/guest.h"

#include <cstring>

#include "targets/arm/core/decode.h"
#include "targets/arm/core/lift.h"

namespace xarch::arm {

namespace {

using LiftFn = void (*)(Lift&, uint32_t);

template <Insn I>
void lift_word(Lift& c, uint32_t word) {
  lift<I>(c, Enc<I>{word});
}

constexpr LiftFn kLifters[] = {
#define A64(name, pattern, feature, legal, effect) &lift_word<Insn::k##name>,
#include "targets/arm/core/a64.def"
#undef A64
};

// Reads instructions through a window, so that the reader is asked once for several.
class Window {
 public:
  explicit Window(tcg::CodeReader& code) : code_(code) {}

  bool word(uint64_t pc, uint32_t* out) {
    const uint64_t base = pc & ~uint64_t{kBytes - 1};
    if (base != base_ || !valid_) {
      base_ = base;
      valid_ = code_.fetch(base, bytes_, kBytes);
      if (!valid_) return code_.fetch(pc, out, 4);
    }
    std::memcpy(out, bytes_ + (pc - base), 4);
    return true;
  }

 private:
  static constexpr unsigned kBytes = 64;
  tcg::CodeReader& code_;
  uint64_t base_ = 0;
  bool valid_ = false;
  unsigned char bytes_[kBytes];
};

enum class BranchKind : uint8_t { kNone, kSometimes, kAlways, kLeaves };

// What a word does to the flow of control, for looking ahead over many: far cheaper than decode(). *distance
// is that of a direct branch, in bytes (Arm ARM C4.1, branches, exception generating and system
// instructions).
BranchKind branch_kind(uint32_t word, int64_t* distance) {
  const auto field = [&](unsigned lsb, unsigned bits) {
    *distance = int64_t{static_cast<int32_t>(word << (32 - lsb - bits)) >> (32 - bits)} * 4;
  };
  switch (word >> 25) {
    case 0x2a:  // B.cond
    case 0x1a:  // CBZ, CBNZ
    case 0x5a: field(5, 19); return BranchKind::kSometimes;
    case 0x1b:  // TBZ, TBNZ
    case 0x5b: field(5, 14); return BranchKind::kSometimes;
    case 0x0a:  // B
    case 0x0b: field(0, 26); return BranchKind::kAlways;
    case 0x4a:  // BL
    case 0x4b:
    case 0x6b: return BranchKind::kLeaves;                                           // BR, BLR, RET
    case 0x6a: return word >> 24 == 0xd4 ? BranchKind::kLeaves : BranchKind::kNone;  // SVC, BRK; system
    default: return BranchKind::kNone;
  }
}

// Looks at a few instructions at an exit's target.
class Peek final : public FlagPeek {
 public:
  Peek(ir::Builder& b, tcg::CodeReader& code, FeatureSet features)
      : b_(b), window_(code), features_(features) {}

  uint8_t dead_index(int64_t target) override {
    const uint64_t pc = b_.key().pc + static_cast<uint64_t>(target);
    for (unsigned i = 0; i < kDepth; ++i) {
      uint32_t word;
      if (!window_.word(pc + 4 * i, &word)) return 0;
      switch (row(decode(word, features_)).effect) {
        case Effect::kPlain: continue;
        case Effect::kSets: return found({pc, 4 * (i + 1)});
        default: return 0;
      }
    }
    return 0;
  }

  // Appends what the answers rested on.
  void add_ranges() { b_.region().ranges.insert(b_.region().ranges.end(), ranges_.begin(), ranges_.end()); }

 private:
  static constexpr unsigned kDepth = 4;

  uint8_t found(ir::GuestRange range) {
    ranges_.push_back(range);
    auto& dead = b_.region().dead_at_exit;
    if (dead.empty()) dead.push_back({kSlotNzcv});
    return 1;
  }

  ir::Builder& b_;
  Window window_;
  FeatureSet features_;
  std::vector<ir::GuestRange> ranges_;
};

// What lift() keeps from one instruction to the next.
class Translation {
 public:
  Translation(ir::Builder& b, const Model& model, tcg::CodeReader& code, const tcg::LiftLimits& limits)
      : b_(b), window_(code), peek_(b, code, model.features), c_{b, model} {
    c_.peek = &peek_;
    c_.exits_left = limits.max_exits;
    const unsigned key_limit = b.key().flags & ir::kKeyInsnLimitMask;
    max_insns_ = key_limit != 0 ? std::min(key_limit, limits.max_insns) : limits.max_insns;
  }

  void run() {
    do {
      while (one()) {
      }
    } while (resume());
    c_.leave_by_forwards();
    close_range();
    peek_.add_ranges();
    b_.region().num_insns = insns_;
    b_.finish();
  }

 private:
  // Lifts the instruction at here_; false once the region is complete.
  bool one() {
    const uint64_t pc = b_.key().pc + static_cast<uint64_t>(here_);
    c_.join(here_);
    uint32_t word;
    if (!window_.word(pc, &word)) return fetch_failed();
    b_.insn(here_);
    ++insns_;
    c_.here = here_;
    c_.word = word;
    c_.after = After::kNext;
    const Insn insn = decode(word, c_.model.features);
    if (insn == Insn::kNone) {
      c_.undefined();
    } else {
      kLifters[static_cast<unsigned>(insn)](c_, word);
    }
    here_ += 4;
    if (c_.after == After::kClosed) return false;
    if (c_.after == After::kJump && !follow()) return false;
    if (insns_ < max_insns_) return true;
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

  // The region is complete, but a branch left out may be a part of the loop that it begins: goes on at its
  // target if the code there comes back to the region's start, so that a round stays inside.
  bool resume() {
    if (c_.after != After::kClosed || insns_ >= max_insns_ || ranges_ + 2 >= kMaxRanges) return false;
    int64_t target = INT64_MAX;
    for (unsigned i = 0; i < c_.num_forwards; ++i) target = std::min(target, c_.forwards[i].target);
    if (target < here_ || target - here_ > kLoopReach || !comes_back(target)) return false;
    close_range();
    c_.join_forwards(target, false);
    here_ = start_ = target;
    return true;
  }

  // Does a direct branch to the region's start follow, before anything that leaves the straight way?
  bool comes_back(int64_t from) {
    for (int64_t at = from; at < from + kLoopReach; at += 4) {
      uint32_t word;
      if (!window_.word(b_.key().pc + static_cast<uint64_t>(at), &word)) return false;
      int64_t distance = 0;
      switch (branch_kind(word, &distance)) {
        case BranchKind::kNone: break;
        case BranchKind::kSometimes:
          if (at + distance == 0) return true;
          break;
        case BranchKind::kAlways: return at + distance == 0;
        case BranchKind::kLeaves: return false;
      }
    }
    return false;
  }

  bool fetch_failed() {
    if (insns_ == 0) {
      b_.insn(here_);
      b_.raise(here_, tcg::kRaiseFetch);
      insns_ = 1;
      here_ += 4;
    } else {
      c_.here = here_ - 4;
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
  static constexpr int64_t kLoopReach = 256;  // bytes

  ir::Builder& b_;
  Window window_;
  Peek peek_;
  Lift c_;
  unsigned max_insns_ = 0;
  unsigned insns_ = 0;
  unsigned ranges_ = 0;
  int64_t start_ = 0;  // of the current range
  int64_t here_ = 0;
};

// A region without code of its own: the pc is misaligned, or carries a tag, which is not part of the address.
bool lift_odd_pc(ir::Builder& b) {
  const uint64_t pc = b.key().pc;
  const uint64_t plain = static_cast<uint64_t>(static_cast<int64_t>(pc << 8) >> 8);
  if ((pc & 3) == 0 && (plain == pc || static_cast<int64_t>(plain) < 0)) return false;
  b.insn(0);
  if (pc & 3) {
    b.raise_val(0, kRaisePcAlignment, b.pcrel(0));
  } else {
    b.goto_pc(static_cast<int64_t>(plain - pc), ir::ExitAux{});
  }
  b.region().ranges.push_back({pc, 0});
  b.region().num_insns = 1;
  b.finish();
  return true;
}

}  // namespace

void Arm64Guest::lift(ir::Builder& b, tcg::CodeReader& code, const tcg::LiftLimits& limits) const {
  if (lift_odd_pc(b)) return;
  b.region().fp_checks = fp_checks(b.key().mode);
  Translation(b, model_, code, limits).run();
}

std::unique_ptr<Arm64Guest> make_arm64_guest(std::string_view model_name) {
  const Model* model = find_model(model_name);
  return model == nullptr ? nullptr : std::make_unique<Arm64Guest>(*model);
}

}  // namespace xarch::arm
