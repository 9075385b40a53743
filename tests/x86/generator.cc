#include "tests/x86/generator.h"

#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "targets/x86/core/lift.h"
#include "tests/support/random_fp.h"
#include "tests/x86/random_encoding.h"
#include "tests/x86/x87_cases.h"

namespace xarch::x86::test {

using xarch::test::random_fp_bits;
using xarch::test::Rng;

namespace {

const std::set<std::string, std::less<>> kShifts = {"rol", "ror", "rcl",  "rcr", "shl",
                                                    "shr", "sar", "shld", "shrd"};

bool is_branch(const Row& r) { return r.has(kForce64) || r.text == "call" || r.text == "jmp"; }
bool is_one_of(const Row& r, std::initializer_list<std::string_view> names) {
  for (std::string_view n : names) {
    if (r.text == n) return true;
  }
  return false;
}

bool has_segment(const Row& r) {
  for (const Form& f : r.forms) {
    if (f.kind == Kind::kS || f.kind == Kind::kFixedSeg) return true;
  }
  return is_one_of(r, {"les", "lds"});
}

unsigned tail_bytes(const Insn& i) {
  switch (rows()[i.row].tail) {
    case Tail::kNone: return 0;
    case Tail::kByte: return 1;
    case Tail::kWord: return 2;
    case Tail::kEnter: return 3;
    case Tail::kZ: return i.operand_bytes == 2 ? 2 : 4;
    case Tail::kV: return i.operand_bytes;
    case Tail::kMoffs: return i.address_bytes;
    default: return 6;
  }
}

// Likewise for an address with an index vector: the base there or nearby, indexes small.
void aim_lanes(const Insn& i, uint64_t to, Rng& rng, Registers* regs) {
  if (i.base == kNoReg) return;
  regs->gpr[i.base] = to - static_cast<uint64_t>(int64_t{i.disp});
  const bool wide = rows()[i.row].text.find("gatherq") != std::string_view::npos;
  for (unsigned n = 0; n < 8; ++n) {
    const int64_t index = static_cast<int64_t>(rng.below(100)) - 50;
    if (!rng.one_in(30)) std::memcpy(regs->fp.ymm[i.index] + 4 * n, &index, wide ? 8 : 4);
    if (wide) ++n;
  }
}

// Lays registers, displacement and memory so that the operand in memory is at `to`. code: of the instruction.
void aim(const Insn& i, uint64_t to, uint64_t pc, Rng& rng, uint8_t* code, Registers* regs) {
  const unsigned tail = tail_bytes(i);
  const uint64_t mask = i.address_bytes == 4 ? 0xffffffffu : ~uint64_t{0};
  const auto patch = [&](uint64_t disp) {
    const auto d = static_cast<uint32_t>(disp);
    std::memcpy(code + i.length - tail - 4, &d, 4);
  };
  const bool index = i.index != kNoReg;
  if (i.base == kRip) return patch(to - (pc + i.length));
  if (i.base == kNoReg) {
    if (index) regs->gpr[i.index] = 0;
    return patch(to);
  }
  if (i.index == i.base || i.address_bytes == 2) return;
  if (index) regs->gpr[i.index] = rng.one_in(2) ? rng.below(8) : rng.next();
  const uint64_t sum =
      to - static_cast<uint64_t>(int64_t{i.disp}) - (index ? regs->gpr[i.index] << i.scale : 0);
  regs->gpr[i.base] = (sum & mask) | (rng.next() & ~mask);
}

void set_area(Case* c, uint64_t at, uint64_t v) {
  if (at < kArea || at + 8 > kArea + kAreaBytes) return;
  std::memcpy(c->area_before + (at - kArea), &v, 8);
}
uint64_t get_area(const Case& c, uint64_t at) {
  uint64_t v = 0;
  if (at >= kArea && at + 8 <= kArea + kAreaBytes) std::memcpy(&v, c.area_before + (at - kArea), 8);
  return v;
}

bool has_memory(const Insn& i) {
  for (unsigned n = 0; n < 4; ++n) {
    const Operand::Type t = operand(i, n).type;
    if (t == Operand::kMemory || t == Operand::kAbsolute) return true;
  }
  return false;
}

// What the instruction needs to do something sensible.
void prepare(const Insn& i, uint64_t pc, Rng& rng, uint8_t* code, Case* c) {
  const Row& r = rows()[i.row];
  Registers& regs = c->before;
  uint64_t to = kArea + 64 + rng.below(kAreaBytes - 192);
  if (r.text == "cmpxchg16b" && !rng.one_in(8)) to &= ~uint64_t{15};
  if (uses_vectors(i.row) && !rng.one_in(8)) to &= ~uint64_t{rng.one_in(4) ? 15u : 31u};
  // Of a segment that is not flat, registers hold offsets.
  const uint64_t bias = c->segmented ? kSegmentBase : 0;
  const uint64_t by_ds = i.segment == kDs || i.segment == kEs ? bias : 0;
  const bool image = r.text.starts_with("fxsave") || r.text.starts_with("fxrstor") ||
                     r.text.starts_with("xsave") || r.text == "xrstor";
  if (image) {
    // XSAVE's header is in the area, and what is compared of the images before it.
    const bool old = r.text.starts_with("fx");
    to = (old ? kArea : kArea - 256) + (rng.one_in(8) ? 8 : 0);
    const uint32_t mxcsr = static_cast<uint32_t>(rng.next()) & (rng.one_in(8) ? 0x1ffff : 0xffff);
    if (old) std::memcpy(c->area_before + 24, &mxcsr, 4);
    // Addresses of 48 bits.
    if (old) std::memset(c->area_before + 14, 0, 2), std::memset(c->area_before + 22, 0, 2);
    if (!old) {
      regs.gpr[kRax] = rng.one_in(2) ? 7 : rng.below(8);
      regs.gpr[kRdx] = 0;
      std::memset(c->area_before + 256, 0, 64);
      const uint64_t present = rng.below(8), layout = rng.one_in(2) ? 0 : uint64_t{1} << 63 | 7;
      std::memcpy(c->area_before + 256, &present, 8);
      std::memcpy(c->area_before + 264, &layout, 8);
      // Not the components that the host may have besides.
      if (rng.one_in(6))
        c->area_before[256 + 8 * rng.below(3) + 1 + rng.below(7)] ^= static_cast<uint8_t>(1u << rng.below(8));
    }
  }
  const uint64_t landing = kCode + 0x100 + rng.below(0x600);
  if (is_string(r)) {
    const uint64_t upper = i.address_bytes == 4 ? rng.next() << 32 : 0;
    regs.gpr[kRsi] = (kArea + 128 + rng.below(256)) | upper;
    regs.gpr[kRdi] = (kArea + 128 + rng.below(256)) | upper;
    // Enough for blocks of bytes now and then, overlapping or not.
    regs.gpr[kRcx] = rng.below(rng.one_in(20) ? 600 : rng.one_in(4) ? 160 : 8) | upper;
    if (rng.one_in(3)) regs.gpr[kRdi] = kArea + rng.below(256) + (rng.one_in(2) ? 0 : 0xc00 - 0x80);
  }
  // What can be loaded in 32-bit mode, and what cannot.
  const auto selector = [&] {
    constexpr uint32_t kSelectors[] = {0, 3, 0x23, 0x2b, 0x2a, 0x33, 0x13, 0x83, 0x97};
    return uint64_t{kSelectors[rng.below(std::size(kSelectors))]};
  };
  if (is_string(r)) {
    regs.gpr[kRsi] -= by_ds;
    regs.gpr[kRdi] -= bias;
  }
  if (is_one_of(r, {"push", "pop", "call", "ret", "pushf", "popf", "enter", "leave", "pusha", "popa"})) {
    if (r.text == "pop" && has_segment(r)) set_area(c, kArea + 256, selector());
    regs.gpr[kRsp] = kArea + 128 + rng.below(256);
    if (r.text == "pop" && has_segment(r)) regs.gpr[kRsp] = kArea + 256;
    if (r.text == "leave") regs.gpr[kRbp] = kArea + 128 + rng.below(256);
    if (r.text == "ret") set_area(c, regs.gpr[kRsp], landing);
    if (r.text == "popf") set_area(c, regs.gpr[kRsp], rng.next() & 0xcd5);
  }
  if (is_one_of(r, {"lar", "lsl", "verr", "verw"})) {
    // Of the last entries, the host's are the processor's and the thread's own.
    const uint64_t selector = (rng.next() & ~uint64_t{0x78}) | rng.below(8) << 3;
    set_area(c, to, selector);
    if (i.mod == 3) regs.gpr[i.rm] = selector;
  }
  if (is_one_of(r, {"maskmovq", "maskmovdqu", "vmaskmovdqu"})) regs.gpr[kRdi] = to;
  if (is_one_of(r, {"ldmxcsr", "vldmxcsr"})) {
    set_area(c, to,
             rng.one_in(8) ? rng.next()
                           : (rng.next() & kMxcsrBits) | (rng.one_in(4) ? 0u : uint32_t{kMxcsrMasks}));
  }
  if (r.text == "mov" && r.forms[0].kind == Kind::kS) {
    set_area(c, to, selector());
    if (i.mod == 3) regs.gpr[i.rm] = selector();
  }
  // Far pointers: in the instruction, in memory, on the stack.
  const unsigned half = i.operand_bytes;
  const auto far_at = [&](uint64_t at) {
    constexpr uint32_t kCodeSelectors[] = {0x23, 0x23, 0x33, 0x33, 0x2b, 0, 0x32, 0x13, 0x83};
    set_area(c, at + half, kCodeSelectors[rng.below(std::size(kCodeSelectors))]);
    std::memcpy(c->area_before + (at - kArea), &landing, half == 2 ? 2 : 4);
  };
  if (is_one_of(r, {"jmpf", "callf"})) {
    if (r.tail == Tail::kFar) {
      const uint16_t selector = rng.one_in(4) ? 0x2b : 0x23;
      std::memcpy(code + i.length - 2 - half, &landing, half);
      std::memcpy(code + i.length - 2, &selector, 2);
    } else {
      far_at(to);
    }
  }
  if (is_one_of(r, {"retf", "iret", "callf"})) regs.gpr[kRsp] = kArea + 128 + rng.below(256);
  if (is_one_of(r, {"retf", "iret"})) {
    far_at(regs.gpr[kRsp]);
    if (half == 8) std::memset(c->area_before + (regs.gpr[kRsp] + 4 - kArea), 0, 4);
    set_area(c, regs.gpr[kRsp] + 2 * half, rng.next() & 0xcd5);
    if (i.mode64) {
      set_area(c, regs.gpr[kRsp] + 3 * half, kArea + 128);
      set_area(c, regs.gpr[kRsp] + 4 * half, rng.one_in(4) ? selector() : 0x2b);
    }
  }
  if (is_one_of(r, {"les", "lds"})) set_area(c, to + (i.operand_bytes == 2 ? 2 : 4), selector());
  if (r.text == "bound" && rng.one_in(2)) regs.gpr[i.reg] = static_cast<uint64_t>(get_area(*c, to));
  if (r.text == "xlat") regs.gpr[kRbx] = to - by_ds - (regs.gpr[kRax] & 0xff);
  if (r.tail == Tail::kMoffs) {
    const uint64_t offset = to - by_ds;
    std::memcpy(code + i.length - i.address_bytes, &offset, i.address_bytes);
  } else if (has_memory(i) && r.text != "lea") {
    const uint64_t rsp = regs.gpr[kRsp];
    if (r.has(kVsib))
      aim_lanes(i, to - by_ds, rng, &regs);
    else
      aim(i, to - by_ds, pc, rng, code, &regs);
    if (is_one_of(r, {"push", "pop", "call", "callf"}) && (i.base == kRsp || i.index == kRsp))
      regs.gpr[kRsp] = rsp;
  }
  if (is_x87(r) && has_memory(i)) random_x87_operand(operand(i, 0).bytes, rng, c->area_before + (to - kArea));
  if (r.forms[0].kind == Kind::kRel && r.forms[0].size != Size::kB) {
    const auto d = static_cast<uint32_t>(landing - (pc + i.length));
    std::memcpy(code + i.length - 4, &d, 4);
  }
  if (is_one_of(r, {"jmp", "call"}) && r.forms[0].kind == Kind::kE) {
    set_area(c, to, landing);
    if (i.mod == 3) regs.gpr[i.rm] = landing;
  }
  if (is_one_of(r, {"bt", "bts", "btr", "btc"}) && i.mod != 3 && r.tail == Tail::kNone) {
    regs.gpr[i.reg] = rng.below(1024) - uint64_t{512};
  }
  if (is_one_of(r, {"div", "idiv"}) && !rng.one_in(4)) {
    regs.gpr[kRdx] = rng.one_in(2) ? 0 : r.text == "div" ? rng.below(100) : 0 - uint64_t{rng.below(2)};
    if (rng.one_in(2)) regs.gpr[kRax] &= 0xff;
  }
  if (is_one_of(r, {"cmpxchg", "cmpxchg8b", "cmpxchg16b"}) && rng.one_in(2)) {
    regs.gpr[kRax] = i.mod == 3 ? regs.gpr[i.rm] : get_area(*c, to);
    regs.gpr[kRdx] = r.text == "cmpxchg16b" ? get_area(*c, to + 8) : regs.gpr[kRax] >> 32;
    if (r.text == "cmpxchg8b") regs.gpr[kRax] &= 0xffffffff;
  }
}

// What is undefined after the instruction of what was before, and what it adds. count: of a shift, or ~0u.
unsigned undefined_after(const Insn& i, unsigned before, unsigned count) {
  const Row& r = rows()[i.row];
  if (!kShifts.count(r.text)) return (before & ~unsigned{r.flags_written}) | r.flags_undefined;
  const unsigned bits = operand(i, 0).bytes * 8u;
  const unsigned n = count & (bits == 64 ? 63 : 31);
  if (count != ~0u && n == 0) return before;
  unsigned out = r.flags_undefined;
  if (count == ~0u || n != 1) out |= kRowO;
  if (count == ~0u || n >= bits) out |= is_one_of(r, {"shl", "shr", "shld", "shrd"}) && bits < 32 ? kRowC : 0;
  if ((r.text == "shld" || r.text == "shrd") && bits == 16 && (count == ~0u || n > 16)) out |= 0x3f;
  return count == ~0u ? out | before : (before & ~unsigned{r.flags_written}) | out;
}

unsigned shift_count(const Insn& i, uint64_t rcx) {
  for (unsigned n = 1; n < 3; ++n) {
    const Operand o = operand(i, n);
    if (o.type == Operand::kImmediate) return static_cast<unsigned>(o.imm);
  }
  return static_cast<unsigned>(rcx);
}

}  // namespace

bool usable(unsigned row, bool code32) {
  const Row& r = rows()[row];
  // Processors have not had it for long: now3d_test.cc.
  if (r.feature == Feature::kNow3d || r.feature == Feature::kNow3dExt) return false;
  if (lifter(row) == nullptr || r.feature == Feature::kLm) return false;  // another one stands before it here
  if ((r.key_mask >> key::kMode64 & 1) && !(r.key_value >> key::kMode64 & 1) != code32) return false;
  // What tells processors and moments apart.
  if (is_one_of(r, {"cpuid", "rdtsc", "rdtscp", "rdpid", "rdrand", "rdseed", "xgetbv"})) return false;
  // Loads of segment registers: ES and DS alone, in 32-bit mode, can be set right again.
  const Kind first = r.forms[0].kind;
  if (r.text == "mov" && first == Kind::kS && !code32) return false;
  const bool restored = code32 && (r.forms[0].fixed == kEs || r.forms[0].fixed == kDs);
  if (r.text == "pop" && first == Kind::kFixedSeg && !restored) return false;
  if (is_one_of(r, {"lss", "lfs", "lgs"})) return false;
  // Of AMD's processors it is one in 32-bit mode, too.
  if (r.text == "sysenter" || r.text == "syscall") return false;
  // Traps, system calls, and what would take the test's own thread-local storage away.
  return !is_one_of(r, {"int", "int3", "int1", "rdfsbase", "wrfsbase", "rdgsbase", "wrgsbase", "rdssp",
                        "sysret", "sysexit", "rsm"});
}

bool uses_vectors(unsigned row) {
  for (const Form& f : rows()[row].forms) {
    if ((f.kind >= Kind::kV && f.kind <= Kind::kL) || f.kind == Kind::kFixedXmm) return true;
  }
  return false;
}

namespace {

// Vector registers and MXCSR: numbers that matter to floating point, or to integers.
void random_fp(Rng& rng, FpRegisters* f) {
  const bool numbers = rng.one_in(2);
  for (auto& y : f->ymm) {
    for (unsigned k = 0; k < 4; ++k) {
      const uint64_t w = numbers ? random_fp_bits(rng) : rng.value();
      std::memcpy(y + 8 * k, &w, 8);
    }
  }
  f->mxcsr = kMxcsrMasks;
  if (rng.one_in(2)) f->mxcsr |= static_cast<uint32_t>(rng.next()) & kMxcsrRounding;
  if (rng.one_in(6)) f->mxcsr &= static_cast<uint32_t>(rng.next());
  if (rng.one_in(6)) f->mxcsr |= kMxcsrDaz;
  if (rng.one_in(6)) f->mxcsr |= kMxcsrFtz;
  if (rng.one_in(4)) f->mxcsr |= static_cast<uint32_t>(rng.next()) & 0x3f;
}

// What may stand before the row in question: neither memory nor the stack nor the flow of control is touched.
std::vector<unsigned> plain_rows(bool code32) {
  std::vector<unsigned> v;
  for (unsigned i = 0; i < rows().size(); ++i) {
    const Row& r = rows()[i];
    const bool system = lifter(i) == &lift_privileged || lifter(i) == &lift_ud;
    const bool stack = is_one_of(r, {"push", "pop", "pushf", "popf", "enter", "leave", "xlat",  "div",
                                     "idiv", "lar", "lsl",   "verr", "verw",  "aam",   "pusha", "popa",
                                     "les",  "lds", "bound", "jmpf", "callf", "retf",  "iret",  "into"});
    const bool masked = is_one_of(r, {"maskmovq", "maskmovdqu", "vmaskmovdqu"});
    if (usable(i, code32) && !is_branch(r) && !has_segment(r) && !system && !stack && !masked &&
        !is_string(r) && r.tail != Tail::kMoffs)
      v.push_back(i);
  }
  return v;
}

std::vector<unsigned> x87_rows(const std::vector<unsigned>& among) {
  std::vector<unsigned> v;
  for (unsigned i : among) {
    if (is_x87(rows()[i])) v.push_back(i);
  }
  return v;
}

}  // namespace

bool make_case(unsigned row, unsigned before, Rng& rng, Case* c, unsigned* undefined) {
  const bool code32 = c->code32;
  static const std::vector<unsigned> kOthers[] = {plain_rows(false), plain_rows(true)};
  static const std::vector<unsigned> kX87Others[] = {x87_rows(kOthers[0]), x87_rows(kOthers[1])};
  if (has_segment(rows()[row]) ||
      is_one_of(rows()[row], {"push",   "pop",      "call",       "ret",        "pushf", "popf",     "enter",
                              "leave",  "xlat",     "lar",        "lsl",        "verr",  "verw",     "pusha",
                              "popa",   "bound",    "fxsave",     "fxrstor",    "xsave", "xsaveopt", "xsavec",
                              "xrstor", "maskmovq", "maskmovdqu", "vmaskmovdqu"}) ||
      rows()[row].tail == Tail::kMoffs || is_string(rows()[row])) {
    before = 0;
  }
  for (uint64_t& g : c->before.gpr) g = rng.value();
  c->before.fp.reset();
  random_x87(rng, &c->before.fp);
  c->before.pc = kCodeStart;
  c->before.rflags = 0x202 | (rng.next() & (kEflagsArithmetic | kEflagsD));
  random_fp(rng, &c->before.fp);
  const bool numbers = uses_vectors(row) && rng.one_in(2);
  for (unsigned n = 0; n < kAreaBytes; n += 8) {
    const uint64_t w = numbers ? random_fp_bits(rng) : rng.next();
    std::memcpy(c->area_before + n, &w, 8);
  }
  *undefined = 0;
  unsigned at = 0, ever = 0;
  for (unsigned n = 0; n <= before; ++n) {
    const bool last = n == before;
    const auto& others = (is_x87(rows()[row]) && rng.below(3) ? kX87Others : kOthers)[code32];
    const unsigned which = last ? row : others[rng.below(static_cast<uint32_t>(others.size()))];
    uint8_t code[kMaxInsnBytes];
    random_encoding(rows()[which], code32, rng, code);
    Insn i;
    const auto fits = [&] {
      return decode(code, kMaxInsnBytes, !code32, FeatureSet::all(), &i) == Verdict::kOk && i.row == which;
    };
    if (!fits() || i.segment >= kFs) return false;
    // Linux stands in for the processor, and leaves upper halves alone.
    if (is_one_of(rows()[which], {"sldt", "str", "smsw"}) && i.operand_bytes == 4) return false;
    const Row& r = rows()[which];
    // Of 64 bits, which 32-bit mode has not: Intel's processors ignore that, others refuse them.
    if (code32 && i.w && (r.text.starts_with("vpextr") || r.text.starts_with("vpinsr"))) return false;
    const bool picks = r.text.starts_with("xsave") || r.text == "xrstor";
    if (picks && (i.base == kRax || i.index == kRax || i.base == kRdx || i.index == kRdx)) return false;
    // Far pointers with offsets of 64 bits: AMD's processors take 32.
    if (is_one_of(r, {"jmpf", "callf"}) && i.operand_bytes == 8) return false;
    // FS and GS are the test's own.
    if (r.text == "mov" && r.forms[0].kind == Kind::kS && (i.reg & 7) >= kFs) return false;
    // Processors differ in what they make of an address that is not there where nothing is accessed.
    const bool masked = r.text.ends_with("maskmovdqu") || r.text == "maskmovq";
    if (code32 && i.address_bytes == 2 && (masked || is_string(r))) return false;
    if (c->segmented && masked) return false;
    if (!last && has_memory(i) && r.text != "lea") return false;
    const bool alone = has_memory(i) || (is_branch(r) && r.forms[0].size != Size::kB);
    if (last && (n == 0 || !alone)) {
      if (n == 0) prepare(i, kCodeStart + at, rng, code, c);
      if (!fits()) return false;
    } else if (last) {
      return false;
    }
    if (r.forms[0].kind == Kind::kRel && r.forms[0].size == Size::kB) {
      // Not into the case's own code.
      uint8_t& distance = code[i.length - 1];
      if (at != 0 || distance > 0xe0) distance &= 0x7f;
    }
    if (r.flags_read & *undefined) return false;
    if (at + i.length > sizeof c->code) return false;
    const bool known = last && n == 0;
    // What an x87 exception ends or keeps from its flags defines none.
    const unsigned before_it = *undefined;
    *undefined = undefined_after(i, *undefined, known ? shift_count(i, c->before.gpr[kRcx]) : ~0u);
    if ((c->before.fp.control & 0x3f) != 0x3f) *undefined |= before_it;
    if ((r.text == "shld" || r.text == "shrd") && i.operand_bytes == 2 &&
        (!known || (shift_count(i, c->before.gpr[kRcx]) & 31) > 16)) {
      return false;  // the result is undefined
    }
    ever |= *undefined;
    std::memcpy(c->code + at, code, i.length);
    at += i.length;
  }
  *undefined |= ever << 8;
  c->code_bytes = at;
  if (code32) {
    for (unsigned n = 0; n < 16; ++n) c->before.gpr[n] = n < 8 ? c->before.gpr[n] & 0xffffffff : 0;
  }
  return true;
}

}  // namespace xarch::x86::test
