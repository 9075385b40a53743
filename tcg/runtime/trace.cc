// What `--trace in,ir,ir_opt,out,exec,cpu` shows of translation and execution.
#include <algorithm>
#include <cstdio>
#include <string>

#include "tcg/ir/text.h"
#include "tcg/runtime/engine_impl.h"
#include "tcg/support/log.h"

namespace xarch::tcg {
namespace {

// Log::line takes one line; its text may hold several.
std::string hex(const uint8_t* p, size_t n) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string s;
  for (size_t i = 0; i < n; ++i) {
    s += kDigits[p[i] >> 4];
    s += kDigits[p[i] & 15];
  }
  return s;
}

}  // namespace

// Is something to be shown that is told of translations alone?
bool EngineImpl::traces_translations() {
  for (Trace t : {Trace::kIn, Trace::kIr, Trace::kIrOpt, Trace::kOut, Trace::kExec, Trace::kCpu})
    if (Log::enabled(t)) return true;
  return false;
}

void EngineImpl::trace_lifted() {
  if (Log::enabled(Trace::kIn)) {
    std::string s;
    for (const ir::GuestRange& r : region_.ranges) {
      for (uint64_t pc = r.start; pc < r.start + r.bytes;) {
        uint8_t bytes[16];
        const unsigned n = std::clamp(guest_.insn_bytes(memory_, pc, region_.key.mode), 1u, 16u);
        if (!memory_.fetch(pc, bytes, n)) break;
        char line[40];
        snprintf(line, sizeof line, "%s%#lx: ", s.empty() ? "" : "\n", pc);
        s += line + hex(bytes, n);
        pc += n;
      }
    }
    Log::line(s);
  }
  if (Log::enabled(Trace::kIr)) Log::line(ir::print(region_));
}

void EngineImpl::trace_compiled(const BlockRecord& block, uint32_t code_bytes) {
  if (Log::enabled(Trace::kIrOpt)) Log::line(ir::print(region_));
  if (!Log::enabled(Trace::kOut)) return;
  const Generation& g = *slots_[current_slot_].generation;
  char head[64];
  snprintf(head, sizeof head, "host code of %#lx at %p: ", g.cell(block.cell)->pc,
           static_cast<const void*>(g.code_of(block)));
  Log::line(head + hex(g.code_of(block), code_bytes));
}

void EngineImpl::trace_entry(VcpuImpl& v, const Cell& cell) const {
  if (Log::enabled(Trace::kExec))
    Log::printf("enter %#lx mode %#x", cell.pc, generation_of(&cell)->mode_of(&cell));
  if (!Log::enabled(Trace::kCpu)) return;
  std::string s;
  for (const ir::Slot& slot : guest_.layout().slots) {
    if (slot.type != ir::Type::kI64 || slot.count != 1) continue;
    char text[64];
    snprintf(text, sizeof text, "%s%.*s=%lx", s.empty() ? "" : " ", static_cast<int>(slot.name.size()),
             slot.name.data(),
             *reinterpret_cast<const uint64_t*>(static_cast<uint8_t*>(v.state()) + slot.offset));
    s += text;
  }
  Log::line(s);
}

}  // namespace xarch::tcg
