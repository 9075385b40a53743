// Faults are precise for every kind of access.
#include <csignal>
#include <cstring>

#include "tests/hazard/hazard.h"

namespace xarch::toy {
namespace {

class Fault : public testing::TestWithParam<std::tuple<Executor, uint64_t>> {
 protected:
  Executor backend() const { return std::get<0>(GetParam()); }
  uint64_t base() const { return std::get<1>(GetParam()); }
};
INSTANTIATE_TEST_SUITE_P(Backends, Fault,
                         testing::Combine(backends(), testing::Values(uint64_t{0}, uint64_t{0x10000000})),
                         [](const auto& i) {
                           return std::string(std::get<0>(i.param).name()) +
                                  (std::get<1>(i.param) == 0 ? "" : "_base");
                         });

struct Kind {
  Op op;
  unsigned bytes;
  bool write;
};
constexpr Kind kKinds[] = {
    {kLd8, 8, false},       {kLd4, 4, false},  {kLd2, 2, false},      {kLd1, 1, false},
    {kSt8, 8, true},        {kSt4, 4, true},   {kSt2, 2, true},       {kSt1, 1, true},
    {kLdBe, 8, false},      {kLdv, 16, false}, {kStv, 16, true},      {kLdTag, 8, false},
    {kLdAligned, 8, false}, {kStTag, 8, true}, {kAtomicAdd, 8, true}, {kCas, 8, true}};

// Registers that are dirty at the fault, in hot and other slots.
void expect_state(ToyMachine::Cpu& cpu, const Kind& k, uint64_t fault_pc) {
  SCOPED_TRACE(testing::Message() << "op " << k.op);
  EXPECT_EQ(cpu.state().pc, fault_pc);
  EXPECT_EQ(cpu.r(1), 0x1111u);
  EXPECT_EQ(cpu.r(11), 0x1112u);
  EXPECT_EQ(cpu.r(2), 0x2223u);
  EXPECT_EQ(cpu.r(3), 0x3333u) << "the access itself did nothing";
}

Asm one_access(const Kind& k) {
  Asm a;
  a.emit(kMovi, 1, 0, 0x1111).emit(kAddi, 11, 1, 1).emit(kAdd, 2, 1, 11).emit(k.op, 3, 12, 4);
  a.emit(kMovi, 1, 0, 9).emit(kMovi, 11, 0, 9).emit(kHalt);
  return a;
}

TEST_P(Fault, UnmappedInEveryKindOfAccess) {
  ToyMachine m(backend(), base());
  const uint64_t page = m.memory.map(8192, PROT_READ | PROT_WRITE);
  m.memory.protect(page + 4096, 4096, PROT_NONE);
  for (const Kind& k : kKinds) {
    const bool atomic = k.op == kAtomicAdd || k.op == kCas;
    const uint64_t pc = m.load(one_access(k));
    auto cpu = m.new_cpu(pc);
    cpu.r(3) = 0x3333;
    // Displacement 4 for the others; the operand index of the atomics.
    cpu.r(12) = page + 4096 + 64 - (atomic ? 0 : 4);
    EXPECT_EQ(m.run(cpu), Exit::kFault);
    expect_state(cpu, k, pc + 12);
    const tcg::FaultInfo& f = cpu.vcpu->fault();
    EXPECT_EQ(f.addr, page + 4096 + 64);
    EXPECT_EQ(f.size, k.bytes) << k.op;
    EXPECT_EQ(f.write, k.write) << k.op;
    EXPECT_EQ(f.signo, SIGSEGV);
    EXPECT_EQ(f.code, SEGV_ACCERR);
    EXPECT_EQ(m.guest.last_restore, 4u);
  }
}

TEST_P(Fault, NonCanonicalAddress) {
  ToyMachine m(backend(), base());
  m.guest.tags = false;
  for (const Kind& k : kKinds) {
    if (k.op == kLdTag || k.op == kStTag) continue;
    const bool atomic = k.op == kAtomicAdd || k.op == kCas;
    const uint64_t pc = m.load(one_access(k));
    auto cpu = m.new_cpu(pc);
    cpu.r(3) = 0x3333;
    cpu.r(12) = 0x4000000000001000 - (atomic ? 0 : 4);
    EXPECT_EQ(m.run(cpu), Exit::kFault);
    expect_state(cpu, k, pc + 12);
    EXPECT_EQ(cpu.vcpu->fault().addr, 0x4000000000001000u) << k.op;
    EXPECT_EQ(cpu.vcpu->fault().write, k.write) << k.op;
  }
}

TEST_P(Fault, AcrossTwoPages) {
  ToyMachine m(backend(), base());
  const uint64_t page = m.memory.map(8192, PROT_READ | PROT_WRITE);
  memset(m.memory.host(page + 4000), 0x5a, 96);
  m.memory.protect(page + 4096, 4096, PROT_NONE);
  for (const Kind& k : kKinds) {
    if (k.bytes < 2 || k.op == kLdAligned || k.op == kAtomicAdd || k.op == kCas) continue;
    const uint64_t pc = m.load(one_access(k));
    auto cpu = m.new_cpu(pc);
    cpu.r(3) = 0x3333;
    cpu.r(12) = page + 4096 - 1 - 4;
    EXPECT_EQ(m.run(cpu), Exit::kFault);
    expect_state(cpu, k, pc + 12);
    EXPECT_EQ(cpu.vcpu->fault().addr, page + 4096) << "the page that is missing, op " << k.op;
    EXPECT_EQ(*static_cast<uint8_t*>(m.memory.host(page + 4095)), 0x5a) << "nothing stored, op " << k.op;
  }
}

TEST_P(Fault, ReadOnlyPageTakesNoStore) {
  ToyMachine m(backend(), base());
  const uint64_t page = m.memory.map(4096, PROT_READ);
  for (const Kind& k : kKinds) {
    if (!k.write) continue;
    const uint64_t pc = m.load(one_access(k));
    auto cpu = m.new_cpu(pc);
    cpu.r(3) = 0x3333;
    cpu.r(12) = page + 128;
    EXPECT_EQ(m.run(cpu), Exit::kFault);
    expect_state(cpu, k, pc + 12);
    EXPECT_TRUE(cpu.vcpu->fault().write);
  }
}

TEST_P(Fault, AlignmentRule) {
  ToyMachine m(backend(), base());
  const uint64_t page = m.memory.map(4096, PROT_READ | PROT_WRITE);
  const Kind k{kLdAligned, 8, false};
  const uint64_t pc = m.load(one_access(k));
  auto cpu = m.new_cpu(pc);
  cpu.r(3) = 0x3333;
  cpu.r(12) = page + 128;  // and displacement 4
  EXPECT_EQ(m.run(cpu), Exit::kFault);
  expect_state(cpu, k, pc + 12);
  EXPECT_EQ(cpu.vcpu->fault().addr, page + 132);
  EXPECT_EQ(cpu.vcpu->fault().signo, SIGBUS);
  EXPECT_EQ(cpu.vcpu->fault().code, BUS_ADRALN);
}

TEST_P(Fault, ProbeForWriting) {
  ToyMachine m(backend(), base());
  const uint64_t page = m.memory.map(4096, PROT_READ);
  Asm a;
  a.emit(kMovi, 1, 0, 5).emit(kProbeW, 0, 12, 0).emit(kMovi, 1, 0, 6).emit(kHalt);
  const uint64_t pc = m.load(a);
  auto cpu = m.new_cpu(pc);
  cpu.r(12) = page;
  EXPECT_EQ(m.run(cpu), Exit::kFault);
  EXPECT_EQ(cpu.state().pc, pc + 4);
  EXPECT_EQ(cpu.r(1), 5u);
  m.memory.protect(page, 4096, PROT_READ | PROT_WRITE);
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(1), 6u);
}

TEST_P(Fault, GoesOnAfterTheHandlerHasMendedIt) {
  ToyMachine m(backend(), base());
  const uint64_t page = m.memory.map(4096, PROT_READ | PROT_WRITE);
  *static_cast<uint64_t*>(m.memory.host(page)) = 99;
  Asm a;
  a.emit(kAddi, 1, 1, 1).emit(kLd8, 2, 12, 0).emit(kAdd, 3, 1, 2).emit(kHalt);
  auto cpu = m.new_cpu(m.load(a));
  m.memory.protect(page, 4096, PROT_NONE);
  cpu.r(12) = page;
  EXPECT_EQ(m.run(cpu), Exit::kFault);
  m.memory.protect(page, 4096, PROT_READ);
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(3), 100u);
}

TEST_P(Fault, TaggedAddressIsCompleted) {
  ToyMachine m(backend(), base());
  const uint64_t page = m.memory.map(4096, PROT_READ | PROT_WRITE);
  Asm a;
  a.emit(kAddi, 1, 1, 1).emit(kStTag, 5, 12, 0).emit(kLdTag, 2, 13, 0).emit(kAddi, 3, 3, 1).emit(kHalt);
  auto cpu = m.new_cpu(m.load(a));
  cpu.r(5) = 0x1234;
  cpu.r(12) = page | uint64_t{0xab} << 56;
  cpu.r(13) = page | uint64_t{0x17} << 56;
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(2), 0x1234u);
  EXPECT_EQ(cpu.r(1), 1u);
  EXPECT_EQ(cpu.r(3), 1u);
}

// A fault in a helper: everything stands in the state block, at the calling instruction.
uint64_t peek(void* state, uint64_t addr, uint64_t, uint64_t, uint64_t) {
  return *reinterpret_cast<volatile uint64_t*>(addr + static_cast<State*>(state)->hdr.guest_base);
}

TEST_P(Fault, InAHelper) {
  ToyMachine m(backend(), base());
  m.guest.helpers.push_back({"peek", peek, 0, {}, {}});
  const uint64_t page = m.memory.map(4096, PROT_READ | PROT_WRITE);
  m.memory.protect(page, 4096, PROT_NONE);
  Asm a;
  a.emit(kMovi, 1, 0, 21).emit(kMovi, 11, 0, 22).emit(kHelper, 12, 0, 0).emit(kMovi, 1, 0, 3).emit(kHalt);
  const uint64_t pc = m.load(a);
  auto cpu = m.new_cpu(pc);
  cpu.r(12) = page + 8;
  EXPECT_EQ(m.run(cpu), Exit::kFault);
  EXPECT_EQ(cpu.state().pc, pc + 8);
  EXPECT_EQ(cpu.r(1), 21u);
  EXPECT_EQ(cpu.r(11), 22u);
  EXPECT_EQ(cpu.r(12), page + 8);
  EXPECT_EQ(cpu.vcpu->fault().addr, page + 8);
  EXPECT_FALSE(cpu.vcpu->fault().write);
  EXPECT_EQ(m.guest.last_restore, 3u);
  m.memory.protect(page, 4096, PROT_READ);
  EXPECT_EQ(m.run(cpu), Exit::kHalt);
  EXPECT_EQ(cpu.r(12), 0u);
}

// The restore word of the right one of several calls, with accesses (which have records too) around them.
TEST_P(Fault, InOneOfManyHelpers) {
  ToyMachine m(backend(), base());
  m.guest.helpers.push_back({"peek", peek, 0, {}, {}});
  const uint64_t good = m.memory.map(4096, PROT_READ | PROT_WRITE);
  const uint64_t bad = m.memory.map(4096, PROT_READ | PROT_WRITE);
  m.memory.protect(bad, 4096, PROT_NONE);
  for (unsigned at = 0; at < 4; ++at) {
    Asm a;
    for (unsigned n = 0; n < 4; ++n) a.emit(kLd8, 3, 14, 0).emit(kHelper, 4 + n, 0, 0).emit(kSt8, 3, 14, 8);
    a.emit(kHalt);
    const uint64_t pc = m.load(a);
    auto cpu = m.new_cpu(pc);
    for (unsigned n = 0; n < 4; ++n) cpu.r(4 + n) = n == at ? bad : good;
    cpu.r(14) = good;
    m.guest.last_restore = 0;
    EXPECT_EQ(m.run(cpu), Exit::kFault);
    EXPECT_EQ(cpu.state().pc, pc + 4 * (3 * at + 1));
    EXPECT_EQ(m.guest.last_restore, 3 * at + 2);
  }
}

}  // namespace
}  // namespace xarch::toy
