#include "tests/mips/runner.h"

#include <sys/mman.h>

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
bool TestMemory::probe(tcg::CpuHeader*, uint64_t at, ir::MemDesc d, bool) { return mapped(at, d.bytes()); }

Runner::Runner(TestMemory& memory, const MipsOptions& options)
    : guest_(options), memory_(memory), interpreter_(memory) {
  MipsGuest::reset(&state_);
  state_.hdr.guest_base = memory.base();
}

Stop Runner::run(uint32_t end, unsigned insn_limit, const std::function<void(const State&)>& before) {
  for (unsigned regions = 0;; ++regions) {
    if (state_.pc == end && state_.in_slot == 0) return {tcg::Exit::kLookup};
    if (regions == 100000) {
      std::fprintf(stderr, "the code at %#lx does not end\n", static_cast<unsigned long>(state_.pc));
      std::abort();
    }
    if (before) before(state_);
    ir::Builder b(&region, guest_.layout(), {state_.pc, guest_.mode(&state_), insn_limit});
    guest_.lift(b, memory_, tcg::LiftLimits{});
    if (auto sound = ir::verify(region); !sound) {
      std::fprintf(stderr, "the region at %#lx: %s\n", static_cast<unsigned long>(state_.pc),
                   sound.error().message.c_str());
      std::abort();
    }
    tcg::InterpResult r = interpreter_.run(region, &state_);
    if (r.reason == tcg::Exit::kFault) {
      guest_.restore_state(&state_, state_.pc, r.restore);
      return {r.reason, 0, r.fault.signo == 0};
    }
    if (r.reason != tcg::Exit::kLookup) return {r.reason, state_.hdr.exit_code};
    if (state_.hdr.exit_mode != guest_.mode(&state_)) {
      std::fprintf(stderr, "an exit to %#lx names the wrong mode\n", static_cast<unsigned long>(state_.pc));
      std::abort();
    }
  }
}

}  // namespace xarch::mips
