// Random instructions on random state: the host's own processor is the oracle of the interpreter and of
// tier 1.
//
// XARCH_RANDOM_COUNT: cases (default 40000). XARCH_RANDOM_SEED. XARCH_X86_ROW: only rows of this text; x87:
// all of x87 and MMX.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <set>
#include <string>
#include <vector>

#include "targets/x86/core/guest.h"
#include "targets/x86/core/lift.h"
#include "targets/x86/core/lift_x87.h"
#include "targets/x86/core/raise.h"
#include "targets/x86/core/segments.h"
#include "tcg/ir/text.h"
#include "tcg/ir/verifier.h"
#include "tests/support/region_runner.h"
#include "tests/x86/generator.h"
#include "tests/x86/x87_cases.h"

namespace xarch::x86::test {
namespace {

uint64_t number(const char* variable, uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 0) : otherwise;
}

// Code ends where the case's does.
class CaseCode final : public tcg::CodeReader {
 public:
  explicit CaseCode(const Case& c) : c_(c) {}
  bool fetch(uint64_t pc, void* out, unsigned bytes) override {
    if (pc < kCodeStart || pc + bytes > kCodeStart + c_.code_bytes) return false;
    std::memcpy(out, c_.code + (pc - kCodeStart), bytes);
    return true;
  }

 private:
  const Case& c_;
};

struct Ours {
  Registers regs;
  int signo;
  uint8_t area[kAreaBytes];
};

// 32-bit data of the user, to be read and written, its limit in pages.
constexpr uint32_t kDataRights = 0xc0f3;

class Results : public ::testing::Test {
 protected:
  Results() : guest_(*find_model("max")), runner_(x86_layout(), 0, false, fpu::kX86Rules) { map_places(); }

  // Interpreted, or by tier 1; whole, or in single steps.
  Ours run(const Case& c, bool emitted, unsigned limit) {
    lay_out(c);
    alignas(64) static uint8_t room[sizeof(X86State)];
    X86State& state = *new (room) X86State{};
    state.reset(guest_.model(), c.code32);
    // As the native runs have them.
    static const uint64_t kLdt[] = {
        make_descriptor(kSegmentBase, kSegmentLast >> 12, kDataRights),
        make_descriptor(kSegmentBase, kSegmentLast >> 12, kDataRights & ~kRightsWritable)};
    state.ldt = kLdt;
    state.ldt_entries = std::size(kLdt);
    state.ldtr = kSelectorLdt;
    for (unsigned n : {kDs, kEs})
      load_segment(state, n, static_cast<uint16_t>(c.data_selector(kSelectorUserData)));
    for (unsigned n = 0; n < 16; ++n) state.gpr(n) = c.before.gpr[n];
    state.set_rflags(c.before.rflags);
    state.pc = c.before.pc;
    put_x87(c.before.fp, &state);
    for (unsigned n = 0; n < 16; ++n) {
      std::memcpy(&(&state.xmm0)[n], c.before.fp.ymm[n], 16);
      std::memcpy(&(&state.ymmh0)[n], c.before.fp.ymm[n] + 16, 16);
    }
    state.set_mxcsr(c.before.fp.mxcsr);
    Ours out = {};
    out.regs.fp.reset();
    const uint64_t end = kCodeStart + c.code_bytes;
    while (out.signo == 0 && state.pc >= kCodeStart && state.pc < end) {
      CaseCode code(c);
      ir::Builder b(&region_, x86_layout(), {state.pc, guest_.mode(&state), limit});
      tcg::LiftLimits limits;
      if (limit == 0) limits.state = c.before.rflags & kEflagsC ? guess_with_other_x87(state) : &state;
      guest_.lift(b, code, limits);
      if (auto sound = ir::verify(region_); !sound) {
        ADD_FAILURE() << sound.error().message << "\n" << ir::print(region_);
        break;
      }
      const xarch::testing::Outcome o =
          emitted ? runner_.emit_and_run(region_, &state.hdr) : runner_.interpret(region_, &state.hdr);
      if (!o.compiled) ADD_FAILURE() << "tier 1 refuses\n" << ir::print(region_);
      if (o.reason == tcg::Exit::kLookup) {
        if (c.code_bytes != 0 && state.pc == kCodeStart) break;  // a jump to itself
        continue;
      }
      if (o.reason == tcg::Exit::kRaise && state.hdr.exit_code == kRaiseGoOn) continue;
      out.signo = SIGSEGV;
      if (o.reason != tcg::Exit::kRaise) break;
      if (state.hdr.exit_code == kRaiseUndefined) out.signo = SIGILL;
      if (state.hdr.exit_code == kRaiseDivide || state.hdr.exit_code == kRaiseX87 ||
          state.hdr.exit_code == kRaiseSimd)
        out.signo = SIGFPE;
    }
    for (unsigned n = 0; n < 16; ++n) out.regs.gpr[n] = state.gpr(n);
    for (unsigned n = 0; n < 16; ++n) {
      std::memcpy(out.regs.fp.ymm[n], &(&state.xmm0)[n], 16);
      std::memcpy(out.regs.fp.ymm[n] + 16, &(&state.ymmh0)[n], 16);
    }
    out.regs.fp.mxcsr = state.mxcsr();
    out.regs.pc = state.pc;
    out.regs.rflags = state.rflags();
    get_x87(state, &out.regs.fp);
    std::memcpy(out.area, reinterpret_cast<void*>(kArea), kAreaBytes);
    return out;
  }

  struct Mode {
    bool code32 = false;
    bool segmented = false;
    bool read_only = false;  // the segment
    bool faults = false;     // x87 and MMX, and a load from page 0 behind each case
  };
  // Random cases of one of the modes.
  void compare(const Mode& mode);

  X86Guest guest_;
  xarch::testing::RegionRunner runner_;
  ir::Region region_;
};

// exact: the instruction is known that an exception comes from, and it does not take several steps.
std::string difference(const Ours& ours, const Case& c, unsigned undefined, bool exact) {
  std::string d;
  const auto check = [&](const std::string& what, uint64_t a, uint64_t b) {
    char text[96];
    std::snprintf(text, sizeof text, " %s %lx, not %lx", what.c_str(), a, b);
    if (a != b) d += text;
  };
  static const char* const kNames[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                       "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
  const int theirs = c.signo == SIGTRAP ? 0 : c.signo == SIGBUS ? SIGSEGV : c.signo;
  check("signal", static_cast<uint64_t>(ours.signo), static_cast<uint64_t>(theirs));
  for (unsigned n = 0; n < 16; ++n) check(kNames[n], ours.regs.gpr[n], c.after.gpr[n]);
  check("pc", ours.regs.pc, c.after.pc);
  uint64_t mask = kEflagsArithmetic | kEflagsD;
  const uint32_t bits[] = {kEflagsO, kEflagsS, kEflagsZ, kEflagsA, kEflagsP, kEflagsC};
  for (unsigned n = 0; n < 6; ++n) {
    // Of a fault it is not known which instruction it was in.
    if ((c.signo == SIGTRAP ? undefined : undefined >> 8) >> n & 1) mask &= ~uint64_t{bits[n]};
  }
  // What an instruction before the one that faulted has left open.
  if (theirs != 0 && c.after.pc != c.before.pc) mask = kEflagsD;
  check("flags", ours.regs.rflags & mask, c.after.rflags & mask);
  d += x87_difference(ours.regs.fp, c.after.fp);
  // An unmasked exception is found on what it computes when it is masked: whether the number that overflows
  // or underflows is inexact besides is not known, nor at which step a dot product has stopped.
  uint32_t known = ~uint32_t{0};
  if (theirs == SIGFPE) known = exact ? ~uint32_t{0x20} : ~uint32_t{0x3f};
  check("mxcsr", ours.regs.fp.mxcsr & known, c.after.fp.mxcsr & known);
  for (unsigned n = 0; n < 64; ++n) {
    uint64_t a, b;
    std::memcpy(&a, ours.regs.fp.ymm[n / 4] + n % 4 * 8, 8);
    std::memcpy(&b, c.after.fp.ymm[n / 4] + n % 4 * 8, 8);
    check("ymm" + std::to_string(n / 4) + "." + std::to_string(n % 4), a, b);
  }
  for (unsigned n = 0; n < kAreaBytes; ++n) {
    if (ours.area[n] != c.area_after[n]) {
      check("memory " + std::to_string(n), ours.area[n], c.area_after[n]);
      break;
    }
  }
  return d;
}

// A branch to where nothing can be fetched: we stop there; the host has tried, or has faulted at the branch
// if no processor has the address.
bool leads_nowhere(const Ours& ours, const Case& c) {
  const auto pc = static_cast<int64_t>(ours.regs.pc);
  if (ours.signo != 0 || c.signo != SIGSEGV) return false;
  const bool mapped = ours.regs.pc - kCode < kCodeBytesMapped;
  return pc << 16 >> 16 != pc || (ours.regs.pc == c.after.pc && !mapped);
}

std::string listing(const Case& c, unsigned row) {
  std::string s;
  char text[32];
  for (unsigned n = 0; n < c.code_bytes; ++n) {
    std::snprintf(text, sizeof text, "%02x ", c.code[n]);
    s += text;
  }
  for (unsigned n = 0; n < 16; ++n) {
    std::snprintf(text, sizeof text, "%s%lx", n == 0 ? "; " : " ", c.before.gpr[n]);
    s += text;
  }
  std::snprintf(text, sizeof text, " flags %lx mxcsr %x", c.before.rflags, c.before.fp.mxcsr);
  s += text;
  for (unsigned n = 0; uses_vectors(row) && n < 16; ++n) {
    s += n == 0 ? "\n  ymm" : " ";
    for (unsigned k = 4; k-- > 0;) {
      uint64_t w;
      std::memcpy(&w, c.before.fp.ymm[n] + 8 * k, 8);
      std::snprintf(text, sizeof text, "%s%lx", k == 3 ? "" : "'", w);
      s += text;
    }
  }
  return s + x87_text(c.before.fp);
}

// x87, MMX, and what saves them.
bool of_fpu(unsigned row) {
  const Row& r = rows()[row];
  return is_x87(r) || r.text == "fwait" || r.text.starts_with("fx") || mmx_lifter(row) != nullptr;
}

// mov 0, %eax
void add_fault(Case* c) {
  const std::initializer_list<uint8_t> absolute = {0x8b, 0x05, 0, 0, 0, 0};
  const std::initializer_list<uint8_t> without_base = {0x8b, 0x04, 0x25, 0, 0, 0, 0};
  for (const uint8_t byte : c->code32 ? absolute : without_base) c->code[c->code_bytes++] = byte;
}

void Results::compare(const Mode& mode) {
  const uint64_t count = number("XARCH_RANDOM_COUNT", 40000), seed = number("XARCH_RANDOM_SEED", 1);
  const char* only = std::getenv("XARCH_X86_ROW");
  std::printf("seed %lu, %lu cases\n", seed, count);
  xarch::test::Rng rng(seed);
  std::vector<unsigned> candidates;
  for (unsigned i = 0; i < rows().size(); ++i) {
    // Stores by a mask that may be empty: it is not known what of an address is looked at then.
    const bool masked = rows()[i].text.ends_with("maskmovdqu") || rows()[i].text == "maskmovq";
    if (mode.segmented && masked) continue;
    // Linux stands in for the processor, and looks at the page alone.
    static const std::set<std::string_view> kBySystem = {"sldt", "str", "smsw", "sgdt", "sidt"};
    if (mode.read_only && kBySystem.contains(rows()[i].text)) continue;
    if (usable(i, mode.code32) &&
        (only == nullptr || rows()[i].text == only || (only == std::string_view("x87") && of_fpu(i))) &&
        (!mode.faults || (of_fpu(i) && rows()[i].text != "fxsave")))
      candidates.push_back(i);
  }
  constexpr size_t kBatch = 4000;
  auto* cases = static_cast<Case*>(
      mmap(nullptr, kBatch * sizeof(Case), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(cases, MAP_FAILED);
  std::vector<unsigned> undefined(kBatch), row(kBatch), others(kBatch), reached(rows().size());
  std::map<std::string, unsigned> wrong;
  uint64_t faults = 0;
  for (uint64_t done = 0; done < count;) {
    size_t n = 0;
    for (; n < kBatch && done < count; ++done) {
      row[n] = candidates[done % candidates.size()];
      const unsigned before = done / candidates.size() % 2 ? rng.below(6) : 0;
      cases[n].code32 = mode.code32;
      cases[n].segmented = mode.segmented;
      cases[n].read_only = mode.read_only;
      others[n] = before;
      bool made = false;
      for (int attempt = 0; attempt < 200 && !made; ++attempt)
        made = make_case(row[n], before, rng, &cases[n], &undefined[n]);
      if (made && mode.faults) add_fault(&cases[n]);
      if (made) ++n;
    }
    for (size_t from = 0; from < n; ++from) {
      from += run_natively({cases + from, n - from});
      if (from < n) {
        ++wrong["(host)"];
        ADD_FAILURE() << rows()[row[from]].text << " does not come back on the host\n  "
                      << listing(cases[from], row[from]);
      }
    }
    for (size_t i = 0; i < n; ++i) {
      Case& c = cases[i];
      if (c.signo == 0) continue;
      // AMD's processors have one more bit in MXCSR's mask.
      if (rows()[row[i]].text == "fxsave" && c.signo == SIGTRAP) c.area_after[30] = 0;
      // The host lacks the feature, and that is all.
      const bool raises = lifter(row[i]) == &lift_ud;
      if (c.signo == SIGILL && !raises) continue;
      ++reached[row[i]];
      faults += c.signo != SIGTRAP;
      for (const auto& [name, emitted, limit] :
           {std::tuple{"interpreted", false, 0u}, {"in steps", false, 1u}, {"tier 1", true, 0u}}) {
        const Ours ours = run(c, emitted, limit);
        const bool exact = others[i] == 0 && rows()[row[i]].text.find("dpp") == std::string_view::npos;
        const std::string d = difference(ours, c, undefined[i], exact);
        if (d.empty() || leads_nowhere(ours, c)) continue;
        if (++wrong[std::string(rows()[row[i]].text)] <= 2)
          ADD_FAILURE() << rows()[row[i]].text << ", " << name << ":" << d << "\n  " << listing(c, row[i]);
        break;
      }
    }
  }
  for (const auto& [text, times] : wrong) std::printf("%6u wrong: %s\n", times, text.c_str());
  unsigned rows_reached = 0;
  for (unsigned i : candidates) {
    rows_reached += reached[i] != 0;
    EXPECT_NE(reached[i], 0u) << rows()[i].text;
  }
  std::printf("%u rows of %zu reached, %lu cases ended in a fault\n", rows_reached, candidates.size(),
              faults);
}

// What once differed, in the fewest words.
struct Known {
  bool code32;
  std::vector<uint8_t> code;
  uint32_t mxcsr;
  std::vector<std::pair<unsigned, uint64_t>> gprs;
  uint64_t xmm7;
};
const Known kKnown[] = {
    // vcvtps2ph $0, %xmm7, %xmm1: a half that is denormal and exact underflows if that is unmasked, though
    // this instruction never flushes.
    {false, {0xc4, 0xe3, 0x79, 0x1d, 0xf9, 0x00}, 0x1780, {}, 0x3580000035800000},
    // arpl %ax, (%edx,%ecx,2): an address of more than 32 bits that a block hands to the next.
    {true,
     {0x63, 0x04, 0x4a},
     0x1f80,
     {{kRax, 3}, {kRcx, 0xf0000000}, {kRdx, (kArea - 0xe0000000) & 0xffffffff}},
     0},
    // A third, rounded up, and RETF to no segment: the fault shows C1.
    {false,
     {0xd9, 0xe8, 0xd9, 0xe8, 0xd8, 0xc0, 0xd8, 0xc1, 0xd8, 0xf9, 0xca, 0x00, 0x00},
     0x1f80,
     {{kRsp, kArea}},
     0},
};

TEST_F(Results, AgreeOnWhatOnceDiffered) {
  auto* c = static_cast<Case*>(
      mmap(nullptr, sizeof(Case), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(c, MAP_FAILED);
  for (const Known& k : kKnown) {
    *c = {};
    std::copy(k.code.begin(), k.code.end(), c->code);
    c->code_bytes = static_cast<unsigned>(k.code.size());
    c->code32 = k.code32;
    c->before.pc = kCodeStart;
    c->before.rflags = 0x202;
    c->before.fp.reset();
    c->before.fp.mxcsr = k.mxcsr;
    for (const auto& [n, v] : k.gprs) c->before.gpr[n] = v;
    std::memcpy(c->before.fp.ymm[7], &k.xmm7, sizeof k.xmm7);
    ASSERT_EQ(run_natively({c, 1}), 1u);
    for (const auto& [emitted, limit] : {std::pair{false, 0u}, {false, 1u}, {true, 0u}})
      EXPECT_EQ(difference(run(*c, emitted, limit), *c, 0, true), "") << listing(*c, 0);
  }
}

TEST_F(Results, AgreeWithTheHost) { compare({}); }
TEST_F(Results, AgreeWithTheHostIn32BitMode) { compare({.code32 = true}); }
TEST_F(Results, AgreeWithTheHostInSegments) { compare({.code32 = true, .segmented = true}); }
TEST_F(Results, AgreeWithTheHostInSegmentsThatCannotBeWritten) {
  compare({.code32 = true, .segmented = true, .read_only = true});
}
TEST_F(Results, AgreeAtAFaultBehindX87) { compare({.faults = true}); }
TEST_F(Results, AgreeAtAFaultBehindX87In32BitMode) { compare({.code32 = true, .faults = true}); }

}  // namespace
}  // namespace xarch::x86::test
