#include <cstdio>

#include "tcg/ir/text.h"
#include "tcg/ir/text_names.h"

namespace xarch::ir {

namespace {

// Appends one op's text to a string.
class Printer {
 public:
  Printer(const Region& region, std::string* out) : region_(region), out_(*out) {}
  void inst(uint32_t index);
  void hex(uint64_t v) { format("0x%llx", v); }
  void number(uint64_t v) { format("%llu", v); }

 private:
  void format(const char* f, unsigned long long v) {
    char buffer[40];
    out_.append(buffer, static_cast<size_t>(std::snprintf(buffer, sizeof buffer, f, v)));
  }
  void offset(int64_t v) {
    char buffer[32];
    out_.append(buffer, static_cast<size_t>(
                            std::snprintf(buffer, sizeof buffer, "%+lld", static_cast<long long>(v))));
  }
  void name(std::span<const std::string_view> names, uint64_t i) {
    if (i < names.size()) {
      out_.append(names[i]);
    } else {
      number(i);
    }
  }
  void arg(const Inst& inst, unsigned n) {
    out_ += '%';
    number(inst.args[n]);
  }
  void args(const Inst& inst, unsigned from) {
    for (unsigned i = from; i < 4 && inst.args[i] != kNoValue; ++i) {
      if (i > from) out_ += ", ";
      arg(inst, i);
    }
  }
  void slot(uint32_t id) {
    if (region_.layout && id < region_.layout->slots.size()) {
      out_ += region_.layout->slots[id].name;
    } else {
      format("slot%llu", id);
    }
  }
  void mem_suffix(MemDesc d);
  void address(const Inst& inst);
  void state_op(const Inst& inst);
  void memory_op(const Inst& inst);
  void control_op(const Inst& inst);
  void exit_suffix(const Inst& inst);
  void other_op(const Inst& inst);
  void call(const Inst& inst);

  const Region& region_;
  std::string& out_;
};

void Printer::mem_suffix(MemDesc d) {
  format(" bytes=%llu", d.bytes());
  if (d.elem != d.size) format(" elem=%llu", 1u << d.elem);
  if (d.sign) out_ += " signed";
  if (d.big) out_ += " big";
  if (d.align) format(" align=%llu", 1u << d.align);
  if (d.atomic) out_ += " atomic";
  if (d.order != Order::kRelaxed) {
    out_ += ' ';
    name(kOrderNames, static_cast<unsigned>(d.order));
  }
  if (d.mmu_index) format(" mmu=%llu", d.mmu_index);
  if (d.xform != AddrXform::kNone) {
    out_ += ' ';
    name(kXformNames, static_cast<unsigned>(d.xform));
  }
}

void Printer::address(const Inst& inst) {
  out_ += '[';
  arg(inst, 0);
  if (inst.disp() != 0) {
    out_ += inst.disp() < 0 ? " - " : " + ";
    const int64_t disp = inst.disp();
    number(static_cast<uint64_t>(disp < 0 ? -disp : disp));
  }
  out_ += ']';
}

void Printer::state_op(const Inst& inst) {
  switch (inst.op) {
    case Op::kConst:
    case Op::kVConst:
    case Op::kFlagsConst: hex(static_cast<uint64_t>(inst.imm)); break;
    case Op::kPcRel: offset(inst.imm); break;
    case Op::kGet: slot(inst.aux); break;
    case Op::kPut:
      slot(inst.aux);
      out_ += ", ";
      args(inst, 0);
      break;
    case Op::kGetIdx:
    case Op::kPutIdx:
      slot(inst.aux);
      out_ += '[';
      arg(inst, 0);
      out_ += ']';
      if (inst.op == Op::kPutIdx) {
        out_ += ", ";
        arg(inst, 1);
      }
      break;
    case Op::kGetTmp: format("t%llu", inst.aux); break;
    case Op::kPutTmp:
      format("t%llu, ", inst.aux);
      args(inst, 0);
      break;
    default:  // kInsn
      offset(inst.imm);
      if (inst.aux) format(" restore=0x%llx", inst.aux);
      break;
  }
}

void Printer::memory_op(const Inst& inst) {
  if (inst.op == Op::kFenceOp) {
    const char* separator = "";
    for (unsigned i = 0; i < 4; ++i) {
      if (!(inst.aux >> i & 1)) continue;
      out_ += separator;
      out_ += kFenceNames[i];
      separator = "|";
    }
    return;
  }
  if (inst.op == Op::kRmw) {
    name(kRmwNames, inst.aux);
    out_ += ' ';
  }
  if (inst.op == Op::kProbe) {
    name(kProbeNames, inst.aux);
    out_ += ' ';
  }
  address(inst);
  if (inst.args[1] != kNoValue) out_ += ", ";
  args(inst, 1);
  mem_suffix(inst.mem());
}

void Printer::exit_suffix(const Inst& inst) {
  const ExitAux e = ExitAux::unpack(inst.aux);
  out_ += ' ';
  name(kJumpNames, static_cast<unsigned>(e.kind));
  if (e.poll) out_ += " poll";
  if (e.mode_change) format(" mode=%llu", e.mode_index);
  if (e.dead_index) format(" dead=%llu", e.dead_index);
}

void Printer::control_op(const Inst& inst) {
  switch (inst.op) {
    case Op::kBr: format("block %llu", inst.aux); break;
    case Op::kCondBr:
      arg(inst, 0);
      format(", block %llu", inst.aux);
      format(", block %llu", static_cast<unsigned long long>(inst.imm));
      break;
    case Op::kGotoPc:
      offset(inst.imm);
      exit_suffix(inst);
      break;
    case Op::kGotoInd:
      arg(inst, 0);
      exit_suffix(inst);
      break;
    default:  // kSyscall kRaise kRaiseVal kHalt kPoll
      offset(inst.imm);
      if (inst.op == Op::kSyscall) format(" number=0x%llx", inst.aux);
      if (inst.op == Op::kRaise || inst.op == Op::kRaiseVal) format(" code=0x%llx", inst.aux);
      if (inst.op == Op::kRaiseVal) {
        out_ += ", ";
        arg(inst, 0);
      }
      break;
  }
}

void Printer::call(const Inst& inst) {
  if (inst.aux < region_.helpers.size()) {
    out_ += region_.helpers[inst.aux]->name;
  } else {
    format("helper%llu", inst.aux);
  }
  if (inst.args[0] != kNoValue) out_ += ", ";
  args(inst, 0);
}

// Arithmetic, flags and vectors: operands, then what the op's immediates mean.
void Printer::other_op(const Inst& inst) {
  if (inst.op == Op::kCmp) name(kCondNames, inst.aux);
  if (inst.op == Op::kFlagsTest) name(kFlagCondNames, inst.aux);
  if (inst.op == Op::kCmp || inst.op == Op::kFlagsTest) out_ += ' ';
  args(inst, 0);
  switch (inst.op) {
    case Op::kExtractU:
    case Op::kExtractS:
    case Op::kDeposit:
      format(" lsb=%llu", inst.aux & 255);
      format(" length=%llu", inst.aux >> 8);
      break;
    case Op::kCmp:
    case Op::kFlagsTest: break;
    case Op::kFlagsAdd:
    case Op::kFlagsAdc:
    case Op::kFlagsSub:
    case Op::kFlagsSbb:
      if (inst.imm) out_ += " invert";
      break;
    case Op::kFlagsLogic:
      if (inst.imm) out_ += " carry";
      break;
    default:
      if (inst.op >= Op::kVConst && inst.aux) format(" lane=%llu", 1ull << (inst.aux & 7));
      if (inst.imm) format(" imm=%llu", static_cast<unsigned long long>(inst.imm));
      break;
  }
}

void Printer::inst(uint32_t index) {
  const Inst& inst = region_.insts[index];
  const OpInfo& info = op_info(inst.op);
  if (inst.type != Type::kVoid) format("%%%llu = ", index);
  out_ += info.text;
  if (inst.op == Op::kNop || inst.op == Op::kRestart) return;
  out_ += ' ';
  if (info.own_type) {
    out_ += type_name(inst.type);
    out_ += ' ';
  }
  if (inst.op <= Op::kInsn || inst.op == Op::kVConst) {
    state_op(inst);
  } else if (inst.op >= Op::kLoad && inst.op <= Op::kProbe) {
    memory_op(inst);
  } else if (inst.op == Op::kCall) {
    call(inst);
  } else if (inst.op > Op::kCall) {
    control_op(inst);
  } else {
    other_op(inst);
  }
}

}  // namespace

std::string_view type_name(Type t) {
  const unsigned i = static_cast<unsigned>(t);
  return i < std::size(kTypeNames) ? kTypeNames[i] : "?";
}

std::string print_inst(const Region& region, uint32_t index) {
  std::string out;
  Printer(region, &out).inst(index);
  return out;
}

std::string print(const Region& region) {
  std::string out = "region pc=";
  Printer p(region, &out);
  p.hex(region.key.pc);
  out += " mode=";
  p.hex(region.key.mode);
  out += " flags=";
  p.hex(region.key.flags);
  out += " insns=";
  p.number(region.num_insns);
  out += '\n';
  for (const GuestRange& r : region.ranges) {
    out += "range ";
    p.hex(r.start);
    out += ' ';
    p.number(r.bytes);
    out += '\n';
  }
  for (Type t : region.temps) out.append("temp ").append(type_name(t)) += '\n';
  for (const HelperDesc* h : region.helpers) out.append("helper ").append(h->name) += '\n';
  for (uint32_t mode : region.exit_modes) {
    out += "exit_mode ";
    p.hex(mode);
    out += '\n';
  }
  for (const std::vector<SlotId>& dead : region.dead_at_exit) {
    out += "dead";
    for (SlotId s : dead) out.append(" ").append(region.layout->slots[s].name);
    out += '\n';
  }
  for (size_t b = 0; b < region.blocks.size(); ++b) {
    out += "block ";
    p.number(b);
    out += ":\n";
    for (uint32_t i = region.blocks[b].first; i < region.blocks[b].end; ++i) {
      out += "  ";
      p.inst(i);
      out += '\n';
    }
  }
  return out;
}

}  // namespace xarch::ir
