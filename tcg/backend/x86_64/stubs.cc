// The fixed pieces of emitted code: entry, exits, link, lookup miss, helper calls.
#include <array>
#include <cstddef>
#include <cstring>

#include "tcg/backend/x86_64/backend.h"
#include "tcg/backend/x86_64/fp_trap.h"

namespace xarch::x86_64 {

using namespace ir;
using tcg::CpuHeader;

namespace {

constexpr Reg kSaved[] = {Reg::rbp, Reg::rbx, Reg::r12, Reg::r13, Reg::r14, Reg::r15};

Mem at(unsigned offset) {
  return Mem::at(kStateReg, static_cast<int32_t>(offset) - static_cast<int32_t>(tcg::kStateBias));
}

class StubEmitter {
 public:
  StubEmitter(const LayoutInfo& info, const tcg::BackendConfig& config, uint8_t* code, uint8_t* end)
      : info_(info), config_(config), as_(code, end) {}

  tcg::Stubs emit(uint8_t** code);

 private:
  void pins(bool load) {
    for (unsigned rank = 0; rank < kNumPins; ++rank) {
      SlotId s = info_.pinned[rank];
      if (s == kNoSlot) continue;
      const Slot& slot = info_.layout->slots[s];
      unsigned bits = type_bits(slot.type);
      if (load) {
        as_.mov(bits, kPins[rank], at(slot.offset));
      } else {
        as_.mov(bits, at(slot.offset), kPins[rank]);
      }
    }
  }
  void reason(tcg::Exit e) { as_.mov_imm(32, at(offsetof(CpuHeader, exit_reason)), static_cast<int32_t>(e)); }
  const uint8_t* here() { return as_.cursor(); }
  void emit_enter();
  void emit_leave();
  void leave_f80();
  void emit_link();
  void key_of_cell();
  void emit_miss();
  void emit_event();
  void emit_helper();

  const LayoutInfo& info_;
  const tcg::BackendConfig& config_;
  Assembler as_;
  Label exit_, leave_;
};

// enter(state, entry): System V order, rdi and rsi.
void StubEmitter::emit_enter() {
  for (Reg r : kSaved) as_.push(r);
  as_.alu(Alu::kSub, 64, Reg::rsp, static_cast<int32_t>(kFrameBytes + 8));
  as_.lea(64, kStateReg, Mem::at(Reg::rdi, static_cast<int32_t>(tcg::kStateBias)));
  as_.mov(64, at(offsetof(CpuHeader, host_sp)), Reg::rsp);
  as_.mov(64, Mem::at(Reg::rsp, static_cast<int32_t>(kFrameBytes)), kStateReg);
  as_.ldmxcsr(at(offsetof(CpuHeader, guest_mxcsr)));
  if (info_.layout->f80_control != kNoSlot)
    as_.x87(0xd9, 5, at(info_.layout->slots[info_.layout->f80_control].offset));
  as_.mov_imm(8, at(offsetof(CpuHeader, fp_away)), 0);
  as_.mov(64, Reg::rax, Reg::rsi);
  pins(true);
  as_.jmp(Reg::rax);
}

// The x87 unit's sticky flags to the guest's, and the unit as C++ wants it. Faults leave something on its
// stack.
void StubEmitter::leave_f80() {
  const Label none = as_.new_label();
  as_.x87(0xdf, 0xe0);  // fnstsw ax
  as_.alu(Alu::kAnd, 32, Reg::rax, 0x3f);
  as_.jcc_short(Cc::e, none);
  as_.alu(Alu::kOr, 16, at(info_.layout->slots[info_.layout->f80_flags].offset), Reg::rax);
  as_.fnclex();
  as_.bind(none);
  as_.emms();
  as_.push_imm(0x37f);
  as_.x87(0xd9, 5, Mem::at(Reg::rsp));  // fldcw
  as_.pop(Reg::rax);
}

// Here MXCSR is the guest's, on every way; but of the registers only rsp is right where a helper has faulted.
void StubEmitter::emit_leave() {
  as_.mov(64, kStateReg, Mem::at(Reg::rsp, static_cast<int32_t>(kFrameBytes)));
  as_.stmxcsr(at(offsetof(CpuHeader, guest_mxcsr)));
  if (info_.layout->f80_flags != kNoSlot) leave_f80();
  as_.mov_imm(8, at(offsetof(CpuHeader, fp_away)), 1);
  as_.push_imm(static_cast<int32_t>(tcg::kHostMxcsr));
  as_.ldmxcsr(Mem::at(Reg::rsp));
  as_.pop(Reg::rax);
  as_.alu(Alu::kAdd, 64, Reg::rsp, static_cast<int32_t>(kFrameBytes + 8));
  for (unsigned i = sizeof kSaved / sizeof kSaved[0]; i-- > 0;) as_.pop(kSaved[i]);
  as_.ret();
}

// The pc and the mode of the cell in rax are where the guest goes on. Changes rax and rbx.
void StubEmitter::key_of_cell() {
  as_.mov(64, Reg::rbx, Mem::at(Reg::rax, static_cast<int32_t>(offsetof(tcg::Cell, pc))));
  as_.mov(64, at(info_.layout->slots[info_.layout->pc].offset), Reg::rbx);
  as_.mov_imm(64, Reg::rbx, reinterpret_cast<uintptr_t>(config_.cell_base));
  as_.alu(Alu::kSub, 64, Reg::rax, Reg::rbx);
  as_.shift(Shift::kShr, 64, Reg::rax, 4);
  as_.mov_imm(64, Reg::rbx, reinterpret_cast<uintptr_t>(config_.cell_modes));
  as_.mov(32, Reg::rax, Mem::at(Reg::rbx, Reg::rax, 2));
  as_.mov(32, at(offsetof(CpuHeader, exit_mode)), Reg::rax);
}

// Called by a thunk: the return address says which cell.
void StubEmitter::emit_link() {
  as_.pop(Reg::rax);
  as_.mov_imm(64, Reg::rbx, reinterpret_cast<uintptr_t>(config_.thunk_base));
  as_.alu(Alu::kSub, 64, Reg::rax, Reg::rbx);
  as_.shift(Shift::kShr, 64, Reg::rax, 2);
  static_assert(tcg::kThunkBytes == 4 && sizeof(tcg::Cell) == 16);
  as_.shift(Shift::kShl, 64, Reg::rax, 4);
  as_.mov_imm(64, Reg::rbx, reinterpret_cast<uintptr_t>(config_.cell_base));
  as_.alu(Alu::kAdd, 64, Reg::rax, Reg::rbx);
  as_.mov(64, at(offsetof(CpuHeader, exit_value)), Reg::rax);
  key_of_cell();
  reason(tcg::Exit::kLink);
  as_.jmp(exit_);
}

// An indirect jump to rax, which is not in the jump table; exit_mode is set. A cell that there is goes into
// the table: large programs have more targets than that, and leaving emitted code costs ten times as much as
// the search.
void StubEmitter::emit_miss() {
  const Mem pc = at(info_.layout->slots[info_.layout->pc].offset);
  const Mem may_fill = at(offsetof(CpuHeader, exit_value)), mode = at(offsetof(CpuHeader, exit_mode));
  constexpr unsigned kIndexBits = tcg::CellTable::kIndexBits;
  const Label leave = as_.new_label(), next = as_.new_label();
  as_.mov(64, pc, Reg::rax);
  if (config_.cell_table.entries != nullptr) {
    as_.alu(Alu::kCmp, 32, may_fill, 0);
    as_.jcc(Cc::e, leave);
    if (config_.pc_shift != 0) as_.shift(Shift::kShr, 64, Reg::rax, config_.pc_shift);
    as_.mov(32, Reg::rbx, mode);
    as_.shift(Shift::kShl, 64, Reg::rbx, 32);
    as_.alu(Alu::kAdd, 64, Reg::rbx, Reg::rax);
    as_.mov_imm(64, Reg::r10, tcg::CellTable::kHashFactor);
    as_.imul(64, Reg::rbx, Reg::r10);
    as_.shift(Shift::kShr, 64, Reg::rbx, 32);  // place in the table
    as_.imul(32, Reg::r12, Reg::rax, static_cast<int32_t>(tcg::CellTable::kTagFactor));
    as_.shift(Shift::kShr, 32, Reg::r12, kIndexBits);
    as_.bind(next);
    as_.mov_imm(64, Reg::r10, reinterpret_cast<uintptr_t>(config_.cell_table.size));
    as_.mov(32, Reg::r10, Mem::at(Reg::r10));
    as_.alu(Alu::kSub, 32, Reg::r10, 1);
    as_.alu(Alu::kAnd, 32, Reg::rbx, Reg::r10);
    as_.mov_imm(64, Reg::r10, reinterpret_cast<uintptr_t>(config_.cell_table.entries));
    as_.mov(32, Reg::r10, Mem::at(Reg::r10, Reg::rbx, 2));
    as_.alu(Alu::kAdd, 32, Reg::rbx, 1);
    as_.test(32, Reg::r10, Reg::r10);
    as_.jcc(Cc::e, leave);
    as_.mov(32, Reg::rax, Reg::r10);
    as_.shift(Shift::kShr, 32, Reg::rax, kIndexBits);
    as_.alu(Alu::kCmp, 32, Reg::rax, Reg::r12);
    as_.jcc(Cc::ne, next);
    as_.alu(Alu::kAnd, 32, Reg::r10, (1 << kIndexBits) - 1);
    as_.mov_imm(64, Reg::rax, reinterpret_cast<uintptr_t>(config_.cell_modes));
    as_.mov(32, Reg::rax, Mem::at(Reg::rax, Reg::r10, 2));
    as_.alu(Alu::kCmp, 32, Reg::rax, mode);
    as_.jcc(Cc::ne, next);
    static_assert(sizeof(tcg::Cell) == 16);
    as_.shift(Shift::kShl, 64, Reg::r10, 4);
    as_.mov_imm(64, Reg::rax, reinterpret_cast<uintptr_t>(config_.cell_base));
    as_.alu(Alu::kAdd, 64, Reg::r10, Reg::rax);
    as_.mov(64, Reg::rax, Mem::at(Reg::r10, static_cast<int32_t>(offsetof(tcg::Cell, pc))));
    as_.alu(Alu::kCmp, 64, Reg::rax, pc);
    as_.jcc(Cc::ne, next);
    as_.alu(Alu::kSub, 32, may_fill, 1);
    as_.alu(Alu::kAnd, 32, Reg::rax, at(offsetof(CpuHeader, jump_mask)));
    as_.mov(64, Reg::rbx, at(offsetof(CpuHeader, jump_table)));
    as_.mov(64, Mem::at(Reg::rbx, Reg::rax, 3 - config_.pc_shift), Reg::r10);
    as_.jmp(Mem::at(Reg::r10));
    as_.bind(leave);
  }
  reason(tcg::Exit::kLookup);
  as_.jmp(exit_);
}

// A poll on the way to the cell in rax.
void StubEmitter::emit_event() {
  key_of_cell();
  reason(tcg::Exit::kEvent);
  as_.jmp(exit_);
}

// Function in r10, operands in the frame. Entered by a call: the stack is 8 off its alignment.
void StubEmitter::emit_helper() {
  pins(false);
  as_.mov_imm(32, at(offsetof(CpuHeader, in_helper)), 1);
  as_.lea(64, Reg::rdi, Mem::at(kStateReg, -static_cast<int32_t>(tcg::kStateBias)));
  constexpr Reg kArgs[] = {Reg::rsi, Reg::rdx, Reg::rcx, Reg::r8};
  for (unsigned i = 0; i < 4; ++i) {
    as_.mov(64, kArgs[i], Mem::at(Reg::rsp, static_cast<int32_t>(kHelperArgs + 8 + 8 * i)));
  }
  as_.alu(Alu::kSub, 64, Reg::rsp, 8);
  as_.call(Reg::r10);
  as_.alu(Alu::kAdd, 64, Reg::rsp, 8);
  as_.mov_imm(32, at(offsetof(CpuHeader, in_helper)), 0);
  pins(true);
  as_.ret();
}

tcg::Stubs StubEmitter::emit(uint8_t** code) {
  tcg::Stubs s;
  exit_ = as_.new_label();
  leave_ = as_.new_label();
  s.enter = reinterpret_cast<void (*)(CpuHeader*, const void*)>(as_.cursor());
  emit_enter();
  s.exit = here();
  as_.bind(exit_);
  pins(false);
  s.leave = here();
  as_.bind(leave_);
  emit_leave();
  s.link = here();
  emit_link();
  s.miss = here();
  emit_miss();
  s.event = here();
  emit_event();
  s.helper = here();
  emit_helper();
  as_.align(16);
  *code = as_.cursor();
  return s;
}

}  // namespace

tcg::Stubs Backend::emit_stubs(const tcg::BackendConfig& config, uint8_t** code, uint8_t* end) {
  config_ = config;
  // Kept from one generation to the next: recover() may be reading it in a signal handler.
  if (info_ == nullptr) info_ = std::make_unique<LayoutInfo>(*config.layout);
  codegen_ = std::make_unique<CodeGen>(*info_, config_, features_);
  return StubEmitter(*info_, config_, *code, end).emit(code);
}

void Backend::emit_thunk(uint8_t* p) {
  // All are the same, and as many are made as there are exits.
  static const std::array<uint8_t, tcg::kThunkBytes> kThunk = [] {
    uint8_t buffer[16];
    Assembler as(buffer, buffer + sizeof buffer);
    as.call(at(offsetof(CpuHeader, link_stub)));
    while (as.size() < tcg::kThunkBytes) as.int3();
    std::array<uint8_t, tcg::kThunkBytes> bytes;
    std::memcpy(bytes.data(), buffer, sizeof bytes);
    return bytes;
  }();
  std::memcpy(p, kThunk.data(), sizeof kThunk);
}

tcg::CompileResult Backend::compile(const Region& region, tcg::CodeSpace& space) {
  return codegen_->compile(region, space);
}

bool Backend::recover(const uint8_t* recovery, uint32_t recovery_bytes, const uint8_t* code, uint32_t offset,
                      uint64_t pc, const ucontext_t& context, CpuHeader* state, tcg::FaultSite* site) const {
  RecoverySite found;
  SlotPlace places[kMaxPlaces];
  unsigned n = 0;
  const std::span<const uint8_t> records = without_fp_sites({recovery, recovery_bytes});
  if (!find_recovery(records, offset, &found, places, kMaxPlaces, &n)) return false;
  restore_slots(places, n, pc, context, state);
  site->pc_offset = found.pc_offset;
  site->restore = found.restore;
  if (found.trap) {
    site->misaligned = !found.probe;
    site->size = 1u << found.trap_size;
    site->write = found.trap_write;
    site->host_addr = host_register(context, gpr(found.trap_reg));
    return true;
  }
  DecodedOperand operand;
  if (!decode_operand(code + offset, 15, &operand)) return false;
  site->host_addr = effective_address(operand.mem, context, 0);
  site->size = operand.size;
  site->write = found.writes || operand.access == Access::kWrite || operand.access == Access::kReadWrite;
  return true;
}

uint32_t Backend::restore_of_call(const uint8_t* recovery, uint32_t recovery_bytes, uint32_t offset) const {
  RecoverySite found;
  unsigned n = 0;
  find_recovery(without_fp_sites({recovery, recovery_bytes}), offset - 1, &found, nullptr, 0, &n);
  return found.restore;
}

void Backend::restore_slots(const SlotPlace* places, unsigned n, uint64_t pc, const ucontext_t& context,
                            CpuHeader* state) const {
  auto* base = reinterpret_cast<uint8_t*>(state);
  for (unsigned rank = 0; rank < kNumPins; ++rank) {
    SlotId s = info_->pinned[rank];
    if (s == kNoSlot) continue;
    bool in_state = false;
    for (unsigned i = 0; i < n; ++i) in_state |= places[i].slot == s && places[i].place == SlotPlace::kState;
    if (in_state) continue;
    uint64_t value = host_register(context, kPins[rank]);
    memcpy(base + info_->layout->slots[s].offset, &value, type_bytes(info_->layout->slots[s].type));
  }
  for (unsigned i = 0; i < n; ++i) {
    const Slot& slot = info_->layout->slots[places[i].slot];
    uint8_t* to = base + slot.offset;
    uint8_t place = places[i].place;
    if (place == SlotPlace::kState) continue;
    if (place == SlotPlace::kEflagsFcmp || place == SlotPlace::kEflagsFcmpSwapped) {
      const uint16_t packed = fcmp_flags(static_cast<uint64_t>(context.uc_mcontext.gregs[REG_EFL]),
                                         place == SlotPlace::kEflagsFcmpSwapped);
      memcpy(to, &packed, 2);
    } else if (place == SlotPlace::kEflags || place == SlotPlace::kEflagsInverted) {
      auto eflags = static_cast<uint64_t>(context.uc_mcontext.gregs[REG_EFL]);
      auto packed = static_cast<uint16_t>((eflags & 0xff) << 8 | (eflags >> 11 & 1));
      if (place == SlotPlace::kEflagsInverted) packed ^= kFlagC;
      memcpy(to, &packed, 2);
    } else if (place == SlotPlace::kX87Status) {
      memcpy(to, &context.uc_mcontext.fpregs->swd, type_bytes(slot.type));
    } else if (place == SlotPlace::kZero || place == SlotPlace::kPosition) {
      const uint64_t value = place == SlotPlace::kZero ? 0 : pc + static_cast<uint64_t>(places[i].offset);
      memcpy(to, &value, type_bytes(slot.type));
    } else if (place >= SlotPlace::kF80) {
      memcpy(to, &context.uc_mcontext.fpregs->_st[place - SlotPlace::kF80], type_bytes(slot.type));
    } else if (is_xmm(place)) {
      memcpy(to, &context.uc_mcontext.fpregs->_xmm[place - kFirstXmm], type_bytes(slot.type));
    } else {
      uint64_t value = host_register(context, gpr(place));
      memcpy(to, &value, type_bytes(slot.type));
    }
  }
}

Result<std::unique_ptr<tcg::Backend>> make_backend() {
  Result<HostFeatures> features = HostFeatures::detect();
  if (!features) return features.error();
  return std::unique_ptr<tcg::Backend>(std::make_unique<Backend>(*features));
}

}  // namespace xarch::x86_64
