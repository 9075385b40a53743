// Random AArch64 code with branches forward, whose joins stay inside of a region: a region at a time,
// interpreted and by tier 1, does what an instruction at a time does.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>

#include "targets/arm/core/guest.h"
#include "tcg/ir/text.h"
#include "tcg/opt/passes.h"
#include "tests/support/region_runner.h"
#include "tests/tier1/arm_programs.h"

namespace xarch {
namespace {

using arm::Arm64State;
using testing::Generator;
using testing::kBuffer;
using testing::kBufferBytes;
using testing::kCode;
using testing::VectorReader;

constexpr unsigned kWords = 32;

// States are not copied otherwise: their header holds an atomic.
void copy(Arm64State* to, const Arm64State& from) {
  memcpy(static_cast<void*>(to), static_cast<const void*>(&from), sizeof from);
}

// b.cond, cbz/cbnz, tbz/tbnz or b to one of the next instructions, at most to the end.
uint32_t branch(Generator& g, unsigned at) {
  const uint32_t ahead = 1 + static_cast<uint32_t>(g.below(std::min(10u, kWords - at)));
  const uint32_t reg = static_cast<uint32_t>(g.below(31));
  switch (g.below(5)) {
    case 0: return 0x54000000 | ahead << 5 | static_cast<uint32_t>(g.below(14));
    case 1: return 0x34000000 | static_cast<uint32_t>(g.below(2)) << 31 | ahead << 5 | reg;
    case 2: return 0x35000000 | static_cast<uint32_t>(g.below(2)) << 31 | ahead << 5 | reg;
    case 3:
      return 0x36000000 | static_cast<uint32_t>(g.below(2)) << 24 | static_cast<uint32_t>(g.below(8)) << 19 |
             ahead << 5 | reg;
    default: return 0x14000000 | ahead;
  }
}

// Anything but a direct branch, which may go backwards.
uint32_t plain(Generator& g) {
  for (;;) {
    const uint32_t w = g.word();
    switch (arm::decode(w, g.features)) {
      case arm::Insn::kB:
      case arm::Insn::kBl:
      case arm::Insn::kBCond:
      case arm::Insn::kCbz:
      case arm::Insn::kCbnz:
      case arm::Insn::kTbz:
      case arm::Insn::kTbnz: continue;
      default: return w;
    }
  }
}

// Rounds of hashes on few registers: what one instruction has computed, the next ones take up.
uint32_t hash_round(Generator& g) {
  constexpr uint32_t kRounds[] = {0x5e004000 /* sha256h */, 0x5e005000 /* sha256h2 */, 0x5e004000, 0x5e005000,
                                  0x5e000000 /* sha1c */,   0x5e001000 /* sha1p */,    0x4ea01c00 /* mov */};
  const uint32_t op = kRounds[g.below(std::size(kRounds))];
  const auto reg = [&] { return static_cast<uint32_t>(g.below(3)); };
  const uint32_t n = reg();
  return op | (op == 0x4ea01c00 ? n : reg()) << 16 | n << 5 | reg();
}

VectorReader program(Generator& g) {
  VectorReader code;
  const bool hashes = g.below(8) == 0;
  for (unsigned i = 0; i < kWords; ++i) {
    const bool branches = g.below(hashes ? 16 : 4) == 0;
    code.words.push_back(branches ? branch(g, i) : hashes ? hash_round(g) : plain(g));
  }
  return code;
}

// A loop that is left, or begun anew, in its middle:
//   start: …; b.cond more; …; b.cond back, or ret; more: …; sub x20, x20, #1; cbnz x20, start
VectorReader loop(Generator& g) {
  VectorReader code;
  const auto some = [&](unsigned least) {
    for (unsigned n = least + static_cast<unsigned>(g.below(6)); n > 0; --n) code.words.push_back(plain(g));
  };
  const auto back = [&](uint32_t to) { return (to - static_cast<uint32_t>(code.words.size())) & 0x7ffff; };
  some(1);
  const size_t leap = code.words.size();
  code.words.push_back(0);
  some(0);
  if (g.below(3) == 0) {
    code.words.push_back(0xd65f03c0);
  } else {
    code.words.push_back(0x54000000 | back(static_cast<uint32_t>(g.below(leap))) << 5 |
                         static_cast<uint32_t>(g.below(14)));
  }
  if (g.below(3) == 0) some(0);
  code.words[leap] =
      0x54000000 | static_cast<uint32_t>(code.words.size() - leap) << 5 | static_cast<uint32_t>(g.below(14));
  some(1);
  code.words.push_back(0xd1000694);
  code.words.push_back(0xb5000014 | back(0) << 5);
  return code;
}

class Runs {
 public:
  Runs() : guest_(arm::make_arm64_guest("max")), runner_(guest_->layout()) {}
  const arm::Arm64Guest& guest() const { return *guest_; }
  const Arm64State& state() const { return state_; }

  enum Way { kSteps, kInterpreted, kEmitted };
  // Runs the code from its start until it leaves it, faults or raises something. loops: branches may lead
  // back; after kMaxRounds regions it is given up, with no reason.
  static constexpr unsigned kMaxRounds = 2000;
  testing::Outcome run(VectorReader& code, const Arm64State& start, Way way, bool loops = false) {
    copy(&state_, start);
    state_.pc = kCode;
    for (unsigned round = 0;; ++round) {
      if (round == kMaxRounds) return {};
      tcg::LiftLimits limits;
      if (way == kSteps) limits.max_insns = 1;
      ir::Builder builder(&region_, guest_->layout(), {state_.pc, 0, 0});
      guest_->lift(builder, code, limits);
      joins_ += way == kEmitted && has_join();
      if (way == kEmitted) opt::run_passes(region_, work_);
      const testing::Outcome o = way == kEmitted ? runner_.emit_and_run(region_, &state_.hdr)
                                                 : runner_.interpret(region_, &state_.hdr);
      if (!o.compiled || o.reason != tcg::Exit::kLookup) return o;
      const bool inside = state_.pc > region_.key.pc || (loops && state_.pc >= kCode);
      if (!inside || state_.pc >= kCode + code.words.size() * 4) return o;
    }
  }
  unsigned joins() const { return joins_; }

 private:
  // Is there a block that several lead to?
  bool has_join() const {
    std::vector<unsigned> predecessors(region_.blocks.size());
    for (const ir::Inst& in : region_.insts) {
      if (in.op == ir::Op::kBr || in.op == ir::Op::kCondBr) ++predecessors[in.aux];
      if (in.op == ir::Op::kCondBr) ++predecessors[static_cast<size_t>(in.imm)];
    }
    return std::ranges::any_of(predecessors, [](unsigned n) { return n > 1; });
  }

  std::unique_ptr<arm::Arm64Guest> guest_;
  testing::RegionRunner runner_;
  ir::Region region_;
  opt::Workspace work_;
  Arm64State state_;
  unsigned joins_ = 0;
};

// The first slot in which the states differ, or nothing.
std::string difference(const ir::StateLayout& layout, const Arm64State& a, const Arm64State& b) {
  for (const ir::Slot& slot : layout.slots) {
    const auto* p = reinterpret_cast<const uint8_t*>(&a) + slot.offset;
    const auto* q = reinterpret_cast<const uint8_t*>(&b) + slot.offset;
    if (slot.type == ir::Type::kFlags) {
      if (a.nzcv_bits() != b.nzcv_bits()) return "flags";
    } else if (memcmp(p, q, slot.bytes()) != 0) {
      uint64_t u = 0, v = 0;
      memcpy(&u, p, std::min(8u, slot.bytes()));
      memcpy(&v, q, std::min(8u, slot.bytes()));
      char text[96];
      snprintf(text, sizeof text, "%s: %#lx, a step at a time %#lx", slot.name.data(), v, u);
      return text;
    }
  }
  return {};
}

TEST(Tier1, ForwardBranchesInsideARegion) {
  const uint64_t seed = getenv("XARCH_SEED") ? strtoull(getenv("XARCH_SEED"), nullptr, 0) : 1;
  const unsigned count = getenv("XARCH_COUNT") ? static_cast<unsigned>(atoi(getenv("XARCH_COUNT"))) : 10000;
  printf("seed %lu, %u programs\n", seed, count);
  auto* buffer =
      static_cast<uint8_t*>(mmap(reinterpret_cast<void*>(kBuffer), kBufferBytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
  ASSERT_EQ(reinterpret_cast<uintptr_t>(buffer), kBuffer);
  Runs runs;
  Arm64State start, after;
  std::vector<uint8_t> expected(kBufferBytes);
  unsigned left = 0;
  for (unsigned n = 0; n < count; ++n) {
    Generator g(seed * 1000003 + n);
    g.features = runs.guest().model().features;
    VectorReader code = program(g);
    randomize(g, &start);
    memset(buffer, static_cast<int>(n), kBufferBytes);
    const testing::Outcome steps = runs.run(code, start, Runs::kSteps);
    copy(&after, runs.state());
    memcpy(expected.data(), buffer, kBufferBytes);
    left += steps.reason == tcg::Exit::kLookup;
    for (const Runs::Way way : {Runs::kInterpreted, Runs::kEmitted}) {
      memset(buffer, static_cast<int>(n), kBufferBytes);
      const testing::Outcome o = runs.run(code, start, way);
      const std::string where =
          "program " + std::to_string(n) + ", way " + std::to_string(way) + "\n" + listing(code);
      ASSERT_TRUE(o.compiled) << where;
      ASSERT_EQ(static_cast<int>(o.reason), static_cast<int>(steps.reason)) << where;
      ASSERT_EQ(difference(runs.guest().layout(), after, runs.state()), "") << where;
      ASSERT_EQ(memcmp(expected.data(), buffer, kBufferBytes), 0) << where;
    }
  }
  printf("%u ran to the end, %u regions with joins\n", left, runs.joins());
  EXPECT_GT(left, count / 100);
  EXPECT_GT(runs.joins(), count / 4);
  munmap(buffer, kBufferBytes);
}

TEST(Tier1, LoopsLeftInTheirMiddle) {
  const uint64_t seed = getenv("XARCH_SEED") ? strtoull(getenv("XARCH_SEED"), nullptr, 0) : 1;
  const unsigned count = getenv("XARCH_COUNT") ? static_cast<unsigned>(atoi(getenv("XARCH_COUNT"))) : 10000;
  printf("seed %lu, %u programs\n", seed, count);
  auto* buffer =
      static_cast<uint8_t*>(mmap(reinterpret_cast<void*>(kBuffer), kBufferBytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
  ASSERT_EQ(reinterpret_cast<uintptr_t>(buffer), kBuffer);
  Runs runs;
  Arm64State start, after;
  std::vector<uint8_t> expected(kBufferBytes);
  unsigned left = 0;
  for (unsigned n = 0; n < count; ++n) {
    Generator g(seed * 1000003 + n);
    g.features = runs.guest().model().features;
    VectorReader code = loop(g);
    randomize(g, &start);
    start.x20 = 1 + g.below(9);
    memset(buffer, static_cast<int>(n), kBufferBytes);
    const testing::Outcome steps = runs.run(code, start, Runs::kSteps, true);
    if (steps.reason == tcg::Exit::kNone) continue;
    copy(&after, runs.state());
    memcpy(expected.data(), buffer, kBufferBytes);
    left += steps.reason == tcg::Exit::kLookup;
    for (const Runs::Way way : {Runs::kInterpreted, Runs::kEmitted}) {
      memset(buffer, static_cast<int>(n), kBufferBytes);
      const testing::Outcome o = runs.run(code, start, way, true);
      const std::string where =
          "program " + std::to_string(n) + ", way " + std::to_string(way) + "\n" + listing(code);
      ASSERT_TRUE(o.compiled) << where;
      ASSERT_EQ(static_cast<int>(o.reason), static_cast<int>(steps.reason)) << where;
      ASSERT_EQ(difference(runs.guest().layout(), after, runs.state()), "") << where;
      ASSERT_EQ(memcmp(expected.data(), buffer, kBufferBytes), 0) << where;
    }
  }
  printf("%u ran to the end\n", left);
  EXPECT_GT(left, count / 20);
  munmap(buffer, kBufferBytes);
}

// The addend of the fused product has zeros above its lowest lane, the product has not; what the scalar sum
// writes has them again.
TEST(Tier1, ASumOfLanesOfAFusedProduct) {
  VectorReader code;
  code.words = {0x1e20402f /* fmov s15, s1 */, 0x4e23cc4f /* fmla v15.4s, v2.4s, v3.4s */,
                0x7e30d9e9 /* faddp s9, v15.2s */};
  Runs runs;
  Arm64State start, after;
  for (unsigned n = 0; n < 100; ++n) {
    Generator g(n);
    g.features = runs.guest().model().features;
    randomize(g, &start);
    runs.run(code, start, Runs::kSteps);
    copy(&after, runs.state());
    ASSERT_TRUE(runs.run(code, start, Runs::kEmitted).compiled);
    ASSERT_EQ(difference(runs.guest().layout(), after, runs.state()), "") << "state " << n;
  }
}

}  // namespace
}  // namespace xarch
