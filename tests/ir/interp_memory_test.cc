// The interpreter's accesses, atomics, faults and exits.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>
#include <thread>

#include "tcg/backend/interp/interp.h"
#include "tcg/ir/text.h"
#include "tcg/ir/verifier.h"
#include "tests/support/random_ir.h"

namespace xarch::test {
namespace {

using tcg::Exit;

// A page that may be accessed between two that may not, and an interpreter whose guest sees it at 0x10000.
class InterpMemoryTest : public testing::Test {
 protected:
  static constexpr uint64_t kGuest = 0x10000;
  static constexpr size_t kPage = 4096;

  void SetUp() override {
    void* p = mmap(nullptr, 3 * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(p, MAP_FAILED);
    mapping_ = static_cast<uint8_t*>(p);
    page_ = mapping_ + kPage;
    ASSERT_EQ(mprotect(page_, kPage, PROT_READ | PROT_WRITE), 0);
    random_buffer(1, page_, kPage);
    random_state(1, &state_);
    state_.hdr.event = 0;
    state_.hdr.guest_base = reinterpret_cast<uint64_t>(page_) - kGuest;
    state_.x[1] = kGuest;
  }
  void TearDown() override { munmap(mapping_, 3 * kPage); }

  // Runs the ops after `%0 = get i64 x1` (the page's address), `%1 = get i64 x2`, `%2 = get i64 x3`.
  tcg::InterpResult run(const std::string& ops, const std::string& header = "") {
    prepare(ops, header);
    return interpreter_.run(region_, &state_);
  }
  void prepare(const std::string& ops, const std::string& header = "") {
    const std::string text = "region pc=0x400000 mode=0x9\n" + header +
                             "block 0:\ninsn +0\ninsn +4 restore=0x55\n%0 = get i64 x1\n%1 = get i64 x2\n"
                             "%2 = get i64 x3\n" +
                             ops;
    const Result<void> parsed = ir::parse(text, random_layout(), random_helpers(), &region_);
    EXPECT_TRUE(parsed) << parsed.error().message;
    const Result<void> ok = ir::verify(region_);
    EXPECT_TRUE(ok) << ok.error().message;
  }
  // x4 after loading so.
  uint64_t load(const std::string& how) {
    EXPECT_EQ(run("%3 = load i64 " + how + "\nput x4, %3\nhalt +8\n").reason, Exit::kHalt);
    return state_.x[4];
  }
  template <typename T>
  T at(size_t offset) {
    T v;
    std::memcpy(&v, page_ + offset, sizeof v);
    return v;
  }

  uint8_t* mapping_ = nullptr;
  uint8_t* page_ = nullptr;
  tcg::FlatInterpMemory memory_;
  tcg::Interpreter interpreter_{memory_};
  ir::Region region_;
  RandomState state_{};
};

TEST_F(InterpMemoryTest, LoadsOfEachSizeSignAndByteOrder) {
  const uint8_t bytes[] = {0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8};
  std::memcpy(page_ + 3, bytes, 8);
  EXPECT_EQ(load("[%0 + 3] bytes=1"), 0x81u);
  EXPECT_EQ(load("[%0 + 3] bytes=1 signed"), 0xffffffffffffff81u);
  EXPECT_EQ(load("[%0 + 3] bytes=2"), 0x9281u);
  EXPECT_EQ(load("[%0 + 3] bytes=2 big"), 0x8192u);
  EXPECT_EQ(load("[%0 + 3] bytes=2 big signed"), 0xffffffffffff8192u);
  EXPECT_EQ(load("[%0 + 3] bytes=4"), 0xb4a39281u);
  EXPECT_EQ(load("[%0 + 3] bytes=4 signed"), 0xffffffffb4a39281u);
  EXPECT_EQ(load("[%0 + 3] bytes=4 big"), 0x8192a3b4u);
  EXPECT_EQ(load("[%0 + 3] bytes=8"), 0xf8e7d6c5b4a39281u);
  EXPECT_EQ(load("[%0 + 3] bytes=8 big"), 0x8192a3b4c5d6e7f8u);
  run("%3 = load i16 [%0 + 3] bytes=1 signed\n%4 = zext i64 %3\nput x4, %4\nhalt +8\n");
  EXPECT_EQ(state_.x[4], 0xff81u);
}

TEST_F(InterpMemoryTest, VectorsSwapEachElement) {
  for (unsigned i = 0; i < 16; ++i) page_[i] = static_cast<uint8_t>(i);
  run("%3 = load v128 [%0] bytes=16 elem=4 big\nput q2, %3\nhalt +8\n");
  EXPECT_EQ(state_.q[2][0], 0x0405060700010203u);
  EXPECT_EQ(state_.q[2][1], 0x0c0d0e0f08090a0bu);
  run("%3 = get v128 q2\nstore [%0 + 32], %3 bytes=16 elem=2 big\nhalt +8\n");
  EXPECT_EQ(at<uint64_t>(32), 0x0504070601000302u);
  run("%3 = load v128 [%0 + 5] bytes=8 elem=1\nput q2, %3\nhalt +8\n");
  EXPECT_EQ(state_.q[2][0], at<uint64_t>(5));
  EXPECT_EQ(state_.q[2][1], 0u);
  run("%3 = load v256 [%0 + 1] bytes=32 elem=1\nstore [%0 + 101], %3 bytes=32 elem=1\nhalt +8\n");
  EXPECT_EQ(std::memcmp(page_ + 1, page_ + 101, 32), 0);
}

TEST_F(InterpMemoryTest, StoresOfEachSize) {
  state_.x[2] = 0x8192a3b4c5d6e7f8;
  for (unsigned size = 1; size <= 8; size *= 2) {
    std::fill_n(page_, 32, 0x11);
    run("store [%0 + 7], %1 bytes=" + std::to_string(size) +
        "\nstore [%0 + 20], %1 bytes=" + std::to_string(size) + " big\nhalt +8\n");
    for (unsigned i = 0; i < 32; ++i) {
      uint8_t e = 0x11;
      if (i >= 7 && i < 7 + size) e = static_cast<uint8_t>(state_.x[2] >> 8 * (i - 7));
      if (i >= 20 && i < 20 + size) e = static_cast<uint8_t>(state_.x[2] >> 8 * (20 + size - 1 - i));
      EXPECT_EQ(page_[i], e) << "size " << size << " byte " << i;
    }
  }
}

TEST_F(InterpMemoryTest, AddressTransforms) {
  state_.x[1] = kGuest | 0x7700000000;
  EXPECT_EQ(load("[%0 + 8] bytes=8 wrap32"), at<uint64_t>(8));
  state_.x[1] = 0x5a00000000000000 | kGuest;
  EXPECT_EQ(load("[%0 + 8] bytes=8 strip_tag"), at<uint64_t>(8));
  state_.x[1] = 0xfffffff8;
  state_.hdr.guest_base = reinterpret_cast<uint64_t>(page_);
  EXPECT_EQ(load("[%0 + 16] bytes=8 wrap32"), at<uint64_t>(8)) << "wraps round";
}

TEST_F(InterpMemoryTest, TagsAreStrippedInRegionsThatSaySo) {
  state_.x[1] = 0x5a00000000000000 | kGuest;
  ir::Region region;
  ASSERT_TRUE(
      ir::parse("region pc=0x0 mode=0x0 flags=0x100\nblock 0:\ninsn +0\n%0 = get i64 x1\n"
                "%1 = load i64 [%0] bytes=8\nput x4, %1\nhalt +0\n",
                random_layout(), {}, &region));
  EXPECT_EQ(interpreter_.run(region, &state_).reason, Exit::kHalt);
  EXPECT_EQ(state_.x[4], at<uint64_t>(0));
}

TEST_F(InterpMemoryTest, RmwDoesEachOperation) {
  constexpr const char* kOps[] = {"xchg",   "add",  "and",  "or",   "xor",
                                  "andnot", "smax", "smin", "umax", "umin"};
  Rng rng(9);
  for (unsigned n = 0; n < 40; ++n) {
    const uint32_t old = static_cast<uint32_t>(rng.value());
    const uint32_t v = static_cast<uint32_t>(rng.value());
    const int32_t so = static_cast<int32_t>(old);
    const int32_t sv = static_cast<int32_t>(v);
    const uint32_t expected[] = {v,
                                 old + v,
                                 old & v,
                                 old | v,
                                 old ^ v,
                                 old & ~v,
                                 static_cast<uint32_t>(std::max(so, sv)),
                                 static_cast<uint32_t>(std::min(so, sv)),
                                 std::max(old, v),
                                 std::min(old, v)};
    for (unsigned op = 0; op < 10; ++op) {
      for (bool big : {false, true}) {
        const uint32_t in_memory = big ? __builtin_bswap32(old) : old;
        std::memcpy(page_ + 8, &in_memory, 4);
        state_.x[2] = v | uint64_t{0xabcd} << 32;
        run(std::string("%3 = rmw i64 ") + kOps[op] + " [%0 + 8], %1 bytes=4 align=4 atomic" +
            (big ? " big" : "") + "\nput x4, %3\nhalt +8\n");
        EXPECT_EQ(state_.x[4], old);
        const uint32_t now = at<uint32_t>(8);
        EXPECT_EQ(big ? __builtin_bswap32(now) : now, expected[op]) << kOps[op];
      }
    }
  }
}

TEST_F(InterpMemoryTest, CasOfEachSize) {
  for (unsigned size = 1; size <= 8; size *= 2) {
    for (bool hit : {true, false}) {
      std::fill_n(page_, 16, 0x33);
      state_.x[2] = hit ? 0x3333333333333333 : 0x3333333333333334;
      state_.x[3] = 0x0102030405060708;
      run("%3 = cas i64 [%0], %1, %2 bytes=" + std::to_string(size) + " big\nput x4, %3\nhalt +8\n");
      EXPECT_EQ(state_.x[4], 0x3333333333333333u >> (64 - 8 * size));
      EXPECT_EQ(page_[size - 1], hit ? 8 : 0x33) << size;
      EXPECT_EQ(page_[size], 0x33);
    }
  }
  const uint64_t words[] = {5, 6};
  std::memcpy(page_, words, 16);
  state_.x[2] = 5;
  state_.x[3] = 6;
  run("%3 = pair %1, %2\n%4 = pair %2, %2\n%5 = cas i128 [%0], %3, %4 bytes=16 align=16\nput wide, %5\nhalt "
      "+8\n");
  EXPECT_EQ(state_.wide[0], 5u);
  EXPECT_EQ(state_.wide[1], 6u);
  EXPECT_EQ(at<uint64_t>(0), 6u);
}

TEST_F(InterpMemoryTest, AtomicAmongThreads) {
  std::memset(page_, 0, 8);
  const auto work = [&] {
    tcg::FlatInterpMemory memory;
    uint64_t old = 0;
    ir::MemDesc d;
    d.size = d.elem = d.align = 3;
    for (int i = 0; i < 20000; ++i) memory.rmw(&state_.hdr, kGuest, d, ir::RmwOp::kAdd, 1, &old);
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_EQ(at<uint64_t>(0), 40000u);
}

TEST_F(InterpMemoryTest, WideAtomicLoadFromAReadOnlyPage) {
  ASSERT_EQ(mprotect(page_, kPage, PROT_READ), 0);
  run("%3 = load i128 [%0 + 32] bytes=16 align=16 atomic acquire\nput wide, %3\nhalt +8\n");
  EXPECT_EQ(state_.wide[0], at<uint64_t>(32));
  EXPECT_EQ(state_.wide[1], at<uint64_t>(40));
}

TEST_F(InterpMemoryTest, AlignmentFaults) {
  const tcg::InterpResult r = run("%3 = load i64 [%0 + 2] bytes=4 align=4\nput x4, %3\nhalt +8\n");
  EXPECT_EQ(r.reason, Exit::kFault);
  EXPECT_EQ(r.fault.signo, SIGBUS);
  EXPECT_EQ(r.fault.code, BUS_ADRALN);
  EXPECT_EQ(r.fault.addr, kGuest + 2);
  EXPECT_EQ(r.fault.size, 4u);
  EXPECT_FALSE(r.fault.write);
  EXPECT_EQ(r.restore, 0x55u);
  EXPECT_EQ(state_.pc, 0x400004u);
  EXPECT_EQ(state_.hdr.exit_reason, static_cast<uint32_t>(Exit::kFault));
}

// ---- host faults

tcg::Interpreter* faulting = nullptr;
sigjmp_buf leave;
tcg::FaultSite site;
bool in_helper;

void on_fault(int) {
  const ir::Region* region = nullptr;
  if (!faulting->fault_site(&site, &in_helper, &region)) abort();
  siglongjmp(leave, 1);
}

TEST_F(InterpMemoryTest, HostFaultsAreFound) {
  struct sigaction action = {};
  struct sigaction before;
  action.sa_handler = on_fault;
  ASSERT_EQ(sigaction(SIGSEGV, &action, &before), 0);
  faulting = &interpreter_;
  struct Case {
    const char* op;
    uint64_t addr;
    uint32_t size;
    bool write;
  };
  const std::vector<uint8_t> old(page_, page_ + kPage);
  for (const Case& c : {Case{"%3 = load i64 [%0 + 4092] bytes=8", 4092, 8, false},
                        Case{"store [%0 + 4093], %1 bytes=4", 4093, 4, true},
                        Case{"%3 = load v128 [%0 - 1] bytes=16", uint64_t(-1), 16, false},
                        Case{"%3 = get v128 q0\nstore [%0 + 4088], %3 bytes=16", 4088, 16, true},
                        Case{"%3 = rmw i32 add [%0 + 4096], %4 bytes=4", 4096, 4, true},
                        Case{"%3 = cas i64 [%0 + 4089], %1, %2 bytes=8", 4089, 8, true},
                        Case{"probe store [%0 + 4095] bytes=2", 4095, 2, true},
                        Case{"probe load [%0 + 4095] bytes=2", 4095, 2, false},
                        Case{"probe tail [%0 + 4088] bytes=16", 4088, 16, true},
                        Case{"probe tail [%0 + 4096] bytes=16", 4096, 16, true}}) {
    site = {};
    prepare(std::string("%4 = const i32 0x1\nput x5, %1\nrestart\n") + c.op + "\nput x6, %2\nhalt +8\n");
    if (sigsetjmp(leave, 1) == 0) {
      interpreter_.run(region_, &state_);  // nothing in here has a destructor
      ADD_FAILURE() << c.op << " did not fault";
    }
    interpreter_.abandon();
    EXPECT_FALSE(in_helper);
    EXPECT_EQ(site.pc_offset, 4);
    EXPECT_EQ(site.restore, 0x55u);
    EXPECT_EQ(site.host_addr, reinterpret_cast<uint64_t>(page_) + c.addr) << c.op;
    EXPECT_EQ(site.size, c.size) << c.op;
    EXPECT_EQ(site.write, c.write) << c.op;
    EXPECT_EQ(state_.x[5], state_.x[2]) << "what was committed is in the state";
    EXPECT_NE(state_.x[6], state_.x[3]) << "what follows is not";
    EXPECT_TRUE(std::equal(old.begin(), old.end(), page_)) << c.op << " wrote by halves";
  }
  bool ignored = false;
  const ir::Region* region = nullptr;
  EXPECT_FALSE(interpreter_.fault_site(&site, &ignored, &region)) << "nothing runs";
  sigaction(SIGSEGV, &before, nullptr);
}

// Where no page begins, the part of the store before the tail tells.
TEST_F(InterpMemoryTest, TailsOfStoresAskForOtherPagesOnly) {
  for (const char* op : {"probe tail [%0 + 16] bytes=16", "probe tail [%0 + 4080] bytes=16",
                         "probe tail [%0 + 4097] bytes=16", "probe tail [%0 + 4098] bytes=2"}) {
    EXPECT_EQ(run(std::string(op) + "\nhalt +8\n").reason, Exit::kHalt) << op;
  }
}

// ---- ways out

TEST_F(InterpMemoryTest, Exits) {
  EXPECT_EQ(run("goto_pc +16 jump\n").reason, Exit::kLookup);
  EXPECT_EQ(state_.pc, 0x400010u);
  EXPECT_EQ(state_.hdr.exit_mode, 9u);
  EXPECT_EQ(run("goto_ind %1 return mode=0\n", "exit_mode 0x7\n").reason, Exit::kLookup);
  EXPECT_EQ(state_.pc, state_.x[2]);
  EXPECT_EQ(state_.hdr.exit_mode, 7u);
  EXPECT_EQ(run("syscall +8 number=0x5d\n").reason, Exit::kSyscall);
  EXPECT_EQ(state_.pc, 0x400008u);
  EXPECT_EQ(state_.hdr.exit_code, 0x5du);
  EXPECT_EQ(run("raise +4 code=0x3\n").reason, Exit::kRaise);
  EXPECT_EQ(state_.pc, 0x400004u);
  EXPECT_EQ(state_.hdr.exit_code, 3u);
  EXPECT_EQ(run("raise_val +4 code=0x4, %1\n").reason, Exit::kRaise);
  EXPECT_EQ(state_.hdr.exit_value, state_.x[2]);
  EXPECT_EQ(run("halt +12\n").reason, Exit::kHalt);
  EXPECT_EQ(state_.pc, 0x40000cu);
  EXPECT_EQ(state_.hdr.exit_reason, static_cast<uint32_t>(Exit::kHalt));
}

TEST_F(InterpMemoryTest, Polls) {
  EXPECT_EQ(run("goto_pc +16 jump poll\n").reason, Exit::kLookup);
  EXPECT_EQ(run("poll +8\nhalt +12\n").reason, Exit::kHalt);
  state_.hdr.event = tcg::kEventKick;
  EXPECT_EQ(run("goto_pc +16 jump\n").reason, Exit::kLookup) << "no poll on this edge";
  EXPECT_EQ(run("goto_pc +16 jump poll mode=0\n", "exit_mode 0x7\n").reason, Exit::kEvent);
  EXPECT_EQ(state_.pc, 0x400010u) << "the target's";
  EXPECT_EQ(state_.hdr.exit_mode, 7u);
  EXPECT_EQ(run("goto_ind %1 jump poll\n").reason, Exit::kEvent);
  EXPECT_EQ(state_.pc, state_.x[2]);
  EXPECT_EQ(run("poll +8\nhalt +12\n").reason, Exit::kEvent);
  EXPECT_EQ(state_.pc, 0x400008u);
}

TEST_F(InterpMemoryTest, HelpersMayLeave) {
  state_.x[2] = 4;
  EXPECT_EQ(run("%3 = call i8 leave, %1\n%4 = zext i64 %3\nput x4, %4\nhalt +8\n").reason, Exit::kHalt);
  EXPECT_EQ(state_.x[4], 5u);
  state_.x[2] = 0x1ff;
  EXPECT_EQ(run("%3 = call i8 leave, %1\nhalt +8\n").reason, Exit::kRaise);
  EXPECT_EQ(state_.pc, 0x1ffu);
  EXPECT_EQ(state_.hdr.exit_code, 77u);
  EXPECT_EQ(state_.hdr.helper_exit, 0u);
}

}  // namespace
}  // namespace xarch::test
