// Lifter: one translation of MIPS32 code into IR. The rows of mips32.def name its members; the files
// lift_*.cc hold them by group, lift.cc the walk along the code, with branches and their delay slots.
#pragma once

#include <cstdint>
#include <vector>

#include "targets/mips/core/guest.h"
#include "targets/mips/core/raise.h"
#include "targets/mips/core/state.h"
#include "tcg/ir/builder.h"
#include "tcg/runtime/guest.h"

namespace xarch::mips {

// Builder::insn's restore word.
inline constexpr uint32_t kRestoreSlot = 1;  // the instruction stands in the delay slot of the one before it

class Lifter {
 public:
  using Value = ir::Value;
  using Rs = Field<'s'>;
  using Rt = Field<'t'>;
  using Rd = Field<'d'>;
  using Sa = Field<'a'>;
  using Simm = Field<'i'>;
  using Uimm = Field<'u'>;
  using Code = Field<'c'>;
  using Index = Field<'j'>;
  using Lsb = Field<'l'>;
  using Msb = Field<'m'>;
  using Hint = Field<'h'>;
  using Sel = Field<'e'>;

  Lifter(ir::Builder& b, tcg::CodeReader& code, const tcg::LiftLimits& limits, const MipsOptions& options);

  // Lifts from the key's pc on, up to Builder::finish.
  void run();

  // ---- lift_alu.cc
  void sll(Rt, Rd, Sa);
  void srl(Rt, Rd, Sa);
  void sra(Rt, Rd, Sa);
  void rotr(Rt, Rd, Sa);
  void sllv(Rs, Rt, Rd);
  void srlv(Rs, Rt, Rd);
  void srav(Rs, Rt, Rd);
  void rotrv(Rs, Rt, Rd);
  void movz(Rs, Rt, Rd);
  void movn(Rs, Rt, Rd);
  void add(Rs, Rt, Rd);
  void addu(Rs, Rt, Rd);
  void sub(Rs, Rt, Rd);
  void subu(Rs, Rt, Rd);
  void and_(Rs, Rt, Rd);
  void or_(Rs, Rt, Rd);
  void xor_(Rs, Rt, Rd);
  void nor(Rs, Rt, Rd);
  void slt(Rs, Rt, Rd);
  void sltu(Rs, Rt, Rd);
  void addi(Rs, Rt, Simm);
  void addiu(Rs, Rt, Simm);
  void slti(Rs, Rt, Simm);
  void sltiu(Rs, Rt, Simm);
  void andi(Rs, Rt, Uimm);
  void ori(Rs, Rt, Uimm);
  void xori(Rs, Rt, Uimm);
  void lui(Rt, Uimm);
  void clz(Rs, Rt, Rd);
  void clo(Rs, Rt, Rd);
  void ext(Rs, Rt, Msb, Lsb);
  void ins(Rs, Rt, Msb, Lsb);
  void wsbh(Rt, Rd);
  void seb(Rt, Rd);
  void seh(Rt, Rd);

  // ---- lift_muldiv.cc
  void mfhi(Rd);
  void mflo(Rd);
  void mthi(Rs);
  void mtlo(Rs);
  void mult(Rs, Rt);
  void multu(Rs, Rt);
  void madd(Rs, Rt);
  void maddu(Rs, Rt);
  void msub(Rs, Rt);
  void msubu(Rs, Rt);
  void mul(Rs, Rt, Rd);
  void div(Rs, Rt);
  void divu(Rs, Rt);

  // ---- lift_memory.cc
  void lb(Rs, Rt, Simm);
  void lbu(Rs, Rt, Simm);
  void lh(Rs, Rt, Simm);
  void lhu(Rs, Rt, Simm);
  void lw(Rs, Rt, Simm);
  void lwl(Rs, Rt, Simm);
  void lwr(Rs, Rt, Simm);
  void sb(Rs, Rt, Simm);
  void sh(Rs, Rt, Simm);
  void sw(Rs, Rt, Simm);
  void swl(Rs, Rt, Simm);
  void swr(Rs, Rt, Simm);
  void ll(Rs, Rt, Simm);
  void sc(Rs, Rt, Simm);
  void pref(Rs, Hint, Simm);
  void sync(Hint);

  // ---- lift_branch.cc
  void j(Index);
  void jal(Index);
  void jr(Rs);
  void jalr(Rs, Rd);
  void beq(Rs, Rt, Simm);
  void bne(Rs, Rt, Simm);
  void beql(Rs, Rt, Simm);
  void bnel(Rs, Rt, Simm);
  void blez(Rs, Simm);
  void bgtz(Rs, Simm);
  void bltz(Rs, Simm);
  void bgez(Rs, Simm);
  void blezl(Rs, Simm);
  void bgtzl(Rs, Simm);
  void bltzl(Rs, Simm);
  void bgezl(Rs, Simm);
  void bltzal(Rs, Simm);
  void bgezal(Rs, Simm);
  void bltzall(Rs, Simm);
  void bgezall(Rs, Simm);

  // ---- lift_system.cc
  void syscall(Code);
  void break_(Code);
  void sdbbp(Code);
  void tge(Rs, Rt, Code);
  void tgeu(Rs, Rt, Code);
  void tlt(Rs, Rt, Code);
  void tltu(Rs, Rt, Code);
  void teq(Rs, Rt, Code);
  void tne(Rs, Rt, Code);
  void tgei(Rs, Simm);
  void tgeiu(Rs, Simm);
  void tlti(Rs, Simm);
  void tltiu(Rs, Simm);
  void teqi(Rs, Simm);
  void tnei(Rs, Simm);
  void rdhwr(Rt, Rd);
  void synci(Rs, Simm);
  void mfc0(Rt, Rd, Sel);
  void mtc0(Rt, Rd, Sel);
  void pgpr(Rt, Rd);
  void di_ei(Rt);
  void wait(Code);
  void cache(Rs, Hint, Simm);
  void privileged();

 private:
  // A branch between its own lifting and that of its slot. Values stand for what the registers held before
  // the slot.
  struct Branch {
    bool present = false;
    bool conditional = false;
    bool likely = false;
    ir::Cond cond = ir::Cond::kEq;
    Value a, b;      // compared, if conditional
    Value indirect;  // an i32, for jumps to a register
    uint32_t target = 0;
    ir::JumpKind kind = ir::JumpKind::kJump;
  };
  // A block that leaves the region, put at its end so that the common path is straight.
  struct Cold {
    ir::BlockId block;
    bool raise;
    uint32_t pc;    // where to go to, or the address of the instruction that raises
    uint32_t code;  // packed RaiseCode
    ir::ExitAux exit;
  };

  // ---- registers
  Value gpr(uint32_t n);
  void set_gpr(uint32_t n, Value v);

  // ---- the walk (lift.cc)
  bool fetch(uint32_t pc, uint32_t* word);
  void lift_word(uint32_t word);
  void lift_slot_region();
  void begin_insn(uint32_t pc, bool in_slot);
  void note_range(uint32_t pc);
  bool may_go_on() const;
  void end_at(uint32_t pc);
  void emit_cold();

  // ---- branches (lift_branch.cc)
  void branch_if(ir::Cond cond, Value a, Value b, Simm offset, bool likely);
  void branch_always(uint32_t target, ir::JumpKind kind);
  void branch_and_link(ir::Cond cond, Rs s, Simm offset, bool likely);
  uint32_t jump_target(Index i);
  void link(uint32_t reg);
  void finish_branch();
  void finish_likely(uint32_t slot_word);
  void finish_direct(uint32_t slot_word);
  void finish_conditional(uint32_t slot_word);
  void finish_indirect(uint32_t slot_word);
  void leave_into_slot();
  void lift_slot(uint32_t word);
  void goto_direct(uint32_t target, ir::JumpKind kind);
  ir::ExitAux exit_to(uint32_t target, ir::JumpKind kind);
  ir::ExitAux normal_mode(ir::ExitAux e);

  // ---- exceptions
  // Ends the region with the exception, in place of the current instruction.
  void raise(Raise kind, uint32_t operand = 0);
  // Raises if the condition holds and goes on in a new block.
  void raise_if(Value condition, Raise kind, uint32_t operand = 0);
  void emit_raise(uint32_t pc, uint32_t code);
  void overflow_check(Value flags);
  void trap_if(ir::Cond cond, Value a, Value b, uint32_t code);

  // ---- memory
  ir::MemDesc access(unsigned size, bool sign = false) const;
  Value address(Rs s, Simm offset);
  void load(Rs s, Rt t, Simm offset, ir::MemDesc d);
  void store(Rs s, Rt t, Simm offset, ir::MemDesc d);
  void load_part(Rs s, Rt t, Simm offset, bool left);
  void store_part(Rs s, Rt t, Simm offset, bool left);
  void store_bytes(Rs s, Rt t, Simm offset, bool left, unsigned at, unsigned bytes);

  // ---- HI and LO
  void set_hi_lo(Value product);
  void multiply(Rs s, Rt t, bool sign, int accumulate);

  // Distance of a guest address from the region's start, as IR offsets are.
  int64_t offset(uint32_t pc) const { return static_cast<int64_t>(pc) - static_cast<int64_t>(start_); }
  bool little() const { return (b_.key().mode & kModeLittle) != 0; }
  bool in_slot_mode() const { return (b_.key().mode & kModeSlot) != 0; }

  ir::Builder& b_;
  tcg::CodeReader& code_;
  tcg::LiftLimits limits_;
  unsigned exact_limit_;  // of the key: 0, or exactly so many instructions at most
  const MipsOptions& options_;
  uint64_t start_;        // the key's pc
  uint32_t pc_;           // of the instruction being lifted
  bool in_slot_ = false;  // it stands in a delay slot
  bool ended_ = false;    // the region's last terminator is out
  bool new_range_ = true;
  unsigned insns_ = 0;
  unsigned exits_ = 0;
  Branch branch_;
  std::vector<Cold> cold_;
};

}  // namespace xarch::mips
