// Random regions under the soft-TLB policy, through the interpreter and through tier 1: RAM in any order,
// pages that are read-only, missing, watched, byte-swapped or a device, several MMU indexes.
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tcg/backend/interp/memory.h"
#include "tcg/ir/text.h"
#include "tcg/opt/passes.h"
#include "tcg/runtime/engine.h"
#include "tcg/runtime/soft_mmu.h"
#include "tests/support/random_ir.h"
#include "tests/support/region_runner.h"
#include "tests/support/spoil.h"

namespace xarch {
namespace {

using tcg::CpuHeader;
using test::RandomState;
using testing::Outcome;
using testing::RegionRunner;

constexpr uint64_t kBuffer = 0x20000000;
constexpr unsigned kPages = 8, kIndexes = 3;
constexpr size_t kPageBytes = size_t{1} << tcg::kTlbPageBits;

// Pages of RAM behind kPages virtual pages per MMU index, mapped as the seed wants it.
class RandomMmu final : public tcg::SoftMmu {
 public:
  void shuffle(uint64_t seed) {
    test::Rng rng(seed * 3 + 1);
    for (auto& table : kinds_) {
      for (Kind& k : table) k = rng.below(8) < 6 ? kRam : static_cast<Kind>(rng.below(kNumKinds));
    }
    rotate_ = rng.below(kPages);
    trace = 0;
  }
  bool fill(CpuHeader*, uint64_t vaddr, tcg::Access access, unsigned index, tcg::TlbEntry* out,
            uint32_t* code) override {
    const uint64_t n = (vaddr - kBuffer) >> tcg::kTlbPageBits;
    *code = 1;
    if (n >= kPages || index >= kIndexes) return false;
    const Kind k = kinds_[index][n];
    *code = 2;
    if (k == kHole || (k == kReadOnly && access == tcg::Access::kWrite)) return false;
    const uint64_t page = vaddr & tcg::kTlbPageMask;
    const uint64_t flags = k == kDevice    ? tcg::kTlbDevice
                           : k == kSwapped ? tcg::kTlbSwap
                           : k == kWatched ? uint64_t{tcg::kTlbWatch}
                                           : uint64_t{0};
    *out = {};
    out->addr_read = page | flags;
    if (k != kReadOnly) out->addr_write = page | flags;
    out->addend =
        reinterpret_cast<uintptr_t>(ram.data()) + (n * 5 + rotate_ + index) % kPages * kPageBytes - page;
    return true;
  }
  bool device_load(CpuHeader*, uint64_t vaddr, unsigned bytes, unsigned index, uint64_t* value) override {
    note(vaddr, bytes, index);
    *value = (vaddr * 0x9e3779b97f4a7c15u ^ trace) & (~uint64_t{0} >> (64 - 8 * bytes));
    return (vaddr & 0xfff) < 0xf80;
  }
  bool device_store(CpuHeader*, uint64_t vaddr, unsigned bytes, unsigned index, uint64_t value) override {
    note(vaddr, bytes, index + 16);
    note(value & (~uint64_t{0} >> (64 - 8 * bytes)), 0, 0);
    return (vaddr & 0xfff) < 0xf80;
  }
  void watch(CpuHeader*, uint64_t vaddr, unsigned bytes, bool write) override {
    note(vaddr, bytes, 32 + write);
  }

  std::vector<uint8_t> ram = std::vector<uint8_t>(kPages * kPageBytes);
  uint64_t trace = 0;  // of what devices and watchers saw, in order

 private:
  enum Kind { kRam, kReadOnly, kHole, kDevice, kSwapped, kWatched, kNumKinds };
  void note(uint64_t a, uint64_t b, uint64_t c) {
    trace = (trace * 0x9e3779b97f4a7c15u + a) * 0x9e3779b97f4a7c15u + b * 64 + c;
  }
  Kind kinds_[kIndexes][kPages] = {};
  unsigned rotate_ = 0;
};

// What an engine wants to know to make a vCPU; nothing is lifted here.
class NoGuest final : public tcg::Guest {
 public:
  std::string_view name() const override { return "random"; }
  const ir::StateLayout& layout() const override { return test::random_layout(); }
  void lift(ir::Builder&, tcg::CodeReader&, const tcg::LiftLimits&) const override { abort(); }
  uint32_t mode(const void*) const override { return 0; }
  void restore_state(void*, uint64_t, uint32_t) const override {}
  unsigned pc_shift() const override { return 2; }
  unsigned insn_bytes(tcg::CodeReader&, uint64_t, uint32_t) const override { return 4; }
};

RegionRunner* g_runner = nullptr;
uint32_t g_restore = 0;
bool g_swapped_atomic = false;  // the engine has it interpreted by itself

bool ok(bool done) {
  test::spoil_registers();
  if (!done) g_restore = g_runner->restore_of_call();
  return done;
}
bool soft_load(CpuHeader* h, uint64_t a, uint32_t d, uint64_t* v) {
  return ok(tcg::xarch_soft_load(h, a, d, v));
}
bool soft_store(CpuHeader* h, uint64_t a, uint32_t d, const uint64_t* v) {
  return ok(tcg::xarch_soft_store(h, a, d, v));
}
void* soft_atomic(CpuHeader* h, uint64_t a, uint32_t d, bool* swap) {
  void* p = tcg::xarch_soft_atomic(h, a, d, swap);
  ok(p != nullptr);
  g_swapped_atomic |= p != nullptr && *swap;
  return p;
}
bool soft_probe(CpuHeader* h, uint64_t a, uint32_t d, bool write) {
  return ok(tcg::xarch_soft_probe(h, a, d, write));
}

struct Result {
  Outcome outcome;
  tcg::FaultInfo fault;
  RandomState state;
  std::vector<uint8_t> ram;
  uint64_t trace = 0;

  std::string describe() const {
    return "reason " + std::to_string(static_cast<int>(outcome.reason)) + " restore " +
           std::to_string(outcome.restore) + " addr " + std::to_string(fault.addr) + " size " +
           std::to_string(fault.size) + (fault.write ? " write" : "") + " signal " +
           std::to_string(fault.signo) + " code " + std::to_string(fault.code) + " mmu " +
           std::to_string(fault.mmu_code);
  }
};

class SoftRandomIr : public ::testing::Test {
 protected:
  SoftRandomIr() {
    auto e = tcg::Engine::create(guest_, mmu_, {});
    if (!e) abort();
    engine_ = std::move(*e);
    vcpu_ = engine_->new_vcpu();
    g_runner = &runner_;
  }
  ~SoftRandomIr() override { g_runner = nullptr; }

  // Leaves the outcome in *r.
  void run(uint64_t seed, const ir::Region& region, bool emitted, Result* r) {
    CpuHeader& h = vcpu_->header();
    test::random_state(seed, static_cast<RandomState*>(vcpu_->state()));
    test::random_buffer(seed, mmu_.ram.data(), mmu_.ram.size());
    mmu_.shuffle(seed);
    tcg::tlb_flush_all(&h);
    h.in_helper = 0;
    g_restore = 0;
    g_swapped_atomic = false;
    const tcg::FaultInfo none;
    r->outcome = emitted ? runner_.emit_and_run(region, &h) : runner_.interpret(region, &h);
    while (!emitted && test::goes_round(region, *static_cast<RandomState*>(vcpu_->state()))) {
      r->outcome = runner_.interpret(region, &h);
    }
    r->fault = none;
    if (r->outcome.reason == tcg::Exit::kFault) {
      if (r->outcome.misaligned) {
        r->fault = {.addr = r->outcome.fault_addr,
                    .size = r->outcome.fault_size,
                    .write = r->outcome.fault_write,
                    .signo = SIGBUS,
                    .code = BUS_ADRALN};
      } else {
        r->fault = vcpu_->fault();
        if (emitted) r->outcome.restore = g_restore;
      }
    }
    memcpy(static_cast<void*>(&r->state), vcpu_->state(), sizeof r->state);
    r->ram = mmu_.ram;
    r->trace = mmu_.trace;
  }

  // Both ways. False: an atomic met a byte-swapped page, nothing was compared.
  bool compare(uint64_t seed, const ir::Region& region, Result* x) {
    static Result y;
    run(seed, region, false, x);
    run(seed, region, true, &y);
    EXPECT_TRUE(y.outcome.compiled) << "seed " << seed;
    if (g_swapped_atomic) return false;
    const std::string difference = test::state_difference(x->state, y.state, &region);
    if (x->describe() != y.describe() || !difference.empty() || x->ram != y.ram || x->trace != y.trace) {
      ADD_FAILURE() << "seed " << seed << "\ninterpreted: " << x->describe()
                    << "\nemitted:     " << y.describe() << "\n"
                    << difference << (x->ram != y.ram ? "\nRAM differs" : "")
                    << (x->trace != y.trace ? "\ndevices or watchers saw something else" : "") << "\n"
                    << ir::print(region);
    }
    return true;
  }

  NoGuest guest_;
  RandomMmu mmu_;
  std::unique_ptr<tcg::Engine> engine_;
  std::unique_ptr<tcg::Vcpu> vcpu_;
  tcg::SoftInterpMemory memory_;
  RegionRunner runner_{test::random_layout(), memory_, {soft_load, soft_store, soft_atomic, soft_probe}};
};

void make(const char* text, ir::Region* region) {
  const auto parsed = ir::parse(text, test::random_layout(), {}, region);
  ASSERT_TRUE(parsed) << parsed.error().message;
}

uint64_t env_or(const char* name, uint64_t usual) {
  const char* text = getenv(name);
  return text ? strtoull(text, nullptr, 0) : usual;
}

// The cold path extends to 64 bits; an i32 has none of them above its width.
TEST_F(SoftRandomIr, SignedLoadOnTheColdPath) {
  ir::Region region;
  make(
      "region pc=0x400000\nblock 0:\ninsn +0\n%1 = const i64 0x20000000\n"
      "%2 = load i32 [%1 + 5] bytes=1 signed\n%3 = zext i64 %2\nput x1, %3\nhalt +4\n",
      &region);
  ASSERT_FALSE(HasFatalFailure());
  Result x;
  unsigned negative = 0;
  for (uint64_t seed = 0; seed < 64; ++seed) {
    compare(seed, region, &x);
    negative += x.outcome.reason == tcg::Exit::kHalt && (x.state.x[1] & 0x80) != 0;
  }
  EXPECT_GT(negative, 0u);
}

// The op and its flags are one instruction: what stands between them is known all the same.
TEST_F(SoftRandomIr, ConstantBetweenAnOpAndItsFlags) {
  ir::Region region;
  make(
      "region pc=0x400000\nblock 0:\ninsn +0\n%1 = get i64 x1\n%2 = get i64 x2\n%3 = and i64 %1, %2\n"
      "%4 = const i64 0x7f\n%5 = flags.logic %3\n%6 = flags.test n %5\nput c, %6\nput x3, %4\nhalt +4\n",
      &region);
  ASSERT_FALSE(HasFatalFailure());
  Result x;
  for (uint64_t seed = 0; seed < 16; ++seed) {
    compare(seed, region, &x);
    EXPECT_EQ(x.state.x[3], 0x7fu);
  }
}

TEST_F(SoftRandomIr, RunsAsInterpreted) {
  const uint64_t first = env_or("XARCH_SEED", 1) * 10'000'000;
  const uint64_t count = env_or("XARCH_COUNT", 20000);
  test::RandomIrOptions options;
  options.buffer = kBuffer;
  options.buffer_bytes = kPages * kPageBytes;
  options.mmu_indexes = kIndexes;
  options.dead_exits = true;
  options.rounds = true;
  printf("seeds %lu to %lu\n", first, first + count);
  opt::Workspace work;
  ir::Region region;
  Result x;
  uint64_t faults = 0, swapped = 0;
  for (uint64_t seed = first; seed < first + count && !HasFailure(); ++seed) {
    test::random_region(seed, options, &region);
    opt::run_passes(region, work);
    if (!compare(seed, region, &x)) ++swapped;
    faults += x.outcome.reason == tcg::Exit::kFault;
  }
  printf("%lu faults, %lu with atomics on swapped pages\n", faults, swapped);
  EXPECT_GT(faults, count / 100);
  EXPECT_LT(swapped, count / 4);
}

}  // namespace
}  // namespace xarch
