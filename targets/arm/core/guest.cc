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
  // bytes: how much it reads at once, a power of two up to kMost.
  Window(tcg::CodeReader& code, unsigned bytes) : code_(code), bytes_(bytes) {}
  static constexpr unsigned kMost = 128;

  bool holds(uint64_t pc) const { return pc - base_ < size_; }
  bool word(uint64_t pc, uint32_t* out) {
    if (!holds(pc) && !move(pc)) [[unlikely]]
      return code_.fetch(pc, out, 4);
    std::memcpy(out, held_ + (pc - base_), 4);
    return true;
  }

 private:
  [[gnu::noinline]] bool move(uint64_t pc) {
    base_ = pc & ~uint64_t{bytes_ - 1};
    size_ = code_.fetch(base_, held_, bytes_) ? bytes_ : 0;
    return size_ != 0;
  }

  tcg::CodeReader& code_;
  const unsigned bytes_;
  uint64_t base_ = 0;  // of what it holds, if anything
  unsigned size_ = 0;
  unsigned char held_[kMost];
};

using tcg::BranchKind;

// Branches, exception generating and system instructions (Arm ARM C4.1).
constexpr bool is_branch_class(uint32_t word) { return (word >> 26 & 7) == 5; }

// What a word does to the flow of control, for looking ahead over many: far cheaper than decode(). *distance
// is that of a direct branch, in bytes.
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

// What the walk along the code asks.
class Translation final : public tcg::WalkedCode {
 public:
  Translation(ir::Builder& b, const Model& model, tcg::CodeReader& code, const tcg::LiftLimits& limits)
      : start_(b.key().pc),
        window_(code, window_bytes(b.key())),
        ahead_(code, window_bytes(b.key())),
        c_(b, model, limits) {}

  void run() {
    c_.run(*this);
    c_.b.finish();
  }

  bool lift_here() override {
    do {
      uint32_t word;
      if (!window_.word(pc(c_.here), &word)) return false;
      c_.begin(4);
      c_.word = word;
      const Insn insn = decode(word, c_.model.features);
      if (insn == Insn::kNone) {
        c_.undefined();
      } else {
        kLifters[static_cast<unsigned>(insn)](c_, word);
      }
    } while (c_.straight_on());
    return true;
  }

  bool glance(int64_t from, int64_t end, tcg::Glance* out) override {
    for (int64_t at = from; at < end; at += 4) {
      uint32_t word;
      if (!window_.word(pc(at), &word)) return false;
      if (!is_branch_class(word)) continue;
      int64_t distance = 0;
      out->kind = branch_kind(word, &distance);
      if (out->kind == BranchKind::kNone) continue;
      out->next = at + 4;
      out->target = at + distance;
      return true;
    }
    return false;
  }

  bool flags_die(int64_t offset, uint32_t* bytes) override {
    constexpr unsigned kDepth = 4;
    Window& window = window_.holds(pc(offset)) ? window_ : ahead_;
    for (unsigned i = 0; i < kDepth; ++i) {
      uint32_t word;
      if (!window.word(pc(offset + 4 * i), &word)) return false;
      switch (row(decode(word, c_.model.features)).effect) {
        case Effect::kPlain: continue;
        case Effect::kSets: *bytes = 4 * (i + 1); return true;
        default: return false;
      }
    }
    return false;
  }

 private:
  uint64_t pc(int64_t offset) const { return start_ + static_cast<uint64_t>(offset); }
  // All that was read for a block that checks its code is compared at each entry, neighbours included.
  static unsigned window_bytes(const ir::BlockKey& key) {
    return (key.flags & ir::kKeyCheckCode) != 0 ? Window::kMost / 2 : Window::kMost;
  }

  uint64_t start_;
  Window window_;
  Window ahead_;  // at the targets of exits
  Lift c_;
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
