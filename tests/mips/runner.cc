#include "tests/mips/runner.h"

#include <asm/prctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tcg/ir/verifier.h"

namespace xarch::mips {

namespace {
constexpr size_t kReserved = (size_t{1} << 32) + 0x10000;
}

TestMemory::TestMemory() {
  void* p = mmap(nullptr, kReserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED) std::abort();
  base_ = reinterpret_cast<uint64_t>(p);
}
TestMemory::~TestMemory() { munmap(reinterpret_cast<void*>(base_), kReserved); }

void TestMemory::map(uint32_t page, uint32_t bytes) {
  if (mprotect(reinterpret_cast<void*>(base_ + page), bytes, PROT_READ | PROT_WRITE) != 0) std::abort();
  for (uint32_t at = 0; at < bytes; at += 4096) pages_[page + at] = true;
}

bool TestMemory::mapped(uint64_t at, unsigned bytes) const {
  return at + bytes <= uint64_t{1} << 32 && pages_.count(static_cast<uint32_t>(at & ~uint64_t{4095})) != 0 &&
         pages_.count(static_cast<uint32_t>((at + bytes - 1) & ~uint64_t{4095})) != 0;
}

void TestMemory::put32(uint32_t at, uint32_t v) {
  v = __builtin_bswap32(v);
  std::memcpy(reinterpret_cast<void*>(base_ + at), &v, 4);
}
uint32_t TestMemory::get32(uint32_t at) const {
  uint32_t v;
  std::memcpy(&v, reinterpret_cast<void*>(base_ + at), 4);
  return __builtin_bswap32(v);
}
void TestMemory::put8(uint32_t at, uint8_t v) { *reinterpret_cast<uint8_t*>(base_ + at) = v; }
uint8_t TestMemory::get8(uint32_t at) const { return *reinterpret_cast<uint8_t*>(base_ + at); }

bool TestMemory::fetch(uint64_t pc, void* out, unsigned bytes) {
  if (!mapped(pc, bytes)) return false;
  std::memcpy(out, reinterpret_cast<void*>(base_ + pc), bytes);
  return true;
}
bool TestMemory::load(tcg::CpuHeader* cpu, uint64_t at, ir::MemDesc d, uint64_t* value) {
  return mapped(at, d.bytes()) && flat_.load(cpu, at, d, value);
}
bool TestMemory::store(tcg::CpuHeader* cpu, uint64_t at, ir::MemDesc d, const uint64_t* value) {
  return mapped(at, d.bytes()) && flat_.store(cpu, at, d, value);
}
bool TestMemory::cas(tcg::CpuHeader* cpu, uint64_t at, ir::MemDesc d, const uint64_t* expected,
                     const uint64_t* desired, uint64_t* old) {
  return mapped(at, d.bytes()) && flat_.cas(cpu, at, d, expected, desired, old);
}
bool TestMemory::rmw(tcg::CpuHeader* cpu, uint64_t at, ir::MemDesc d, ir::RmwOp op, uint64_t value,
                     uint64_t* old) {
  return mapped(at, d.bytes()) && flat_.rmw(cpu, at, d, op, value, old);
}
bool TestMemory::probe(tcg::CpuHeader*, uint64_t at, ir::MemDesc d, ir::ProbeKind) {
  return mapped(at, d.bytes());
}

namespace {
// Regions don't go beyond the end of a run.
class UpTo final : public tcg::CodeReader {
 public:
  UpTo(tcg::CodeReader& code, uint32_t end) : code_(code), end_(end) {}
  bool fetch(uint64_t pc, void* out, unsigned bytes) override {
    return pc != end_ && code_.fetch(pc, out, bytes);
  }

 private:
  tcg::CodeReader& code_;
  uint32_t end_;
};
}  // namespace

Runner::Runner(TestMemory& memory, const MipsOptions& options, testing::RegionRunner* tier1)
    : guest_(options), memory_(memory), interpreter_(memory), tier1_(tier1) {
  // Emitted code addresses guest memory by this segment when there is a base.
  if (tier1 != nullptr) syscall(SYS_arch_prctl, ARCH_SET_GS, memory.base());
  MipsGuest::reset(&state_);
  state_.hdr.guest_base = memory.base();
}

tcg::Exit Runner::execute(uint32_t* restore, bool* aligned) {
  if (tier1_ == nullptr) {
    tcg::InterpResult r = interpreter_.run(region, &state_);
    *restore = r.restore;
    *aligned = r.fault.signo == 0;
    return r.reason;
  }
  testing::Outcome o = tier1_->emit_and_run(region, &state_.hdr);
  if (!o.compiled) {
    std::fprintf(stderr, "tier 1 refuses the region at %#lx\n", static_cast<unsigned long>(region.key.pc));
    std::abort();
  }
  *restore = o.restore;
  *aligned = !o.misaligned;
  return o.reason;
}

Stop Runner::run(uint32_t end, unsigned insn_limit, const std::function<void(const State&)>& before) {
  UpTo code(memory_, end);
  for (unsigned regions = 0;; ++regions) {
    if (state_.pc == end && state_.in_slot == 0) return {tcg::Exit::kLookup};
    if (regions == 100000) {
      std::fprintf(stderr, "the code at %#lx does not end\n", static_cast<unsigned long>(state_.pc));
      std::abort();
    }
    if (before) before(state_);
    ir::Builder b(&region, guest_.layout(), {state_.pc, guest_.mode(&state_), insn_limit});
    guest_.lift(b, code, tcg::LiftLimits{});
    if (auto sound = ir::verify(region); !sound) {
      std::fprintf(stderr, "the region at %#lx: %s\n", static_cast<unsigned long>(state_.pc),
                   sound.error().message.c_str());
      std::abort();
    }
    uint32_t restore = 0;
    bool aligned = true;
    tcg::Exit reason = execute(&restore, &aligned);
    if (reason == tcg::Exit::kFault) {
      guest_.restore_state(&state_, state_.pc, restore);
      return {reason, 0, aligned};
    }
    if (reason != tcg::Exit::kLookup) return {reason, state_.hdr.exit_code};
    if (state_.hdr.exit_mode != guest_.mode(&state_)) {
      std::fprintf(stderr, "an exit to %#lx names the wrong mode\n", static_cast<unsigned long>(state_.pc));
      std::abort();
    }
  }
}

}  // namespace xarch::mips
