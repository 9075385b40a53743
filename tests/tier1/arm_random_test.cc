// Random AArch64 code, lifted, through the interpreter and through tier 1: every register, the flags, memory
// and the way out agree.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>

#include "targets/arm/core/guest.h"
#include "tcg/ir/notes.h"
#include "tcg/ir/text.h"
#include "tcg/opt/passes.h"
#include "tests/support/region_runner.h"
#include "tests/support/rng.h"
#include "tests/tier1/arm_programs.h"

namespace xarch {
namespace {

using arm::Arm64State;

using testing::Generator;
using testing::kBuffer;
using testing::kBufferBytes;
using testing::kCode;
using testing::VectorReader;

// As if the lifter had not looked behind exits.
void forget_dead_slots(ir::Region* region) {
  for (ir::Inst& in : region->insts) {
    if (in.op != ir::Op::kGotoPc && in.op != ir::Op::kGotoInd) continue;
    ir::ExitAux e = ir::ExitAux::unpack(in.aux);
    e.dead_index = 0;
    in.aux = e.pack();
  }
  region->dead_at_exit.clear();
  ir::take_notes(*region);
}

class RandomArm : public ::testing::Test {
 protected:
  void SetUp() override {
    buffer_ =
        static_cast<uint8_t*>(mmap(reinterpret_cast<void*>(kBuffer), kBufferBytes, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
    ASSERT_EQ(reinterpret_cast<uintptr_t>(buffer_), kBuffer);
  }
  void TearDown() override { munmap(buffer_, kBufferBytes); }

  // The region of program n, made of `text` if there is any, else of random instructions; and a_, its state.
  void make(uint64_t seed, unsigned n, const std::vector<uint32_t>& text) {
    Generator g(seed * 1000003 + n);
    g.features = guest_->model().features;
    code_.words.clear();
    if (text.empty()) {
      for (uint64_t length = 1 + g.below(12); length > 0; --length) code_.words.push_back(g.word());
    } else {
      constexpr size_t kLength = 40;
      const auto at = text.begin() + static_cast<long>(g.below(text.size() - kLength));
      code_.words.assign(at, at + kLength);
    }
    ir::BlockKey key;
    key.pc = kCode;
    ir::Builder builder(&region_, guest_->layout(), key);
    guest_->lift(builder, code_, tcg::LiftLimits());
    // Flags that the lifter found dead at an exit need not agree there; in every other program it finds none.
    if (n % 2 == 0) forget_dead_slots(&region_);
    new (&a_) Arm64State();
    randomize(g, &a_);
    // A region that jumps to its own start would go round in emitted code: an event ends it at the poll.
    bool event = n % 8 == 0;
    for (const ir::Inst& in : region_.insts) event |= in.op == ir::Op::kGotoPc && in.imm == 0;
    a_.hdr.event = event;
  }
  void fill_buffer(unsigned n) {
    for (size_t i = 0; i < kBufferBytes; i += 8) {
      const uint64_t v = i * 0x9e3779b97f4a7c15u + n;
      memcpy(buffer_ + i, &v, 8);
    }
  }
  // What differs between a_ and b_; empty if nothing does.
  std::string difference(tcg::Exit reason) const {
    for (const ir::Slot& slot : guest_->layout().slots) {
      const auto* p = reinterpret_cast<const uint8_t*>(&a_) + slot.offset;
      const auto* q = reinterpret_cast<const uint8_t*>(&b_) + slot.offset;
      uint64_t u = 0, v = 0;
      memcpy(&u, p, std::min(8u, ir::type_bytes(slot.type)));
      memcpy(&v, q, std::min(8u, ir::type_bytes(slot.type)));
      if (slot.type == ir::Type::kFlags) {
        const bool dead = !region_.dead_at_exit.empty() && reason == tcg::Exit::kLookup;
        if (dead || ((u ^ v) & (ir::kFlagN | ir::kFlagZ | ir::kFlagC | ir::kFlagV)) == 0) continue;
      } else if (memcmp(p, q, ir::type_bytes(slot.type)) == 0) {
        continue;
      }
      char text[128];
      snprintf(text, sizeof text, ": interpreted %#lx emitted %#lx\n", u, v);
      return std::string(slot.name) + text;
    }
    return {};
  }
  // Interprets and emits program n. True if it faulted.
  bool compare(unsigned n) {
    memcpy(static_cast<void*>(&b_), static_cast<void*>(&a_), sizeof b_);
    fill_buffer(n);
    const testing::Outcome x = runner_.interpret(region_, &a_.hdr);
    const std::vector<uint8_t> after(buffer_, buffer_ + kBufferBytes);
    fill_buffer(n);
    opt::run_passes(region_, work_);
    const testing::Outcome y = runner_.emit_and_run(region_, &b_.hdr);
    const bool fault = x.reason == tcg::Exit::kFault;
    std::string wrong = y.compiled ? difference(x.reason) : "refused\n";
    if (x.reason != y.reason) wrong += "another way out\n";
    if (fault && (x.fault_write != y.fault_write || x.misaligned != y.misaligned)) wrong += "another fault\n";
    if (!fault && memcmp(after.data(), buffer_, kBufferBytes) != 0) wrong += "memory differs\n";
    if (!wrong.empty()) {
      ADD_FAILURE() << "program " << n << ": " << wrong << listing(code_) << ir::print(region_);
    }
    return fault;
  }

  std::unique_ptr<arm::Arm64Guest> guest_ = arm::make_arm64_guest("max");
  testing::RegionRunner runner_{guest_->layout()};
  opt::Workspace work_;
  VectorReader code_;
  ir::Region region_;
  Arm64State a_, b_;
  uint8_t* buffer_ = nullptr;
};

TEST_F(RandomArm, RunsAsInterpreted) {
  const uint64_t seed = getenv("XARCH_SEED") ? strtoull(getenv("XARCH_SEED"), nullptr, 0) : 1;
  const unsigned count = getenv("XARCH_COUNT") ? static_cast<unsigned>(atoi(getenv("XARCH_COUNT"))) : 20000;
  printf("seed %lu, %u programs\n", seed, count);
  // XARCH_CODE names a file of machine code to take the programs from, instead of random instructions.
  std::vector<uint32_t> text;
  if (const char* name = getenv("XARCH_CODE")) {
    std::ifstream file(name, std::ios::binary);
    for (uint32_t w; file.read(reinterpret_cast<char*>(&w), 4);) text.push_back(w);
    ASSERT_GT(text.size(), 100u) << name;
  }
  unsigned faults = 0;
  for (unsigned n = 0; n < count && !HasFailure(); ++n) {
    make(seed, n, text);
    faults += compare(n);
  }
  printf("%u faults\n", faults);
  EXPECT_GT(faults, count / 200);
}

// Long numbers: sums and differences with carry, half products between them that must leave the carry alone,
// and who else looks at the flags; over few registers, so that values die, meet and are evicted.
std::vector<uint32_t> long_number_code(uint64_t seed, size_t length) {
  constexpr uint32_t kPlain[] = {// Arm ARM C4.1.95: data processing, register; sf, Rd, Rn, Rm are filled in
                                 0x2b000000,   // ADDS
                                 0x3a000000,   // ADCS
                                 0x1a000000,   // ADC
                                 0x6b000000,   // SUBS
                                 0x7a000000,   // SBCS
                                 0x5a000000,   // SBC
                                 0x1a800000,   // CSEL EQ
                                 0x1a802000,   // CSEL CS
                                 0x1a803400,   // CSINC CC
                                 0x0b000000,   // ADD
                                 0x4a000000,   // EOR
                                 0x6a000000,   // ANDS
                                 0x1b007c00,   // MUL
                                 0x2a000000,   // ORR
                                 0x7a402000};  // CCMP CS
  constexpr uint32_t kWide[] = {0x9bc07c00,    // UMULH
                                0x9b407c00,    // SMULH
                                0x9ba07c00,    // UMULL
                                0xa9400000,    // LDP
                                0xf9000000};   // STR
  test::Rng random(seed);
  std::vector<uint32_t> code(length);
  for (uint32_t& word : code) {
    const auto reg = [&] { return static_cast<uint32_t>(random.below(14) == 0 ? 31 : random.below(13)); };
    if (random.below(3) == 0) {
      const uint32_t kind = random.below(16) == 0 ? 3 + random.below(2) : random.below(3);
      word = kWide[kind] | reg() | reg() << 5 | (kind == 3 ? reg() << 10 : kind == 4 ? 0 : reg() << 16);
    } else {
      const uint32_t op = random.below(2) ? kPlain[random.below(6)] : kPlain[random.below(std::size(kPlain))];
      word = op | static_cast<uint32_t>(random.below(4) != 0) << 31 | reg() << 5 | reg() << 16;
      word |= op == 0x7a402000 ? static_cast<uint32_t>(random.below(16)) : reg();
    }
  }
  return code;
}

TEST_F(RandomArm, LongNumbers) {
  const uint64_t seed = getenv("XARCH_SEED") ? strtoull(getenv("XARCH_SEED"), nullptr, 0) : 1;
  const unsigned count = getenv("XARCH_COUNT") ? static_cast<unsigned>(atoi(getenv("XARCH_COUNT"))) : 20000;
  printf("seed %lu, %u programs\n", seed, count);
  const std::vector<uint32_t> text = long_number_code(seed, 40 * 1000);
  for (unsigned n = 0; n < count && !HasFailure(); ++n) {
    make(seed, n, text);
    compare(n);
  }
}

}  // namespace
}  // namespace xarch
