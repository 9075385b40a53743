// Runs a region of random_ir.h in the interpreter on a random state and buffer.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "tcg/backend/interp/interp.h"
#include "tests/support/bounded_memory.h"
#include "tests/support/random_ir.h"

namespace xarch::test {

class IrRunner {
 public:
  explicit IrRunner(const RandomIrOptions& options)
      : buffer_(options.buffer_bytes + 64),
        memory_(options.buffer, aligned(), options.buffer_bytes),
        interpreter_(memory_),
        bytes_(options.buffer_bytes) {
    state.hdr.guest_base = memory_.guest_base();
  }
  IrRunner(const IrRunner&) = delete;

  // State and buffer of this seed, then the region; what came of it stands in `state`, `result` and buffer().
  void run(const ir::Region& region, uint64_t seed) {
    random_state(seed, &state);
    random_buffer(seed, aligned(), bytes_);
    result = interpreter_.run(region, &state);
  }
  const uint8_t* buffer() { return aligned(); }

  // What differs from the other's outcome; empty if nothing.
  std::string difference(IrRunner& other) {
    std::string d = state_difference(state, other.state);
    if (!d.empty()) return d;
    if (std::memcmp(aligned(), other.aligned(), bytes_) != 0) return "memory differs";
    const tcg::FaultInfo& a = result.fault;
    const tcg::FaultInfo& b = other.result.fault;
    if (a.addr != b.addr || a.size != b.size || a.write != b.write || a.signo != b.signo ||
        a.code != b.code || result.restore != other.result.restore) {
      return "faults differ";
    }
    return {};
  }

  RandomState state{};
  tcg::InterpResult result;

 private:
  uint8_t* aligned() {
    return reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(buffer_.data()) + 63) & ~uintptr_t{63});
  }

  std::vector<uint8_t> buffer_;
  BoundedMemory memory_;
  tcg::Interpreter interpreter_;
  uint32_t bytes_;
};

}  // namespace xarch::test
