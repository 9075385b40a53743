// Changed code under the soft-TLB policy: by stores of every kind, through other mappings, by devices, by
// other vCPUs, and by mappings that change.
#include <atomic>
#include <csignal>
#include <thread>

#include "tcg/runtime/soft_mmu.h"
#include "tests/hazard/hazard.h"
#include "tests/support/toy_mmu.h"

namespace xarch::toy {
namespace {

constexpr uint32_t kCode = 0x400000, kAlias = 0x500000, kData = 0x10000, kCalls = 0x20000;
constexpr uint32_t kCodePage = 1, kDataPage = 2, kOtherPage = 3, kCallsPage = 4;

class SoftCode : public Hazard {
 protected:
  struct Cpu {
    std::unique_ptr<tcg::Vcpu> vcpu;
    State& state() { return *static_cast<State*>(vcpu->state()); }
    uint64_t& r(unsigned n) { return state().r[n]; }
  };

  void SetUp() override {
    mmu.map(kCode, kCodePage, kRead | kWrite | kExec);
    mmu.map(kAlias, kCodePage, kRead | kWrite);
    mmu.map(kData, kDataPage, kRead | kWrite | kExec);
    mmu.map(kCalls, kCallsPage, kRead | kWrite | kExec);
    tcg::EngineOptions options;
    options.backend = GetParam();
    auto e = tcg::Engine::create(guest, mmu, options);
    ASSERT_TRUE(e) << e.error().message;
    engine = std::move(*e);
    cpu.vcpu = engine->new_vcpu();
  }
  Exit run(Cpu& c, uint64_t pc) {
    c.state().pc = pc;
    const FaultScope faults(*engine, c.vcpu.get());
    return engine->run(*c.vcpu);
  }
  // A function at kCode that leaves n in r1, and at kCalls a call of it.
  void place_function(int n) {
    Asm f, calls;
    f.emit(kMovi, 1, 0, n).emit(kRet, 0, 15);
    calls.emit(kCall, 0, 0, 2).emit(kHalt).emit(kJr, 0, 10);
    mmu.write_code(*engine, kCodePage, 0, f);
    mmu.write_code(*engine, kCallsPage, 0, calls);
  }
  uint64_t call(Cpu& c) {
    c.r(10) = kCode;
    c.r(1) = 0;
    EXPECT_EQ(run(c, kCalls), Exit::kHalt);
    return c.r(1);
  }
  // Runs one store of r3 to r12 from the data page.
  Exit store(Cpu& c, Op op, uint64_t addr, uint64_t value, int imm = 0) {
    Asm a;
    a.emit(op, 3, 12, imm).emit(kHalt);
    mmu.write_code(*engine, kDataPage, 0x800, a);
    c.r(3) = value;
    c.r(12) = addr;
    return run(c, kData + 0x800);
  }

  ToyGuest guest;
  ToyMmu mmu;
  std::unique_ptr<tcg::Engine> engine;
  Cpu cpu;
};
INSTANTIATE_TEST_SUITE_P(Backends, SoftCode, backends(), backend_name);

TEST_P(SoftCode, StoreThroughEitherMapping) {
  place_function(1);
  EXPECT_EQ(call(cpu), 1u);
  EXPECT_EQ(store(cpu, kSt4, kCode, word(kMovi, 1, 0, 2)), Exit::kHalt);
  EXPECT_EQ(call(cpu), 2u);
  EXPECT_EQ(store(cpu, kSt4, kAlias, word(kMovi, 1, 0, 3)), Exit::kHalt);
  EXPECT_EQ(call(cpu), 3u);
  EXPECT_EQ(engine->stats().code_write_faults, 2u);
}

TEST_P(SoftCode, StoresOfEveryKind) {
  const uint64_t second = uint64_t{word(kRet, 0, 15)} << 32;
  for (const Op op : {kSt1, kSt2, kSt4, kSt8, kStTag, kStv, kAtomicAdd, kCas}) {
    SCOPED_TRACE(testing::Message() << "op " << op);
    place_function(1);
    ASSERT_EQ(call(cpu), 1u);
    const uint64_t now = second | word(kMovi, 1, 0, 7);
    memcpy(cpu.state().v[1], &now, 8);
    cpu.r(4) = op == kAtomicAdd ? 6 : now;
    const uint64_t value = op == kCas ? second | word(kMovi, 1, 0, 1) : now;
    EXPECT_EQ(store(cpu, op, kAlias, value, op == kAtomicAdd || op == kCas ? 4 : 0), Exit::kHalt);
    EXPECT_EQ(call(cpu), 7u);
  }
}

TEST_P(SoftCode, StoreThatBeginsOnThePageBefore) {
  mmu.map(kAlias - 0x1000, kOtherPage, kRead | kWrite);
  place_function(1);
  EXPECT_EQ(call(cpu), 1u);
  EXPECT_EQ(store(cpu, kSt8, kAlias - 4, uint64_t{word(kMovi, 1, 0, 9)} << 32), Exit::kHalt);
  EXPECT_EQ(call(cpu), 9u);
}

TEST_P(SoftCode, StoreIntoTheOwnBlockIsSeenByTheNextInstruction) {
  Asm a;
  a.emit(kAddi, 4, 4, 1).emit(kSt4, 3, 12, 12).emit(kAddi, 5, 5, 1).emit(kMovi, 1, 0, 1).emit(kHalt);
  mmu.write_code(*engine, kCodePage, 0, a);
  cpu.r(3) = word(kMovi, 1, 0, 2);
  cpu.r(12) = kAlias;
  EXPECT_EQ(run(cpu, kCode), Exit::kHalt);
  EXPECT_EQ(cpu.r(1), 2u);
  EXPECT_EQ(cpu.r(4), 1u);
  EXPECT_EQ(cpu.r(5), 1u);
}

TEST_P(SoftCode, DataBesideCodeAndElsewhere) {
  place_function(1);
  EXPECT_EQ(call(cpu), 1u);
  const uint64_t before = engine->stats().code_write_faults;
  mmu.map(kAlias + 0x1000, kOtherPage, kRead | kWrite);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(store(cpu, kSt8, kAlias + 0x1000, static_cast<uint64_t>(i)), Exit::kHalt);
  }
  EXPECT_EQ(engine->stats().code_write_faults, before) << "no code there";
  EXPECT_EQ(store(cpu, kSt8, kAlias + 0x100, 5), Exit::kHalt);
  EXPECT_EQ(mmu.at<uint64_t>(kCodePage, 0x100), 5u);
  EXPECT_EQ(call(cpu), 1u);
}

TEST_P(SoftCode, PageThatFlipsOftenChecksItsBytes) {
  place_function(0);
  for (int i = 1; i < 100; ++i) {
    EXPECT_EQ(store(cpu, kSt4, kAlias, word(kMovi, 1, 0, i)), Exit::kHalt);
    EXPECT_EQ(call(cpu), static_cast<uint64_t>(i));
  }
  EXPECT_LT(engine->stats().code_write_faults, 40u);
}

TEST_P(SoftCode, DeviceWritesCode) {
  place_function(1);
  EXPECT_EQ(call(cpu), 1u);
  place_function(2);
  EXPECT_EQ(call(cpu), 2u);
}

TEST_P(SoftCode, AnotherPageIsMappedThere) {
  place_function(1);
  Asm f;
  f.emit(kMovi, 1, 0, 5).emit(kRet, 0, 15);
  mmu.write_code(*engine, kOtherPage, 0, f);
  for (int i = 0; i < 4; ++i) {
    mmu.map(kCode, i % 2 ? kOtherPage : kCodePage, kRead | kWrite | kExec);
    tcg::tlb_flush_page(&cpu.vcpu->header(), kCode);
    EXPECT_EQ(call(cpu), i % 2 ? 5u : 1u);
  }
  const uint64_t made = engine->stats().regions;
  for (int i = 0; i < 10; ++i) {
    mmu.map(kCode, i % 2 ? kOtherPage : kCodePage, kRead | kWrite | kExec);
    tcg::tlb_flush_all(&cpu.vcpu->header());
    EXPECT_EQ(call(cpu), i % 2 ? 5u : 1u);
  }
  EXPECT_EQ(engine->stats().regions, made) << "what was translated from either page is used again";
  // What the page that was mapped meanwhile holds is tracked as well.
  EXPECT_EQ(store(cpu, kSt4, kCode, word(kMovi, 1, 0, 6)), Exit::kHalt);
  EXPECT_EQ(call(cpu), 6u);
  mmu.map(kCode, kCodePage, kRead | kWrite);
  tcg::tlb_flush_all(&cpu.vcpu->header());
  cpu.r(10) = kCode;
  EXPECT_EQ(run(cpu, kCalls), Exit::kFetch) << "not executable any more";
}

// One vCPU goes on calling the function while another rewrites it; each sees old or new code, and the last
// store is seen in the end.
TEST_P(SoftCode, StoresOfAnotherVcpu) {
  place_function(0);
  Asm loop;  // counts values that are neither
  loop.emit(kCall, 0, 0, 3).branch(kBeqz, 1, 0).emit(kHalt).emit(kJr, 0, 10);
  mmu.write_code(*engine, kCallsPage, 0x100, loop);
  for (int round = 0; round < 20; ++round) {
    place_function(0);
    std::atomic<bool> started{false};
    std::thread other([&] {
      Cpu c{engine->new_vcpu()};
      c.r(10) = kCode;
      started = true;
      EXPECT_EQ(run(c, kCalls + 0x100), Exit::kHalt);
      EXPECT_EQ(c.r(1), static_cast<uint64_t>(round + 1));
    });
    while (!started) std::this_thread::yield();
    EXPECT_EQ(call(cpu), 0u);
    EXPECT_EQ(store(cpu, kSt4, kAlias, word(kMovi, 1, 0, round + 1)), Exit::kHalt);
    other.join();
  }
}

}  // namespace
}  // namespace xarch::toy
