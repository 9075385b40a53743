// Runs x86 code, of 64-bit or 32-bit mode, on the host's own processor with registers (x87, MMX, SSE and AVX
// too), flags and memory of the test's choice.
#pragma once

#include <cstddef>
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

// x87, MMX, SSE and AVX state, as FXSAVE and XSAVE have it.
struct FpRegisters {
  uint16_t control;  // x87's control word
  uint16_t status;   // its status word; bits 11 to 13 are the top of the stack
  uint8_t tags;      // a bit for each physical x87 register: not empty
  uint16_t opcode;   // of the last x87 instruction, and where it and its operand were
  uint64_t ip, dp;
  uint32_t mxcsr;
  uint8_t st[8][16];    // ST(0) to ST(7): 10 bytes, then zeros
  uint8_t ymm[16][32];  // the lower 16 bytes are XMM's

  // The state of a new process: all exceptions masked, registers zero and empty.
  void reset();
};

struct Registers {
  uint64_t gpr[16];  // as instructions number them
  uint64_t pc;
  uint64_t rflags;
  FpRegisters fp;
};

// The data segment of cases with `segmented`: entry 0 of the LDT, selector 7; entry 1 is the same for reading
// only.
inline constexpr uint32_t kSegmentBase = 0x12345000;
// The last offset in it: of a page, so that the area's page is cut off from what lies behind.
inline constexpr uint32_t kSegmentLast = kData + kDataBytesMapped - kSegmentBase - 1;
inline constexpr unsigned kSegmentSelector = 7, kReadOnlySelector = 15;

struct Case {
  unsigned data_selector(unsigned flat) const {
    return !segmented ? flat : read_only ? kReadOnlySelector : kSegmentSelector;
  }

  uint8_t code[64];
  unsigned code_bytes;
  bool code32;     // in 32-bit mode, by the flat segments that Linux has for it
  bool segmented;  // of these, DS and ES are the segment above
  bool read_only;  // the one for reading only
  Registers before;
  uint8_t area_before[kAreaBytes];
  // Filled by run_natively.
  Registers after;  // of a breakpoint: pc is its own
  int signo;        // SIGTRAP: came to a breakpoint; 0: has not ended
  uint8_t area_after[kAreaBytes];
};

// Maps code and data at their places; once in a process.
void map_places();
// Lays out memory for the case: breakpoints, code, data.
void lay_out(const Case& c);

// Runs the cases in a child process. `cases` must be shared memory (MAP_SHARED). Returns how many have ended:
// fewer than there are if the child did not come back from the next one.
size_t run_natively(std::span<Case> cases);

}  // namespace xarch::x86::test
