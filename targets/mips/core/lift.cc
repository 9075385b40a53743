// The walk along the code: fetch, decode, dispatch, the ends of a region.
#include <utility>

#include "targets/mips/core/lifter.h"

namespace xarch::mips {

namespace {

// The letters of the lifter's parameters are those of the pattern's fields: checked here, at build time.
template <Pattern kPattern, char... kLetters>
void dispatch(Lifter& lifter, uint32_t word, void (Lifter::*fn)(Field<kLetters>...)) {
  constexpr Parsed p = parse(kPattern);
  static_assert(p.num_fields == sizeof...(kLetters), "the lifter takes another number of fields");
  [&]<size_t... kI>(std::index_sequence<kI...>) {
    static_assert(((p.fields[kI].letter == kLetters) && ...),
                  "the lifter takes other fields, or in another order");
    (lifter.*fn)(extract<kLetters>(word, p.fields[kI])...);
  }(std::make_index_sequence<sizeof...(kLetters)>());
}

using LiftFn = void (*)(Lifter&, uint32_t);
constexpr LiftFn kLift[] = {
#define INSN(text, pattern, feature, flags, lifter) \
  [](Lifter& l, uint32_t word) { dispatch<Pattern(pattern)>(l, word, &Lifter::lifter); },
#include "targets/mips/core/mips32.def"
#undef INSN
};

}  // namespace

Lifter::Lifter(ir::Builder& b, tcg::CodeReader& code, const tcg::LiftLimits& limits,
               const MipsOptions& options)
    : b_(b),
      code_(code),
      limits_(limits),
      exact_limit_(b.key().flags & ir::kKeyInsnLimitMask),
      options_(options),
      start_(b.key().pc),
      pc_(static_cast<uint32_t>(b.key().pc)) {}

Lifter::Value Lifter::gpr(uint32_t n) {
  return n == 0 ? b_.i32(0) : b_.get(static_cast<ir::SlotId>(kGpr0 + n));
}

void Lifter::set_gpr(uint32_t n, Value v) {
  if (n != 0) b_.put(static_cast<ir::SlotId>(kGpr0 + n), v);
}

bool Lifter::fetch(uint32_t pc, uint32_t* word) {
  std::optional<uint32_t> w = little() ? code_.fetch32le(pc) : code_.fetch32be(pc);
  if (w) *word = *w;
  return w.has_value();
}

void Lifter::note_range(uint32_t pc) {
  ir::PodVector<ir::GuestRange>& ranges = b_.region().ranges;
  if (new_range_ || ranges.back().start + ranges.back().bytes != pc) {
    ranges.push_back({pc, 0});
    new_range_ = false;
  }
  ranges.back().bytes += 4;
}

void Lifter::begin_insn(uint32_t pc, bool in_slot) {
  pc_ = pc;
  in_slot_ = in_slot;
  note_range(pc);
  b_.insn(offset(pc), in_slot ? kRestoreSlot : 0);
  ++insns_;
}

void Lifter::lift_word(uint32_t word) {
  unsigned row = decode(word, options_.features);
  if (row == kNoRow || (in_slot_ && (rows()[row].flags & kBranch) != 0)) {
    raise(Raise::kReserved);  // a branch in a delay slot is unpredictable: it raises here
    return;
  }
  kLift[row](*this, word);
}

// May the region have one more instruction?
bool Lifter::may_go_on() const {
  return insns_ < limits_.max_insns && (exact_limit_ == 0 || insns_ < exact_limit_);
}

void Lifter::end_at(uint32_t pc) {
  b_.goto_pc(offset(pc), exit_to(pc, ir::JumpKind::kJump));
  ended_ = true;
}

void Lifter::run() {
  uint32_t word;
  if ((start_ & 3) != 0 || !fetch(pc_, &word)) {
    begin_insn(pc_, in_slot_mode());
    if ((start_ & 3) != 0) {
      b_.raise(0, RaiseCode{Raise::kFetchAddress}.pack());
    } else {
      b_.raise(0, tcg::kRaiseFetch);
    }
    ended_ = true;
  } else if (in_slot_mode()) {
    lift_slot_region();
  }
  while (!ended_) {
    if (!may_go_on() || !fetch(pc_, &word)) {
      end_at(pc_);
      break;
    }
    begin_insn(pc_, false);
    lift_word(word);
    if (ended_) break;
    if (branch_.present) {
      finish_branch();
    } else {
      pc_ += 4;
    }
  }
  emit_cold();
  b_.region().num_insns = insns_;
  b_.finish();
}

// The key says that pc is a delay slot: its instruction, and then on to where the branch went.
void Lifter::lift_slot_region() {
  uint32_t word;
  fetch(pc_, &word);
  begin_insn(pc_, true);
  lift_word(word);
  if (ended_) return;
  b_.put(kInSlot, b_.i32(0));
  ir::ExitAux e;
  e.poll = true;
  b_.goto_ind(b_.zext(b_.get(kBranchTarget), ir::Type::kI64), normal_mode(e));
  ended_ = true;
}

void Lifter::emit_cold() {
  for (const Cold& c : cold_) {
    b_.start_block(c.block);
    if (c.raise) {
      emit_raise(c.pc, c.code);
    } else {
      b_.goto_pc(offset(c.pc), c.exit);
    }
  }
}

void Lifter::raise(Raise kind, uint32_t operand) {
  emit_raise(in_slot_ ? pc_ - 4 : pc_, RaiseCode{kind, in_slot_, operand}.pack());
  ended_ = true;
}

void Lifter::raise_if(Value condition, Raise kind, uint32_t operand) {
  Cold cold = {b_.new_block(), true, in_slot_ ? pc_ - 4 : pc_, RaiseCode{kind, in_slot_, operand}.pack(), {}};
  cold_.push_back(cold);
  ir::BlockId next = b_.new_block();
  b_.cond_br(condition, cold.block, next);
  b_.start_block(next);
}

// pc: what the exception's EPC is, the branch for an instruction in its slot.
void Lifter::emit_raise(uint32_t pc, uint32_t code) {
  if (in_slot_mode()) b_.put(kInSlot, b_.i32(0));
  b_.raise(offset(pc), code);
}

}  // namespace xarch::mips
