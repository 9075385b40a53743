// Memory operands decoded from emitted bytes: against LLVM MC for every form, and against the processor's own
// faults.
#include "tcg/backend/x86_64/operand_decode.h"

#include <gtest/gtest.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>

#include <random>
#include <set>

#include "tests/emitter/forms.h"
#include "tests/emitter/mc.h"

namespace xarch::test {
namespace {

using namespace x86_64;

// What MC's text says about the operand: its size by name and its address as text.
struct TextOperand {
  unsigned size = 0;
  std::string address;
};

TextOperand parse_text(const std::string& text) {
  static const std::pair<const char*, unsigned> kSizes[] = {
      {"tbyte ptr", 10}, {"xmmword ptr", 16}, {"ymmword ptr", 32}, {"qword ptr", 8},
      {"dword ptr", 4},  {"word ptr", 2},     {"byte ptr", 1}};
  TextOperand t;
  for (const auto& [name, size] : kSizes) {
    if (text.find(name) == std::string::npos) continue;
    t.size = size;
    break;
  }
  const size_t open = text.find('[');
  const size_t gs = text.find("gs:[");
  const size_t from = gs != std::string::npos ? gs : open;
  if (open != std::string::npos) t.address = text.substr(from, text.find(']') + 1 - from);
  return t;
}

class OperandDecodeTest : public testing::Test {
 protected:
  void report(const Instance& i, const std::string& what) {
    failures_++;
    if (reported_.insert(std::string(i.form) + what).second && reported_.size() < 60) {
      ADD_FAILURE() << i.form << ": " << i.text << ": " << what;
    }
  }

  // MC marks prefetches as accesses and leaves the flags of some instructions open; what they do is known.
  Access expected_access(const Instance& i, const McInstruction& mc) {
    if (i.form.starts_with("prefetch") || i.form.starts_with("lea")) return Access::kNone;
    if (i.form == "push(Mem)") return Access::kRead;
    if (i.form == "pop(Mem)") return Access::kWrite;
    if (i.form == "call(Mem)" || i.form == "ldmxcsr(Mem)") return Access::kRead;
    return static_cast<Access>((mc.may_load ? 1 : 0) | (mc.may_store ? 2 : 0));
  }

  void check(const Instance& i) {
    Assembler a(code_buffer + 4096, code_buffer + kBufferSize);
    i.emit(a);
    checked_++;
    DecodedOperand d;
    const bool ok = decode_operand(a.begin(), a.size(), &d);
    if (i.mem == nullptr) {
      if (ok) report(i, "has no memory operand, decoded one");
      return;
    }
    if (!ok) return report(i, "not decoded");
    const McInstruction mc = mc_.decode(a.begin(), a.size());
    const TextOperand t = parse_text(mc.text);
    const Access access = expected_access(i, mc);
    if (d.length != mc.length) report(i, "length " + std::to_string(d.length));
    if (d.access != access) report(i, "access " + std::to_string(static_cast<int>(d.access)));
    if (d.size != (access == Access::kNone ? 0 : t.size)) report(i, "size " + std::to_string(d.size));
    if (mem_text(d.mem, 0) != t.address) report(i, "address " + mem_text(d.mem, 0));
    if (d.lock != mc.text.starts_with("lock ")) report(i, "lock");
    for (size_t n = 0; n < a.size(); n++) {
      if (decode_operand(a.begin(), n, &d)) return report(i, "decoded although cut off");
    }
  }
  void TearDown() override { EXPECT_EQ(failures_, 0) << "of " << checked_; }

  Mc mc_;
  std::set<std::string> reported_;
  int checked_ = 0;
  int failures_ = 0;
};

TEST_F(OperandDecodeTest, EveryForm) {
  visit_forms([&](const Instance& i) { check(i); });
  EXPECT_GT(checked_, 400000);
}

TEST_F(OperandDecodeTest, EveryAddressingMode) {
  for (const Mem& m : all_memory_modes()) {
    check({"load", "", [&](Assembler& a) { a.mov(64, Reg::r9, m); }, &m});
    check({"imm", "", [&](Assembler& a) { a.alu(Alu::kAdd, 32, m, 1000); }, &m});
    check({"vex", "", [&](Assembler& a) { a.avx(Simd::paddb, 256, Xmm::xmm9, Xmm::xmm1, m); }, &m});
    check({"3a", "", [&](Assembler& a) { a.sse(Simd::pextrb, m, Xmm::xmm12, 3); }, &m});
  }
}

// Bytes that mean nothing to the assembler must be refused or decoded, never read past their end.
TEST(OperandDecode, RandomBytes) {
  constexpr unsigned kSeed = 99;
  std::printf("seed %u\n", kSeed);
  std::mt19937 random(kSeed);
  int decoded = 0;
  for (int n = 0; n < 300000; n++) {
    const size_t size = random() % 16;
    std::vector<uint8_t> bytes(size);  // its own allocation, so that sanitizers see an overrun
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
    DecodedOperand d;
    if (!decode_operand(bytes.data(), size, &d)) continue;
    decoded++;
    EXPECT_LE(d.length, size);
    EXPECT_LE(d.size, 32);
  }
  EXPECT_GT(decoded, 10000);
}

// ---- Real faults: the handler's view of address and direction against the kernel's.

sigjmp_buf g_resume;
struct Seen {
  bool decoded;
  DecodedOperand operand;
  uint64_t address;
  uint64_t reported;
  bool write;
} g_seen;

void on_fault(int, siginfo_t* info, void* context) {
  const ucontext_t& uc = *static_cast<ucontext_t*>(context);
  g_seen.decoded =
      decode_operand(reinterpret_cast<HostPc>(uc.uc_mcontext.gregs[REG_RIP]), 15, &g_seen.operand);
  if (g_seen.decoded) g_seen.address = effective_address(g_seen.operand.mem, uc, 0);
  g_seen.reported = reinterpret_cast<uintptr_t>(info->si_addr);
  g_seen.write =
      (uc.uc_mcontext.gregs[REG_ERR] & 2) != 0;  // the processor's page-fault code: bit 1 is a write
  siglongjmp(g_resume, 1);
}

class FaultTest : public testing::Test {
 protected:
  void SetUp() override {
    struct sigaction act = {};
    act.sa_sigaction = on_fault;
    act.sa_flags = SA_SIGINFO | SA_NODEFER;
    sigaction(SIGSEGV, &act, &old_);
    code_ = static_cast<uint8_t*>(
        mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    trap_ = static_cast<uint8_t*>(mmap(nullptr, kTrapSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  }
  void TearDown() override {
    sigaction(SIGSEGV, &old_, nullptr);
    munmap(code_, 4096);
    munmap(trap_, kTrapSize);
  }

  // Loads every general register from an array except rsp, then runs one instruction that must fault.
  void run(const uint64_t (&regs)[16], const Emit& emit) {
    Assembler a(code_, code_ + 4096);
    for (unsigned n = 0; n < 16; n++) {
      if (n != num(Reg::rsp)) a.mov_imm(64, static_cast<Reg>(n), regs[n]);
    }
    emit(a);
    a.ud2();
    g_seen = {};
    if (sigsetjmp(g_resume, 1) == 0) reinterpret_cast<void (*)()>(code_)();
  }

  static constexpr size_t kTrapSize = 1 << 24;
  struct sigaction old_ = {};
  uint8_t* code_ = nullptr;
  uint8_t* trap_ = nullptr;
};

TEST_F(FaultTest, AddressAndDirection) {
  constexpr unsigned kSeed = 7;
  std::printf("seed %u\n", kSeed);
  std::mt19937_64 random(kSeed);
  const std::function<void(Assembler&, const Mem&)> kOps[] = {
      [](Assembler& a, const Mem& m) { a.mov(64, Reg::rdx, m); },
      [](Assembler& a, const Mem& m) { a.mov(8, m, Reg::rdx); },
      [](Assembler& a, const Mem& m) { a.movzx(Reg::rdx, 16, m); },
      [](Assembler& a, const Mem& m) { a.alu(Alu::kAdd, 32, m, Reg::r9); },
      [](Assembler& a, const Mem& m) { a.alu(Alu::kCmp, 16, m, 1000); },
      [](Assembler& a, const Mem& m) { a.lock_cmpxchg(64, m, Reg::r15); },
      [](Assembler& a, const Mem& m) { a.sse(Simd::movups, Xmm::xmm9, m); },
      [](Assembler& a, const Mem& m) { a.sse(Simd::movsd_st, m, Xmm::xmm3); },
      [](Assembler& a, const Mem& m) { a.sse(Simd::pmovzxbq, Xmm::xmm3, m); },
      [](Assembler& a, const Mem& m) { a.setcc(Cc::e, m); }};
  for (int n = 0; n < 4000; n++) {
    uint64_t regs[16];
    for (uint64_t& r : regs) r = random() % (1 << 18);
    Reg base = static_cast<Reg>(random() % 16), index = static_cast<Reg>(random() % 16);
    if (base == Reg::rsp) base = Reg::r12;
    if (index == Reg::rsp || index == base) index = Reg::none;
    const int32_t disp = static_cast<int32_t>(random() % 0x200000) - 0x100000;
    const unsigned scale = index == Reg::none ? 0 : random() % 4;
    // The base such that the address falls into the middle of the trap.
    const uint64_t target = reinterpret_cast<uintptr_t>(trap_) + kTrapSize / 2 + random() % 4096;
    regs[num(base)] = target - static_cast<uint64_t>(static_cast<int64_t>(disp)) -
                      (index == Reg::none ? 0 : regs[num(index)] << scale);
    const Mem m = Mem::at(base, index, scale, disp);
    const auto& op = kOps[static_cast<size_t>(n) % std::size(kOps)];
    run(regs, [&](Assembler& a) { op(a, m); });
    ASSERT_TRUE(g_seen.decoded) << n;
    EXPECT_EQ(g_seen.address, target);
    EXPECT_EQ(g_seen.reported, target);
    const bool writes =
        g_seen.operand.access == Access::kWrite || g_seen.operand.access == Access::kReadWrite;
    // A read-modify-write access may be reported as a write or, on the read, as a read.
    if (g_seen.operand.access != Access::kReadWrite) {
      EXPECT_EQ(writes, g_seen.write);
    }
  }
}

// Above the canonical half the kernel reports address zero: the decoded one is the only source.
TEST_F(FaultTest, NonCanonicalAddress) {
  uint64_t regs[16] = {};
  regs[num(Reg::rbx)] = 0x8000123400000000;
  run(regs, [](Assembler& a) { a.mov(32, Mem::at(Reg::rbx, 0x10), Reg::rcx); });
  ASSERT_TRUE(g_seen.decoded);
  EXPECT_EQ(g_seen.address, 0x8000123400000010);
  EXPECT_EQ(g_seen.operand.access, Access::kWrite);
  EXPECT_EQ(g_seen.operand.size, 4);
}

}  // namespace
}  // namespace xarch::test
