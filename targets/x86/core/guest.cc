#include "targets/x86/core/guest.h"

#include <algorithm>
#include <iterator>

#include "targets/x86/core/decode.h"
#include "targets/x86/core/lift.h"
#include "targets/x86/core/row_table.h"

namespace xarch::x86 {

using tcg::BranchKind;

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

// What a row does to the flow of control, and to the flags before anything can see them.
enum class Effect : uint8_t { kStops, kPlain, kSets };
struct alignas(4) RowNature {
  BranchKind kind;
  Effect effect;
  bool known;
  bool operator==(const RowNature&) const = default;
};

RowNature nature_of(unsigned row) {
  static constexpr LiftFn kPlain[] = {lift_movzx, lift_movsx, lift_lea, lift_nothing,
                                      lift_bswap, lift_cbw,   lift_cwd};
  static constexpr LiftFn kSets[] = {lift_add, lift_or,  lift_and,  lift_sub,
                                     lift_xor, lift_cmp, lift_test, lift_neg};
  static constexpr LiftFn kLeaves[] = {lift_call,    lift_ret,      lift_syscall, lift_int,  lift_ud,
                                       lift_jmp_far, lift_call_far, lift_ret_far, lift_iret, lift_privileged};
  const LiftFn fn = lifter(row);
  const Row& r = rows()[row];
  const auto is_in = [&](const auto& list) {
    return std::find(std::begin(list), std::end(list), fn) != std::end(list);
  };
  RowNature n = {BranchKind::kNone, Effect::kStops, true};
  if (fn == nullptr || is_in(kLeaves)) n.kind = BranchKind::kLeaves;
  if (fn == lift_jcc || fn == lift_loop) n.kind = BranchKind::kSometimes;
  if (fn == lift_jmp) n.kind = r.forms[0].kind == Kind::kRel ? BranchKind::kAlways : BranchKind::kLeaves;
  if (is_in(kPlain)) n.effect = Effect::kPlain;
  if (fn == lift_mov && r.forms[0].kind != Kind::kS && r.forms[1].kind != Kind::kS) n.effect = Effect::kPlain;
  if (is_in(kSets)) n.effect = Effect::kSets;
  return n;
}

RowNature nature(unsigned row) {
  static RowTable<RowNature> table;
  return table.get(row, nature_of);
}

// Does the instruction leave the block open, and x87 alone or known?
bool goes_with_x87(unsigned row) { return nature(row).effect != Effect::kStops || lifter(row) == &lift_x87; }

bool touches_memory(const Insn& i) {
  if (rows()[i.row].tail == Tail::kMoffs) return true;
  return i.mod != 3 && lifter(i.row) != &lift_lea && rows()[i.row].has(kModRm);
}

// What the walk along the code asks.
class Translation final : public tcg::WalkedCode {
 public:
  Translation(ir::Builder& b, const Model& model, tcg::CodeReader& code, const tcg::LiftLimits& limits)
      : window_(code), ahead_(code), c_(b, model, limits) {
    if (limits.state == nullptr || (b.key().mode & kModeX87Traps) != 0) return;
    const uint32_t where = static_cast<const X86State*>(limits.state)->x87_where;
    c_.x87.usable = true;
    c_.x87.top = where & 7;
    c_.x87.full = static_cast<uint8_t>(where >> 8);
  }

  void run() {
    c_.run(*this);
    c_.b.finish();
  }

  bool lift_here() override {
    unsigned available;
    const Verdict v = decoded(window_, c_.here, &c_.i, &available);
    if (v == Verdict::kTruncated) return false;
    if (v != Verdict::kOk) {
      // What is none depends on as many bytes as one can have.
      c_.begin(std::min(available, kMaxInsnBytes));
      c_.raise(v == Verdict::kTooLong ? kRaiseProtection : kRaiseUndefined);
      return true;
    }
    c_.begin(c_.i.length);
    if (c_.x87.pending && (!goes_with_x87(c_.i.row) || touches_memory(c_.i))) {
      c_.x87_settle();
      c_.b.restart();  // of the instructions before
    }
    if (const LiftFn fn = lifter(c_.i.row)) {
      fn(c_);
    } else {
      c_.raise(kRaiseUndefined);
    }
    return true;
  }

  bool glance(int64_t from, int64_t end, tcg::Glance* out) override {
    Insn i;
    for (int64_t at = from; at < end; at += i.length) {
      if (decoded(window_, at, &i, nullptr) != Verdict::kOk) return false;
      out->kind = nature(i.row).kind;
      if (out->kind == tcg::BranchKind::kNone) continue;
      out->next = at + i.length;
      out->target = out->next + static_cast<int64_t>(i.imm);
      return true;
    }
    return false;
  }

  bool flags_die(int64_t offset, uint32_t* bytes) override {
    constexpr unsigned kDepth = 4;
    *bytes = 0;
    for (unsigned n = 0; n < kDepth; ++n) {
      Insn i;
      if (decoded(ahead_, offset + *bytes, &i, nullptr) != Verdict::kOk || touches_memory(i)) return false;
      *bytes += i.length;
      switch (nature(i.row).effect) {
        case Effect::kPlain: continue;
        case Effect::kSets: return true;
        default: return false;
      }
    }
    return false;
  }

  uint32_t known() override { return c_.x87.known ? kKnown | c_.x87.where() : 0; }

  void meet(uint32_t known, bool alone) override {
    if (known != 0 && (alone || !c_.x87.known)) {
      c_.x87.top = known & 7;  // known or guessed
      c_.x87.full = static_cast<uint8_t>(known >> 8);
      c_.x87.known = alone;
    }
    if (known != this->known()) c_.x87.known = false;
  }

  void settle() override { c_.x87_settle(); }
  void finish() override { c_.finish_cold(); }

 private:
  static constexpr uint32_t kKnown = 1u << 31;

  Verdict decoded(Window& window, int64_t offset, Insn* out, unsigned* available) {
    const uint8_t* code;
    const unsigned n = window.bytes(c_.b.key().pc + static_cast<uint64_t>(offset), &code);
    if (available != nullptr) *available = n;
    const uint32_t mode = c_.b.key().mode;
    return decode(code, n, (mode & kModeCode32) == 0, c_.model.features, out, (mode & kModeCode16) != 0);
  }

  Window window_;
  Window ahead_;  // at the targets of exits
  Lift c_;
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
  const Verdict v =
      decode(bytes, available, (mode & kModeCode32) == 0, model_.features, &insn, (mode & kModeCode16) != 0);
  return v == Verdict::kOk ? insn.length : 1;
}

}  // namespace xarch::x86
