// Random regions through the interpreter and through tier 1: state, memory, faults and the way out agree.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "tcg/ir/text.h"
#include "tcg/opt/passes.h"
#include "tests/support/random_fp.h"
#include "tests/support/random_ir.h"
#include "tests/support/region_runner.h"

namespace xarch {
namespace {

using test::RandomIrOptions;
using test::RandomState;
using testing::Outcome;

uint64_t env_or(const char* name, uint64_t usual) {
  const char* text = getenv(name);
  return text ? strtoull(text, nullptr, 0) : usual;
}

std::string describe(const Outcome& o) {
  return "reason " + std::to_string(static_cast<int>(o.reason)) + " restore " + std::to_string(o.restore) +
         " addr " + std::to_string(o.fault_addr) + " size " + std::to_string(o.fault_size) +
         (o.fault_write ? " write" : "") + (o.misaligned ? " misaligned" : "");
}

// A page of memory at options.buffer + base, with nothing mapped around it.
class Page {
 public:
  Page(uint64_t address, size_t bytes) : bytes_(bytes) {
    auto* p =
        static_cast<uint8_t*>(mmap(reinterpret_cast<void*>(address - kGuard), bytes + 2 * kGuard, PROT_NONE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    if (p != reinterpret_cast<uint8_t*>(address - kGuard)) abort();
    data_ = p + kGuard;
    if (mprotect(data_, bytes, PROT_READ | PROT_WRITE) != 0) abort();
  }
  ~Page() { munmap(data_ - kGuard, bytes_ + 2 * kGuard); }
  uint8_t* data() { return data_; }

 private:
  static constexpr size_t kGuard = 1 << 20;
  uint8_t* data_;
  size_t bytes_;
};

enum class Kind {
  kAll,
  kPlain,     // only what every guest's integer code is made of
  kVectors,   // the same and vectors
  kBaseline,  // that on an x86-64-v2 host
  kFp,        // all, and floating-point arithmetic
  kFpBaseline,
  kFpCalls,  // that in regions whose operations have trapped too often
  kFpExact,  // all that a guest may ask for: flags, flushing, default NaNs
  kFpExactBaseline,
  kFpExactCalls,
  kF80,  // and extended precision
};
bool is_exact(Kind kind) { return kind >= Kind::kFpExact && kind <= Kind::kFpExactCalls; }
bool is_fp(Kind kind) { return kind >= Kind::kFp; }

// Registers full of numbers, any rounding mode, no flags.
void random_fp_state(uint64_t seed, RandomState* s) {
  test::Rng rng(seed * 3 + 1);
  for (auto& q : s->q) {
    for (uint64_t& w : q) w = test::random_fp_bits(rng);
  }
  s->hdr.set_fp_sticky(0);
  s->hdr.set_fp_rounding(rng.one_in(2) ? 0 : rng.below(4));
  constexpr unsigned kPrecision[] = {0, 2, 3, 3};
  s->f80_control = static_cast<uint16_t>(0x7f | kPrecision[rng.below(4)] << 8 | rng.below(4) << 10);
  s->f80_flags = static_cast<uint16_t>(rng.one_in(2) ? 0 : rng.below(64));
}
// The flag for denormal operands that the host sets is its own affair.
uint32_t fp_flags(const RandomState& s) {
  return (s.hdr.fp_sticky() & ~uint32_t{fpu::kDenormal}) | (s.hdr.fp_flags & uint32_t{fpu::kDenormal});
}
// What a guest may ask for besides rounding, with some flags set before.
void random_fp_control(uint64_t seed, ir::Region* region, RandomState* s) {
  test::Rng rng(seed * 5 + 2);
  const bool flush = rng.one_in(2), default_nan = rng.one_in(2);
  region->fp_checks = static_cast<uint8_t>(ir::kFpCheckTiny | (flush ? ir::kFpCheckFlush : 0) |
                                           (flush || default_nan ? ir::kFpCheckNan : 0));
  s->hdr.fp_control =
      static_cast<uint8_t>((flush ? tcg::kFpFlush : 0) | (default_nan ? tcg::kFpDefaultNan : 0));
  uint32_t before = 0;
  for (const uint32_t f : {fpu::kInexact, fpu::kUnderflow, fpu::kDenormal}) before |= rng.one_in(2) ? f : 0;
  s->hdr.fp_flags = static_cast<uint16_t>(before);
  s->hdr.guest_mxcsr |= tcg::kGuestMxcsr;
  s->hdr.guest_mxcsr &= 0x7fbf;
  if (flush) s->hdr.guest_mxcsr = tcg::flushing_mxcsr(s->hdr.guest_mxcsr, before);
}

void compare(uint64_t base, bool passes, Kind kind) {
  const uint64_t first = env_or("XARCH_SEED", 1) * 10'000'000;
  const uint64_t count = env_or("XARCH_COUNT", 20000);
  RandomIrOptions options;
  options.buffer = 0x20000000;
  options.wide = options.floats = options.atomics = kind == Kind::kAll || is_fp(kind);
  options.fp = is_fp(kind);
  options.f80 = kind == Kind::kF80;
  options.vectors = kind != Kind::kPlain;
  options.key_flags = options.dead_exits = options.host_memory = true;
  options.mmu_indexes = 16;
  options.rounds = true;
  printf("seeds %lu to %lu\n", first, first + count);
  Page page(options.buffer + base, options.buffer_bytes);
  testing::RegionRunner runner(
      test::random_layout(), base,
      kind == Kind::kBaseline || kind == Kind::kFpBaseline || kind == Kind::kFpExactBaseline,
      is_exact(kind) ? fpu::kArmRules : testing::kRunnerFpRules);
  alignas(64) RandomState a{}, b{};  // nothing of an earlier test
  std::vector<uint8_t> interpreted(options.buffer_bytes);
  opt::Workspace work;
  ir::Region region;
  uint64_t refused = 0, faults = 0, rounds = 0;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    test::random_region(seed, options, &region);
    if (passes) opt::run_passes(region, work);
    region.fp_by_calls = kind == Kind::kFpCalls || kind == Kind::kFpExactCalls;
    test::random_state(seed, &a);
    test::random_state(seed, &b);
    if (is_fp(kind)) {
      random_fp_state(seed, &a);
      random_fp_state(seed, &b);
    }
    if (is_exact(kind)) {
      random_fp_control(seed, &region, &a);
      random_fp_control(seed, &region, &b);
    }
    test::random_buffer(seed, page.data(), options.buffer_bytes);
    Outcome x = runner.interpret(region, &a.hdr);
    while (test::goes_round(region, a)) x = runner.interpret(region, &a.hdr), ++rounds;
    memcpy(interpreted.data(), page.data(), options.buffer_bytes);
    test::random_buffer(seed, page.data(), options.buffer_bytes);
    Outcome y = runner.emit_and_run(region, &b.hdr);
    if (!y.compiled) {
      ++refused;
      continue;
    }
    // Tier 1 stores a pair in halves, lower first.
    bool second_half = y.fault_addr == x.fault_addr + 8;
    if (x.fault_write && x.fault_size == 16 && y.fault_size == 8 && !x.misaligned &&
        (y.fault_addr == x.fault_addr || second_half)) {
      y.fault_size = x.fault_size;
      y.fault_addr = x.fault_addr;
      if (second_half) memcpy(interpreted.data(), page.data(), options.buffer_bytes);
    }
    const std::string difference = test::state_difference(a, b, &region);
    if (describe(x) != describe(y) || !difference.empty() || (is_fp(kind) && fp_flags(a) != fp_flags(b)) ||
        memcmp(interpreted.data(), page.data(), options.buffer_bytes) != 0) {
      FAIL() << "seed " << seed << "\ninterpreted: " << describe(x) << "\nemitted:     " << describe(y)
             << "\n"
             << difference << "\n"
             << "rounding " << a.hdr.fp_rounding() << ", control " << a.hdr.fp_control << ", flags "
             << fp_flags(a) << " and " << fp_flags(b) << "\n"
             << ir::print(region);
    }
    faults += x.reason == tcg::Exit::kFault;
  }
  printf("%lu faults, %lu rounds, %lu refused\n", faults, rounds, refused);
  EXPECT_GT(rounds, count / 10);
  EXPECT_GT(faults, count / 100);
  EXPECT_EQ(refused, 0u);
  if (kind == Kind::kFp || kind == Kind::kFpBaseline) {
    EXPECT_GT(runner.fp_traps(), count / 10);
  }
  if (kind == Kind::kFpCalls) {
    EXPECT_EQ(runner.fp_traps(), 0u);
  }
}

TEST(Tier1RandomIr, AsLifted) { compare(0, false, Kind::kAll); }
TEST(Tier1RandomIr, AfterThePasses) { compare(0, true, Kind::kAll); }
TEST(Tier1RandomIr, WithAGuestBase) { compare(0x200000000000, true, Kind::kAll); }
TEST(Tier1RandomIr, PlainIntegersAsLifted) { compare(0, false, Kind::kPlain); }
TEST(Tier1RandomIr, PlainIntegersAfterThePasses) { compare(0, true, Kind::kPlain); }
TEST(Tier1RandomIr, Vectors) { compare(0, false, Kind::kVectors); }
TEST(Tier1RandomIr, VectorsOnTheBaseline) { compare(0, false, Kind::kBaseline); }
TEST(Tier1RandomIr, FloatingPointAsLifted) { compare(0, false, Kind::kFp); }
TEST(Tier1RandomIr, FloatingPointAfterThePasses) { compare(0, true, Kind::kFp); }
TEST(Tier1RandomIr, FloatingPointOnTheBaseline) { compare(0, false, Kind::kFpBaseline); }
TEST(Tier1RandomIr, FloatingPointWithExactFlags) { compare(0, false, Kind::kFpExact); }
TEST(Tier1RandomIr, FloatingPointWithExactFlagsOnTheBaseline) { compare(0, false, Kind::kFpExactBaseline); }
TEST(Tier1RandomIr, FloatingPointWithExactFlagsByCalls) { compare(0, false, Kind::kFpExactCalls); }
TEST(Tier1RandomIr, ExtendedPrecisionAsLifted) { compare(0, false, Kind::kF80); }
TEST(Tier1RandomIr, ExtendedPrecisionAfterThePasses) { compare(0, true, Kind::kF80); }
TEST(Tier1RandomIr, FloatingPointByCalls) { compare(0, false, Kind::kFpCalls); }

// A load that an op of extended precision makes part of itself faults there, behind what is computed
// between: registers of slots, in their own host register (x5) or cached in some (x10), must be as before.
TEST(Tier1Faults, OfAnOperandOfExtendedPrecision) {
  testing::RegionRunner runner(test::random_layout());
  for (const std::string slot : {"x5", "x10"}) {
    ir::Region region;
    const auto parsed =
        ir::parse("region pc=0x1000 mode=0 flags=0 insns=2\nblock 0:\ninsn +0\n%1 = get i64 " + slot +
                      "\n%2 = const i64 0x7\n%3 = add i64 %1, %2\nput " + slot +
                      ", %3\ninsn +4 restore=0x1\n%6 = const i64 0x10\n%7 = load f64 [%6] bytes=8\n"
                      "%8 = mul i64 %3, %2\n%9 = get f80 f0\n%10 = f80.div %9, %7\nput f1, %10\nput " +
                      slot + ", %8\nhalt +8\n",
                  test::random_layout(), {}, &region);
    ASSERT_TRUE(parsed) << parsed.error().message;
    alignas(64) RandomState a{}, b{};
    test::random_state(1, &a);
    test::random_state(1, &b);
    EXPECT_EQ(describe(runner.interpret(region, &a.hdr)), "reason 7 restore 1 addr 16 size 8");
    EXPECT_EQ(describe(runner.emit_and_run(region, &b.hdr)), "reason 7 restore 1 addr 16 size 8");
    EXPECT_EQ(test::state_difference(a, b, nullptr), "") << ir::print(region);
  }
}

}  // namespace
}  // namespace xarch
