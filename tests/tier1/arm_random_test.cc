// Random AArch64 code, lifted, through the interpreter and through tier 1: every register, the flags, memory
// and the way out agree.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>

#include "targets/arm/core/decode.h"
#include "targets/arm/core/guest.h"
#include "tcg/ir/text.h"
#include "tcg/opt/passes.h"
#include "tests/support/region_runner.h"

namespace xarch {
namespace {

using arm::Arm64State;

constexpr uint64_t kBuffer = 0x10000000;
constexpr size_t kBufferBytes = 1 << 16;
constexpr uint64_t kCode = 0x400000;

class VectorReader : public tcg::CodeReader {
 public:
  std::vector<uint32_t> words;
  bool fetch(uint64_t pc, void* out, unsigned bytes) override {
    if (pc < kCode || pc + bytes > kCode + words.size() * 4) return false;
    memcpy(out, reinterpret_cast<uint8_t*>(words.data()) + (pc - kCode), bytes);
    return true;
  }
};

class Generator {
 public:
  explicit Generator(uint64_t seed) : rng_(seed) {}
  uint64_t next() { return rng_(); }
  uint64_t below(uint64_t n) { return rng_() % n; }

  uint32_t word() {
    for (;;) {
      auto insn = static_cast<arm::Insn>(below(arm::kNumInsns));
      const arm::Row& row = arm::row(insn);
      uint32_t w = (static_cast<uint32_t>(next()) & ~row.mask) | row.value;
      if (arm::decode(w, features) == insn) return w;
    }
  }
  uint64_t value() {
    switch (below(6)) {
      case 0: return next();
      case 1: return below(16);
      case 2: return ~below(16);
      case 3: return uint64_t{1} << below(64);
      default: return kBuffer + kBufferBytes / 2 + below(256) * (below(2) ? 16 : 1);
    }
  }
  arm::FeatureSet features;

 private:
  std::mt19937_64 rng_;
};

void randomize(Generator& g, Arm64State* s) {
  s->reset();
  for (unsigned i = 0; i < 31; ++i) s->x(i) = g.value();
  s->sp = kBuffer + kBufferBytes / 2 + g.below(64) * 16;
  for (unsigned i = 0; i < 32; ++i) {
    s->v(i).d[0] = g.next();
    s->v(i).d[1] = g.next();
  }
  s->set_nzcv_bits(static_cast<uint32_t>(g.below(16) << 28));
}

std::string listing(const VectorReader& code) {
  std::string s;
  for (uint32_t w : code.words) {
    char line[32];
    snprintf(line, sizeof line, ".inst 0x%08x\n", w);
    s += line;
  }
  return s;
}

void forget_dead_slots(ir::Region* region) {
  for (ir::Inst& in : region->insts) {
    if (in.op != ir::Op::kGotoPc && in.op != ir::Op::kGotoInd) continue;
    ir::ExitAux e = ir::ExitAux::unpack(in.aux);
    e.dead_index = 0;
    in.aux = e.pack();
  }
  region->dead_at_exit.clear();
}

TEST(Tier1, RandomAArch64CodeRunsAsInterpreted) {
  uint64_t seed = getenv("XARCH_SEED") ? strtoull(getenv("XARCH_SEED"), nullptr, 0) : 1;
  unsigned count = getenv("XARCH_COUNT") ? static_cast<unsigned>(atoi(getenv("XARCH_COUNT"))) : 20000;
  printf("seed %lu, %u programs\n", seed, count);
  // XARCH_CODE names a file of machine code to take the programs from, instead of random instructions.
  std::vector<uint32_t> text;
  if (const char* name = getenv("XARCH_CODE")) {
    std::ifstream file(name, std::ios::binary);
    for (uint32_t w; file.read(reinterpret_cast<char*>(&w), 4);) text.push_back(w);
    ASSERT_GT(text.size(), 100u) << name;
  }
  auto guest = arm::make_arm64_guest("max");
  testing::RegionRunner runner(guest->layout());
  auto* buffer =
      static_cast<uint8_t*>(mmap(reinterpret_cast<void*>(kBuffer), kBufferBytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0));
  ASSERT_EQ(reinterpret_cast<uintptr_t>(buffer), kBuffer);
  size_t state_bytes = (sizeof(Arm64State) + 63) / 64 * 64;
  auto* a = static_cast<Arm64State*>(aligned_alloc(64, state_bytes));
  auto* b = static_cast<Arm64State*>(aligned_alloc(64, state_bytes));
  std::vector<uint8_t> before(kBufferBytes), after(kBufferBytes);
  unsigned faults = 0, refused = 0;
  opt::Workspace work;
  for (unsigned n = 0; n < count; ++n) {
    Generator g(seed * 1000003 + n);
    g.features = guest->model().features;
    VectorReader code;
    unsigned length = 1 + static_cast<unsigned>(g.below(12));
    if (text.empty()) {
      for (unsigned i = 0; i < length; ++i) code.words.push_back(g.word());
    } else {
      length = 40;
      size_t at = g.below(text.size() - length);
      code.words.assign(text.begin() + static_cast<long>(at), text.begin() + static_cast<long>(at + length));
    }
    ir::Region region;
    ir::BlockKey key;
    key.pc = kCode;
    ir::Builder builder(&region, guest->layout(), key);
    guest->lift(builder, code, tcg::LiftLimits());
    // Flags that the lifter found dead at an exit need not agree there; in every other program it finds none.
    bool strip = n % 2 == 0;
    if (strip) forget_dead_slots(&region);
    new (a) Arm64State();
    randomize(g, a);
    // A region that jumps to its own start would go round in emitted code: an event ends it at the poll.
    bool event = n % 8 == 0;
    for (const ir::Inst& in : region.insts) event |= in.op == ir::Op::kGotoPc && in.imm == 0;
    a->hdr.event = event;
    memcpy(static_cast<void*>(b), static_cast<void*>(a), sizeof(Arm64State));
    for (size_t i = 0; i < kBufferBytes; i += 8) {
      uint64_t v = i * 0x9e3779b97f4a7c15u + n;
      memcpy(&before[i], &v, 8);
    }
    memcpy(buffer, before.data(), kBufferBytes);
    testing::Outcome x = runner.interpret(region, &a->hdr);
    memcpy(after.data(), buffer, kBufferBytes);
    memcpy(buffer, before.data(), kBufferBytes);
    opt::run_passes(region, work);
    testing::Outcome y = runner.emit_and_run(region, &b->hdr);
    if (!y.compiled) {
      ++refused;
      continue;
    }
    std::string where = "program " + std::to_string(n) + "\n" + listing(code) + ir::print(region);
    ASSERT_EQ(static_cast<int>(x.reason), static_cast<int>(y.reason)) << where;
    for (const ir::Slot& slot : guest->layout().slots) {
      auto* p = reinterpret_cast<uint8_t*>(a) + slot.offset;
      auto* q = reinterpret_cast<uint8_t*>(b) + slot.offset;
      if (slot.type == ir::Type::kFlags) {
        if (!region.dead_at_exit.empty() && x.reason == tcg::Exit::kLookup) continue;
        uint16_t u, v;
        memcpy(&u, p, 2);
        memcpy(&v, q, 2);
        uint16_t mask = ir::kFlagN | ir::kFlagZ | ir::kFlagC | ir::kFlagV;
        ASSERT_EQ(u & mask, v & mask) << slot.name << "\n" << where;
      } else if (memcmp(p, q, ir::type_bytes(slot.type)) != 0) {
        uint64_t u = 0, v = 0;
        memcpy(&u, p, std::min(8u, ir::type_bytes(slot.type)));
        memcpy(&v, q, std::min(8u, ir::type_bytes(slot.type)));
        FAIL() << slot.name << ": interpreted " << std::hex << u << " emitted " << v << "\n" << where;
      }
    }
    if (x.reason == tcg::Exit::kFault) {
      ++faults;
      ASSERT_EQ(x.fault_write, y.fault_write) << where;
      ASSERT_EQ(x.misaligned, y.misaligned) << where;
    } else {
      ASSERT_EQ(memcmp(after.data(), buffer, kBufferBytes), 0) << where;
    }
  }
  printf("%u faults, %u refused\n", faults, refused);
  EXPECT_GT(faults, count / 200);
  EXPECT_LT(refused, count / 50 + 1);
  munmap(buffer, kBufferBytes);
  free(a);
  free(b);
}

}  // namespace
}  // namespace xarch
