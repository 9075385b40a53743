// Random valid regions over a made-up guest, for comparing executors, passes and the text form.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "tcg/ir/region.h"
#include "tcg/runtime/cpu.h"
#include "tests/support/rng.h"

namespace xarch::test {

// The made-up guest's state. The slots are in random_layout(): x0..x9 are hot, w0..w3 b0 h1 m2 are aliases of
// parts of x0..x3, d0 s0 e1 of parts of q0, q1; win is an array with win3 an alias of one element; xs, ws and
// qs are arrays over hot and other registers. mm0 and se1 are the significand of f0, the exponent of f1.
struct RandomState {
  tcg::CpuHeader hdr;
  uint64_t pc;
  uint64_t x[12];
  uint16_t flags;
  uint8_t c;
  uint8_t reserved;
  uint32_t count;  // bounds the loops of a region
  uint64_t win[8];
  alignas(16) uint64_t q[4][2];
  alignas(16) uint64_t wide[2];
  alignas(16) uint64_t f[4][2];  // f80, and zeros
  uint16_t f80_control, f80_flags, f80_up;
};

const ir::StateLayout& random_layout();
// The slot of that name in it, which must be there.
ir::SlotId random_slot(std::string_view name);
// All helpers that regions may call, for the parser: mix swap any leave.
std::span<const ir::HelperDesc* const> random_helpers();

struct RandomIrOptions {
  unsigned max_blocks = 6;
  unsigned max_insns = 5;  // guest instructions of a block
  unsigned max_ops = 10;   // operations of a guest instruction
  bool loops = true;
  bool vectors = true;
  bool floats = true;  // bitcasts, gets, puts, loads and stores of f32 and f64: there is no arithmetic
  bool fp = false;     // floating-point arithmetic, on operands of random_fp.h
  bool f80 = false;    // with fp: extended precision, too
  bool wide = true;    // i128
  bool helpers = true;
  bool polls = true;
  bool memory = true;
  bool atomics = true;
  bool faults = true;  // some accesses leave the buffer or break their alignment rule
  bool address_transforms = true;
  // A helper that reads memory at CpuHeader::guest_base + address, and faults there if it has to.
  bool host_memory = false;
  bool rounds = false;      // some regions jump back to their own start a few times: see goes_round
  bool key_flags = false;   // keys that are not linked, or that mask address tags
  bool dead_exits = false;  // every way out of some regions (but events) leaves slots dead: compare with care
  unsigned mmu_indexes = 1;  // of memory operations
  // Guest addresses of the buffer; a power of two of bytes, aligned to it. What lies before and behind it
  // faults.
  uint64_t buffer = 0x10000;
  uint32_t buffer_bytes = 4096;
  uint64_t pc = 0x400000;
};

// Makes the region of this seed. The same seed and options give the same region in builds of one compiler
// (operands are picked in the order in which it evaluates arguments).
void random_region(uint64_t seed, const RandomIrOptions& options, ir::Region* out);

// Was the region, made with RandomIrOptions::rounds, left for its own start? Emitted code goes there by
// itself.
bool goes_round(const ir::Region& region, const RandomState& state);

// Random registers; every now and then an event is pending. The header's other fields are left alone.
void random_state(uint64_t seed, RandomState* out);
// bytes: a multiple of 8.
void random_buffer(uint64_t seed, uint8_t* buffer, size_t bytes);

// What differs between two states, as far as it is specified (packed flags have unspecified bits, exit_code
// and exit_value count where the reason sets them): a line, empty if nothing.
// With a region, slots that its exits declare dead do not count if one of them was taken.
std::string state_difference(const RandomState& a, const RandomState& b,
                             const ir::Region* dead_exits = nullptr);

}  // namespace xarch::test
