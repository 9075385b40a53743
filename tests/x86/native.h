// Runs x86-64 code on the host's own processor with registers, flags and memory of the test's choice.
#pragma once

#include <cstdint>
#include <span>

namespace xarch::x86::test {

// Where a case's code and data lie, natively and for the guest.
inline constexpr uint64_t kCode = 0x20100000;
inline constexpr unsigned kCodeBytesMapped = 0x1000;
inline constexpr uint64_t kCodeStart = kCode + 0x800;  // of the code; all around it are breakpoints
inline constexpr uint64_t kData = 0x20000000;
inline constexpr unsigned kDataBytesMapped = 0x1000;
inline constexpr uint64_t kArea = kData + 0x400;  // what has contents and is compared
inline constexpr unsigned kAreaBytes = 512;

struct Registers {
  uint64_t gpr[16];  // as instructions number them
  uint64_t pc;
  uint64_t rflags;
};

struct Case {
  uint8_t code[64];
  unsigned code_bytes;
  Registers before;
  uint8_t area_before[kAreaBytes];
  // Filled by run_natively.
  Registers after;  // of a breakpoint: pc is its own
  int signo;        // SIGTRAP: came to a breakpoint
  uint8_t area_after[kAreaBytes];
};

// Maps code and data at their places; once in a process.
void map_places();
// Lays out memory for the case: breakpoints, code, data.
void lay_out(const Case& c);

// Runs the cases in a child process. `cases` must be shared memory (MAP_SHARED). False if the child died.
bool run_natively(std::span<Case> cases);

}  // namespace xarch::x86::test
