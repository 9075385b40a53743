// Floating-point operations that trap: results, flags, events meanwhile; the control word around C++ code.
#include <unistd.h>
#include <xmmintrin.h>

#include <cstring>
#include <thread>

#include "tcg/fpu/env.h"
#include "tests/hazard/hazard.h"

namespace xarch::toy {
namespace {

constexpr uint64_t kOne = 0x3ff0000000000000, kSignalling = 0x7ff0000000001234, kQuieted = 0x7ff8000000001234;

class FloatingPoint : public Hazard {};
INSTANTIATE_TEST_SUITE_P(Backends, FloatingPoint, backends(), backend_name);

void set_vector(ToyMachine::Cpu& cpu, unsigned n, uint64_t low, uint64_t high) {
  std::memcpy(cpu.state().v[n], &low, 8);
  std::memcpy(cpu.state().v[n] + 8, &high, 8);
}
uint64_t lane(ToyMachine::Cpu& cpu, unsigned n, unsigned index) {
  uint64_t v;
  std::memcpy(&v, cpu.state().v[n] + 8 * index, 8);
  return v;
}
uint64_t bits(double v) {
  uint64_t r;
  std::memcpy(&r, &v, 8);
  return r;
}

// v0 += v1, r1 times; the upper lane meets a signalling NaN each time.
uint64_t load_loop(ToyMachine& m) {
  Asm a;
  const int loop = a.here();
  a.emit(kFadd, 0, 1).emit(kAddi, 1, 1, -1).branch(kBnez, 1, loop).emit(kHalt);
  return m.load(a);
}
void start_loop(ToyMachine::Cpu& cpu, uint64_t rounds) {
  cpu.r(1) = rounds;
  set_vector(cpu, 0, kOne, kOne);
  set_vector(cpu, 1, kOne, kSignalling);
}

TEST_P(FloatingPoint, ALoopThatTrapsIsTranslatedAgain) {
  ToyMachine m(GetParam());
  auto cpu = m.new_cpu(load_loop(m));
  start_loop(cpu, 1000);
  EXPECT_EQ(m.run(cpu), tcg::Exit::kHalt);
  EXPECT_EQ(lane(cpu, 0, 0), bits(1001));
  EXPECT_EQ(lane(cpu, 0, 1), kQuieted);
  EXPECT_EQ(cpu.vcpu->header().fp_sticky(), fpu::kInvalid);
  EXPECT_EQ(m.engine->stats().fp_by_calls, GetParam() == tcg::BackendKind::kInterp ? 0u : 1u);
}

TEST_P(FloatingPoint, AFewTrapsChangeNothing) {
  ToyMachine m(GetParam());
  auto cpu = m.new_cpu(load_loop(m));
  start_loop(cpu, 20);
  EXPECT_EQ(m.run(cpu), tcg::Exit::kHalt);
  EXPECT_EQ(lane(cpu, 0, 0), bits(21));
  EXPECT_EQ(lane(cpu, 0, 1), kQuieted);
  EXPECT_EQ(m.engine->stats().fp_by_calls, 0u);
}

TEST_P(FloatingPoint, EventsAmongTraps) {
  ToyMachine m(GetParam());
  const uint64_t pc = load_loop(m);
  auto cpu = m.new_cpu(pc);
  start_loop(cpu, 300000);
  std::atomic<bool> done{false};
  std::thread kicker([&] {
    while (!done.load()) {
      cpu.vcpu->kick();
      usleep(50);
    }
  });
  unsigned events = 0;
  for (;;) {
    const tcg::Exit exit = m.run(cpu);
    if (exit == tcg::Exit::kHalt) break;
    ASSERT_EQ(exit, tcg::Exit::kEvent);
    cpu.vcpu->clear_kick();
    ++events;
  }
  done = true;
  kicker.join();
  EXPECT_EQ(lane(cpu, 0, 0), bits(300001));
  EXPECT_EQ(lane(cpu, 0, 1), kQuieted);
  EXPECT_GT(events, 0u);
}

uint64_t control_word(void*, uint64_t, uint64_t, uint64_t, uint64_t) { return _mm_getcsr(); }

// Helpers run with the guest's control word, or with the host's if they say so; the guest's survives both.
TEST_P(FloatingPoint, ControlWordInHelpers) {
  ToyMachine m(GetParam());
  constexpr uint32_t kEffects = ir::kHelperNoFault | ir::kHelperNoMem | ir::kHelperListsState;
  m.guest.helpers.push_back({"guest", control_word, kEffects});
  m.guest.helpers.push_back({"host", control_word, kEffects | ir::kHelperFp});
  Asm a;
  a.emit(kHelper, 2, 0, 0).emit(kHelper, 3, 0, 1).emit(kFadd, 0, 1).emit(kHalt);
  auto cpu = m.new_cpu(m.load(a));
  cpu.vcpu->header().set_fp_rounding(2);
  set_vector(cpu, 0, kOne, kOne);
  set_vector(cpu, 1, 1, 0);  // the smallest denormal number
  EXPECT_EQ(m.run(cpu), tcg::Exit::kHalt);
  const bool interpreted = GetParam() == tcg::BackendKind::kInterp || GetParam().interpret_first;
  EXPECT_EQ(cpu.r(2), interpreted ? tcg::kHostMxcsr : (tcg::kGuestMxcsr | 2u << tcg::kMxcsrRoundingShift));
  EXPECT_EQ(cpu.r(3), tcg::kHostMxcsr);
  EXPECT_EQ(lane(cpu, 0, 0), kOne + 1) << "rounded up";
  EXPECT_EQ(lane(cpu, 0, 1), kOne);
  EXPECT_EQ(cpu.vcpu->header().fp_sticky() & ~uint32_t{fpu::kDenormal}, fpu::kInexact);
  EXPECT_EQ(_mm_getcsr() & ~tcg::kMxcsrFlags, tcg::kHostMxcsr);
}

// A helper that computes faults: the guest's control word is still the guest's afterwards.
uint64_t fault(void*, uint64_t address, uint64_t, uint64_t, uint64_t) {
  return *reinterpret_cast<volatile uint64_t*>(address);
}
TEST_P(FloatingPoint, AFaultInAHelperThatComputes) {
  ToyMachine m(GetParam());
  m.guest.helpers.push_back({"fault", fault, ir::kHelperFp});
  Asm a;
  a.emit(kFadd, 0, 1).emit(kHelper, 2, 0, 0).emit(kHalt);
  auto cpu = m.new_cpu(m.load(a));
  cpu.vcpu->header().set_fp_rounding(2);
  set_vector(cpu, 0, kOne, kOne);
  set_vector(cpu, 1, 1, 0);
  cpu.r(2) = 8;
  EXPECT_EQ(m.run(cpu), tcg::Exit::kFault);
  EXPECT_EQ(cpu.vcpu->header().fp_rounding(), 2u);
  EXPECT_TRUE(cpu.vcpu->header().fp_sticky() & fpu::kInexact);
  EXPECT_EQ(_mm_getcsr() & ~tcg::kMxcsrFlags, tcg::kHostMxcsr);
}

// The same while the helper has something else in the register that emitted code keeps the state in.
uint64_t fault_with_another_rbp(void*, uint64_t address, uint64_t, uint64_t, uint64_t) {
  uint64_t value;
  asm volatile("push %%rbp\n\tlea -4096(%%rsp), %%rbp\n\tmov (%1), %0\n\tpop %%rbp"
               : "=&r"(value)
               : "r"(address)
               : "memory");
  return value;
}
TEST_P(FloatingPoint, AFaultInAHelperThatUsesEveryRegister) {
  ToyMachine m(GetParam());
  m.guest.helpers.push_back({"fault", fault_with_another_rbp, 0});
  Asm a;
  a.emit(kFadd, 0, 1).emit(kHelper, 2, 0, 0).emit(kHalt);
  auto cpu = m.new_cpu(m.load(a));
  cpu.vcpu->header().set_fp_rounding(2);
  set_vector(cpu, 0, kOne, kOne);
  set_vector(cpu, 1, 1, 0);
  cpu.r(2) = 8;
  EXPECT_EQ(m.run(cpu), tcg::Exit::kFault);
  EXPECT_EQ(cpu.vcpu->header().fp_rounding(), 2u);
  EXPECT_TRUE(cpu.vcpu->header().fp_sticky() & fpu::kInexact);
}

}  // namespace
}  // namespace xarch::toy
