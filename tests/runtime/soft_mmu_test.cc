// The soft-TLB policy against a toy MMU: hits inline, and everything else by the cold paths; on both
// backends.
#include <gtest/gtest.h>

#include <csignal>
#include <cstring>

#include "tcg/runtime/engine.h"
#include "tcg/runtime/soft_mmu.h"
#include "tests/support/toy_machine.h"
#include "tests/support/toy_mmu.h"

namespace xarch::toy {
namespace {

using tcg::BackendKind;
using tcg::Exit;

constexpr uint32_t kCode = 0x400000, kData = 0x10000, kDev = 0x20000, kSwapped = 0x30000, kReadOnly = 0x40000,
                   kHole = 0x50000, kWatch = 0x60000;

class SoftTlb : public testing::TestWithParam<BackendKind> {
 protected:
  void SetUp() override {
    guest.coherent = false;  // so that blocks have more than one instruction
    mmu.map(kCode, 1, kRead | kWrite | kExec);
    mmu.map(kData, 2, kRead | kWrite);
    mmu.map(kData + 0x1000, 9, kRead | kWrite);  // not next to the former in RAM
    mmu.map(kDev, 0, kRead | kWrite | kDevice);
    mmu.map(kSwapped, 3, kRead | kWrite | kSwap);
    mmu.map(kReadOnly - 0x1000, 4, kRead | kWrite);
    mmu.map(kReadOnly, 5, kRead);
    mmu.map(kWatch, 6, kRead | kWrite | kWatched);
    tcg::EngineOptions options;
    options.backend = GetParam();
    auto e = tcg::Engine::create(guest, mmu, options);
    ASSERT_TRUE(e) << e.error().message;
    engine = std::move(*e);
    vcpu = engine->new_vcpu();
  }
  State& state() { return *static_cast<State*>(vcpu->state()); }
  Exit run(const Asm& a) {
    mmu.write_code(*engine, 1, 0, a);
    state().pc = kCode;
    const FaultScope faults(*engine, vcpu.get());
    return engine->run(*vcpu);
  }
  // One load or store of register 3 with the address in register 12.
  Exit access(Op op, uint64_t addr, int imm = 0) {
    Asm a;
    a.emit(kAddi, 1, 1, 1).emit(op, 3, 12, imm).emit(kAddi, 2, 2, 1).emit(kHalt);
    state().r[1] = state().r[2] = 0;
    guest.last_restore = 0;
    state().r[12] = addr;
    return run(a);
  }
  void expect_fault(uint64_t addr, bool write, int signo) {
    EXPECT_EQ(state().pc, kCode + 4);
    EXPECT_EQ(guest.last_restore, 2u);
    EXPECT_EQ(state().r[1], 1u);
    EXPECT_EQ(state().r[2], 0u);
    EXPECT_EQ(vcpu->fault().addr, addr);
    EXPECT_EQ(vcpu->fault().write, write);
    EXPECT_EQ(vcpu->fault().signo, signo);
  }

  ToyGuest guest;
  ToyMmu mmu;
  std::unique_ptr<tcg::Engine> engine;
  std::unique_ptr<tcg::Vcpu> vcpu;
};
INSTANTIATE_TEST_SUITE_P(Backends, SoftTlb, testing::Values(BackendKind::kInterp, BackendKind::kX86_64),
                         [](const auto& i) { return i.param == BackendKind::kInterp ? "interp" : "x86_64"; });

TEST_P(SoftTlb, HitsNeedOneFill) {
  Asm a;
  a.emit(kLd8, 3, 12, 8)
      .emit(kAdd, 1, 1, 3)
      .emit(kSt8, 1, 12, 16)
      .emit(kAddi, 2, 2, -1)
      .branch(kBnez, 2, 0)
      .emit(kHalt);
  mmu.at<uint64_t>(2, 8) = 5;
  state().r[2] = 1000;
  state().r[12] = kData;
  EXPECT_EQ(run(a), Exit::kHalt);
  EXPECT_EQ(mmu.at<uint64_t>(2, 16), 5000u);
  EXPECT_LE(mmu.fills, 4u);
}

TEST_P(SoftTlb, EverySizeInRam) {
  mmu.at<uint64_t>(2, 32) = 0x8877665544332211;
  const std::pair<Op, uint64_t> loads[] = {{kLd8, 0x8877665544332211},
                                           {kLd4, 0x44332211},
                                           {kLd2, 0x2211},
                                           {kLd1, 0x11},
                                           {kLdBe, 0x1122334455667788}};
  for (auto [op, value] : loads) {
    EXPECT_EQ(access(op, kData, 32), Exit::kHalt);
    EXPECT_EQ(state().r[3], value) << op;
  }
  EXPECT_EQ(access(kLdv, kData, 32), Exit::kHalt);
  EXPECT_EQ(memcmp(state().v[1], &mmu.at<uint8_t>(2, 32), 16), 0);
  state().r[3] = 0xaabbccddeeff0011;
  EXPECT_EQ(access(kSt2, kData, 32), Exit::kHalt);
  EXPECT_EQ(mmu.at<uint64_t>(2, 32), 0x8877665544330011u);
}

TEST_P(SoftTlb, AcrossPages) {
  for (int at = 1; at < 8; ++at) {
    const uint64_t addr = kData + 0x1000 - static_cast<unsigned>(at);
    state().r[3] = 0x0102030405060708;
    EXPECT_EQ(access(kSt8, addr), Exit::kHalt);
    EXPECT_EQ(mmu.at<uint8_t>(2, 4095), 0x08 - (at - 1));
    EXPECT_EQ(mmu.at<uint8_t>(9, 0), 0x08 - at);
    state().r[3] = 0;
    EXPECT_EQ(access(kLd8, addr), Exit::kHalt);
    EXPECT_EQ(state().r[3], 0x0102030405060708u);
    EXPECT_EQ(access(kLdBe, addr), Exit::kHalt);
    EXPECT_EQ(state().r[3], 0x0807060504030201u);
  }
}

TEST_P(SoftTlb, StoreThatFailsOnTheSecondPageChangesNothing) {
  mmu.at<uint32_t>(4, 4092) = 0x5a5a5a5a;
  state().r[3] = ~uint64_t{0};
  EXPECT_EQ(access(kSt8, kReadOnly - 4), Exit::kFault);
  expect_fault(kReadOnly, true, SIGSEGV);
  EXPECT_EQ(vcpu->fault().mmu_code, 2u);
  EXPECT_EQ(mmu.at<uint32_t>(4, 4092), 0x5a5a5a5au);
}

TEST_P(SoftTlb, PermissionsAndHoles) {
  EXPECT_EQ(access(kLd8, kReadOnly), Exit::kHalt);
  EXPECT_EQ(access(kSt8, kReadOnly), Exit::kFault);
  expect_fault(kReadOnly, true, SIGSEGV);
  EXPECT_EQ(access(kLd4, kHole, 12), Exit::kFault);
  expect_fault(kHole + 12, false, SIGSEGV);
  EXPECT_EQ(vcpu->fault().mmu_code, 1u);
  EXPECT_EQ(vcpu->fault().size, 4u);
  EXPECT_EQ(access(kStv, kHole), Exit::kFault);
  expect_fault(kHole, true, SIGSEGV);
  EXPECT_EQ(access(kAtomicAdd, kHole), Exit::kFault);
  expect_fault(kHole, true, SIGSEGV);
  EXPECT_EQ(access(kProbeW, kReadOnly), Exit::kFault);
  expect_fault(kReadOnly, true, SIGSEGV);
  EXPECT_EQ(access(kProbeW, kData), Exit::kHalt);
}

TEST_P(SoftTlb, Device) {
  mmu.device[0x10] = 0x1234567890abcdef;
  EXPECT_EQ(access(kLd4, kDev, 0x10), Exit::kHalt);
  EXPECT_EQ(state().r[3], 0x90abcdefu);
  EXPECT_EQ(access(kLdBe, kDev, 0x10), Exit::kHalt);
  EXPECT_EQ(state().r[3], 0x1234567890abcdefu) << "a register has a value, not bytes";
  EXPECT_EQ(mmu.device_loads, 2u) << "each access is one access";
  state().r[3] = 0x77;
  EXPECT_EQ(access(kSt1, kDev, 0x20), Exit::kHalt);
  EXPECT_EQ(mmu.device[0x20], 0x77u);
  EXPECT_EQ(access(kLd4, kDev, 0x800), Exit::kFault);
  expect_fault(kDev + 0x800, false, SIGBUS);
  EXPECT_EQ(access(kAtomicAdd, kDev), Exit::kFault);
  EXPECT_EQ(vcpu->fault().signo, SIGBUS);
}

TEST_P(SoftTlb, ByteSwappedPage) {
  mmu.at<uint64_t>(3, 64) = 0x0102030405060708;
  EXPECT_EQ(access(kLd8, kSwapped, 64), Exit::kHalt);
  EXPECT_EQ(state().r[3], 0x0807060504030201u);
  EXPECT_EQ(access(kLdBe, kSwapped, 64), Exit::kHalt);
  EXPECT_EQ(state().r[3], 0x0102030405060708u);
  state().r[3] = 0x1122;
  EXPECT_EQ(access(kSt2, kSwapped, 64), Exit::kHalt);
  EXPECT_EQ(mmu.at<uint16_t>(3, 64), 0x2211u);
  mmu.at<uint64_t>(3, 128) = __builtin_bswap64(41);
  state().r[1] = 0;
  EXPECT_EQ(access(kAtomicAdd, kSwapped + 128, 1), Exit::kHalt);  // adds r1, which is 1
  EXPECT_EQ(state().r[3], 41u);
  EXPECT_EQ(mmu.at<uint64_t>(3, 128), __builtin_bswap64(42));
}

// A helper that goes to guest memory by itself, and is refused.
uint64_t soft_peek(void* state, uint64_t addr, uint64_t, uint64_t, uint64_t) {
  auto* cpu = static_cast<tcg::CpuHeader*>(state);
  ir::MemDesc d;
  d.size = d.elem = 3;
  uint64_t value = 0;
  if (!tcg::xarch_soft_load(cpu, addr, d.pack(), &value)) cpu->request_exit(Exit::kFault, 0, 0);
  return value;
}

TEST_P(SoftTlb, RefusedInAHelper) {
  guest.helpers.push_back({"soft_peek", soft_peek, ir::kHelperMayExit, {}, {}});
  mmu.at<uint64_t>(2, 8) = 77;
  Asm a;
  a.emit(kAddi, 1, 1, 1).emit(kHelper, 3, 0, 0).emit(kAddi, 2, 2, 1).emit(kHalt);
  state().r[3] = kData + 8;
  EXPECT_EQ(run(a), Exit::kHalt);
  EXPECT_EQ(state().r[3], 77u);
  state().r[1] = state().r[2] = 0;
  state().r[3] = kHole;
  guest.last_restore = 0;
  EXPECT_EQ(run(a), Exit::kFault);
  expect_fault(kHole, false, SIGSEGV);
}

TEST_P(SoftTlb, WatchedPageIsSeenFirst) {
  EXPECT_EQ(access(kSt4, kWatch, 4), Exit::kHalt);
  EXPECT_EQ(access(kLd8, kWatch, 8), Exit::kHalt);
  EXPECT_EQ(mmu.watched, (std::map<uint64_t, bool>{{kWatch + 4, true}, {kWatch + 8, false}}));
}

TEST_P(SoftTlb, AlignmentRule) {
  EXPECT_EQ(access(kLdAligned, kData, 8), Exit::kHalt);
  EXPECT_EQ(access(kLdAligned, kData, 4), Exit::kFault);
  expect_fault(kData + 4, false, SIGBUS);
  EXPECT_EQ(vcpu->fault().code, BUS_ADRALN);
}

TEST_P(SoftTlb, FlushedTranslationIsMadeAnew) {
  mmu.at<uint64_t>(2, 0) = 1;
  mmu.at<uint64_t>(7, 0) = 2;
  EXPECT_EQ(access(kLd8, kData), Exit::kHalt);
  EXPECT_EQ(state().r[3], 1u);
  mmu.map(kData, 7, kRead | kWrite);
  EXPECT_EQ(access(kLd8, kData), Exit::kHalt);
  EXPECT_EQ(state().r[3], 1u) << "the TLB does not know";
  tcg::tlb_flush_page(&vcpu->header(), kData);
  EXPECT_EQ(access(kLd8, kData), Exit::kHalt);
  EXPECT_EQ(state().r[3], 2u);
}

TEST_P(SoftTlb, ChangedCodeIsSeenAtEntry) {
  Asm a, b;
  a.emit(kMovi, 1, 0, 1).emit(kHalt);
  b.emit(kMovi, 1, 0, 2).emit(kHalt);
  EXPECT_EQ(run(a), Exit::kHalt);
  EXPECT_EQ(state().r[1], 1u);
  EXPECT_EQ(run(b), Exit::kHalt);
  EXPECT_EQ(state().r[1], 2u);
}

TEST_P(SoftTlb, FetchFault) {
  state().pc = kData;
  EXPECT_EQ(engine->run(*vcpu), Exit::kFetch);
  EXPECT_EQ(vcpu->fault().addr, kData);
  EXPECT_TRUE(vcpu->fault().fetch);
}

}  // namespace
}  // namespace xarch::toy
