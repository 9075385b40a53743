// Labels, relocations, padding: assembled and executed.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "tests/emitter/forms.h"
#include "tests/emitter/mc.h"

namespace xarch::test {
namespace {

using namespace x86_64;

constexpr size_t kSize = 1 << 16;

// A page range that is writable at one address and executable at another.
class LabelTest : public testing::Test {
 protected:
  void SetUp() override {
    const int fd = memfd_create("xarch-emitter-test", MFD_CLOEXEC);
    ASSERT_GE(fd, 0);
    ASSERT_EQ(ftruncate(fd, kSize), 0);
    write_ = static_cast<uint8_t*>(mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
    run_ = static_cast<uint8_t*>(mmap(nullptr, kSize, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0));
    close(fd);
    ASSERT_NE(write_, MAP_FAILED);
    ASSERT_NE(run_, MAP_FAILED);
    a_.reset(write_, write_ + kSize, run_ - write_);
  }
  void TearDown() override {
    munmap(write_, kSize);
    munmap(run_, kSize);
  }
  uint64_t run(uint64_t x = 0, uint64_t y = 0) {
    return reinterpret_cast<uint64_t (*)(uint64_t, uint64_t)>(run_)(x, y);
  }

  uint8_t* write_ = nullptr;
  uint8_t* run_ = nullptr;
  Assembler a_;
};

TEST_F(LabelTest, LoopBackward) {
  const Label top = a_.new_label();
  a_.mov_imm(64, Reg::rax, 0);
  a_.bind(top);
  a_.alu(Alu::kAdd, 64, Reg::rax, Reg::rdi);
  a_.alu(Alu::kSub, 64, Reg::rdi, 1);
  uint8_t* before = a_.cursor();
  a_.jcc(Cc::ne, top);
  EXPECT_EQ(a_.cursor() - before, 2) << "near and bound: short";
  a_.ret();
  EXPECT_EQ(run(100), 5050u);
}

TEST_F(LabelTest, ShortReachExactly) {
  // The furthest backward target of a short jump, and the first one that needs the long form.
  for (size_t distance : {126u, 127u}) {
    a_.reset(write_, write_ + kSize, run_ - write_);
    const Label l = a_.new_label();
    a_.bind(l);
    a_.nop(distance);
    uint8_t* before = a_.cursor();
    a_.jmp(l);
    EXPECT_EQ(a_.cursor() - before, distance == 126 ? 2 : 5);
    const McInstruction i = Mc().decode(before, 16);
    EXPECT_EQ(i.text, "jmp -" + std::to_string(distance == 126 ? 128 : 132));
  }
}

TEST_F(LabelTest, ShortForwardReachExactly) {
  const Label l = a_.new_label(), skip = a_.new_label();
  a_.mov_imm(64, Reg::rax, 1);
  a_.test(64, Reg::rdi, Reg::rdi);
  a_.jcc_short(Cc::e, l);
  a_.nop(62);
  a_.jmp_short(l);
  a_.nop(63);
  EXPECT_FALSE(a_.is_bound(l));
  a_.bind(l);
  EXPECT_TRUE(a_.is_bound(l));
  EXPECT_EQ(a_.offset(l), a_.size());
  a_.bind(skip);
  a_.ret();
  EXPECT_EQ(run(0), 1u);
  EXPECT_EQ(run(1), 1u);
}

TEST_F(LabelTest, ShortForwardTooFarAborts) {
  const Label l = a_.new_label();
  a_.jmp_short(l);
  a_.nop(128);
  EXPECT_DEATH(a_.bind(l), "does not reach");
  const Label m = a_.new_label();
  a_.bind(m);
  a_.nop(127);
  EXPECT_DEATH(a_.jmp_short(m), "does not reach");
  const Label n = a_.new_label();
  a_.jmp_short(n);
  a_.nop(126);
  EXPECT_DEATH(a_.jmp_short(n), "does not reach");
  EXPECT_DEATH(a_.bind(m), "bound twice");
}

TEST_F(LabelTest, CallsAndRipRelativeDataWithTrailingImmediates) {
  const Label data = a_.new_label(), wide = a_.new_label(), fn = a_.new_label(), out = a_.new_label();
  a_.call(fn);
  a_.alu(Alu::kCmp, 32, Mem::label(data), 0x1234567);  // imm32 behind the displacement
  a_.jcc(Cc::ne, out);
  a_.alu(Alu::kCmp, 64, Mem::label(wide), -2);  // imm8
  a_.jcc(Cc::ne, out);
  a_.test(16, Mem::label(data), 0x4567);  // imm16
  a_.jcc(Cc::e, out);
  a_.sse(Simd::movdqu, Xmm::xmm0, Mem::label(wide));
  a_.sse(Simd::pextrd, Reg::rcx, Xmm::xmm0, 2);
  a_.alu(Alu::kAdd, 64, Reg::rax, Reg::rcx);
  a_.lea(64, Reg::rcx, Mem::label(data));
  a_.alu(Alu::kAdd, 32, Reg::rax, Mem::at(Reg::rcx));
  a_.bind(out);
  a_.ret();
  a_.align(16);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(a_.run_address(a_.cursor())) % 16, 0u);
  a_.bind(fn);
  a_.mov_imm(64, Reg::rax, 1000);
  a_.ret();
  a_.bind(data);
  a_.put32(0x1234567);
  a_.bind(wide);
  a_.put64(static_cast<uint64_t>(-2));
  a_.put32(30000);
  a_.put16(1);
  a_.put8(2);
  a_.put8(3);
  EXPECT_EQ(run(), 1000u + 30000u + 0x1234567u);
}

TEST_F(LabelTest, ManyReferencesToOneLabel) {
  const Label l = a_.new_label();
  for (int i = 0; i < 500; i++) {
    a_.alu(Alu::kCmp, 64, Reg::rdi, i);
    if (i % 3 == 0) {
      a_.lea(64, Reg::rax, Mem::label(l));
      a_.jcc(Cc::e, l);
    } else {
      a_.jcc(Cc::e, l);
    }
  }
  a_.mov_imm(64, Reg::rdi, 9999);
  a_.bind(l);
  a_.lea(64, Reg::rcx, Mem::label(l));
  a_.mov(64, Reg::rdx, Reg::rax);
  a_.mov(64, Reg::rax, Reg::rdi);
  a_.alu(Alu::kSub, 64, Reg::rdx, Reg::rcx);
  a_.alu(Alu::kAdd, 64, Reg::rax, Reg::rdx);  // zero if all leas agree
  a_.ret();
  for (uint64_t x = 0; x < 500; x++) EXPECT_EQ(run(x), x);
  EXPECT_EQ(run(500), 9999u);
}

TEST_F(LabelTest, HostAddresses) {
  // Jumps, calls and data at absolute run addresses inside the buffer; indirect through a data cell.
  EXPECT_TRUE(a_.reachable(run_));
  EXPECT_FALSE(a_.reachable(run_ + (1ull << 33)));
  uint8_t* const leaf = write_ + 0x1000;
  uint8_t* const value = write_ + 0x2000;
  a_.call(a_.run_address(leaf));
  a_.alu(Alu::kAdd, 64, Reg::rax, Mem::absolute(run_ + 0x2000));
  a_.test(64, Reg::rdi, Reg::rdi);
  a_.jcc(Cc::ne, a_.run_address(write_ + 0x3000));
  a_.jmp(a_.run_address(write_ + 0x3800));
  Assembler b(leaf, leaf + 256, run_ - write_);
  b.mov_imm(64, Reg::rax, 5);
  b.ret();
  b.reset(value, value + 256, run_ - write_);
  b.put64(7);
  b.reset(write_ + 0x3000, write_ + 0x3100, run_ - write_);
  b.alu(Alu::kOr, 64, Reg::rax, 0x100);
  b.ret();
  b.reset(write_ + 0x3800, write_ + 0x3900, run_ - write_);
  b.ret();
  EXPECT_EQ(run(0), 12u);
  EXPECT_EQ(run(1), 0x10cu);
}

TEST_F(LabelTest, Rewind) {
  a_.mov_imm(64, Reg::rax, 1);
  uint8_t* mark = a_.cursor();
  a_.mov_imm(64, Reg::rax, 2);
  a_.rewind(mark);
  a_.ret();
  EXPECT_EQ(run(), 1u);
}

TEST_F(LabelTest, Nops) {
  const Mc mc;
  for (size_t n = 0; n < 40; n++) {
    a_.reset(write_, write_ + kSize, run_ - write_);
    a_.nop(n);
    ASSERT_EQ(a_.size(), n);
    size_t count = 0;
    for (size_t at = 0; at < n; count++) {
      const McInstruction i = mc.decode(write_ + at, n - at);
      ASSERT_NE(i.text.find("nop"), std::string::npos) << i.text;
      at += i.length;
    }
    EXPECT_EQ(count, (n + 8) / 9);
    a_.ret();
    run();
  }
}

// Random control flow graphs of the form "block i adds its weight and goes to block j or returns", against a
// model.
TEST_F(LabelTest, RandomGraphs) {
  constexpr unsigned kSeed = 4711;
  std::printf("seed %u\n", kSeed);
  std::mt19937 random(kSeed);
  for (int round = 0; round < 200; round++) {
    a_.reset(write_, write_ + kSize, run_ - write_);
    const size_t n = 2 + random() % 60;
    std::vector<Label> labels(n);
    std::vector<size_t> order(n), next(n);
    std::vector<int32_t> weight(n);
    for (size_t i = 0; i < n; i++) {
      labels[i] = a_.new_label();
      order[i] = i;
      next[i] = i + 1;
      weight[i] = static_cast<int32_t>(random());
    }
    std::shuffle(order.begin(), order.end(), random);
    a_.mov_imm(64, Reg::rax, 0);
    a_.jmp(labels[0]);
    for (size_t i : order) {
      a_.nop(random() % 70);
      a_.bind(labels[i]);
      a_.alu(Alu::kAdd, 64, Reg::rax, weight[i]);
      a_.alu(Alu::kXor, 64, Reg::rax, static_cast<int32_t>(i));
      if (i + 1 == n) {
        a_.ret();
      } else if (random() & 1) {
        a_.jmp(labels[next[i]]);
      } else {
        a_.test(32, Reg::rax, Reg::rax);
        a_.jcc(Cc::s, labels[next[i]]);
        a_.jcc(!Cc::s, labels[next[i]]);
      }
    }
    uint64_t expected = 0;
    for (size_t i = 0; i < n; i++) {
      expected += static_cast<uint64_t>(static_cast<int64_t>(weight[i]));
      expected ^= i;
    }
    ASSERT_EQ(run(), expected) << "round " << round;
  }
}

}  // namespace
}  // namespace xarch::test
