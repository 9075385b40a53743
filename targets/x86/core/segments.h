// Segment registers: descriptors, what loads of selectors check and leave, and the key's mode bits that
// follow.
//
// In 64-bit mode the bases of ES, CS, SS and DS count for nothing, and neither do limits; what the registers
// hold is kept for 32-bit code. The pc slot is a linear address: the base of CS is in it.
#pragma once

#include <cstdint>

#include "targets/x86/core/state.h"

namespace xarch::x86 {

// Privilege level of user mode.
inline constexpr unsigned kUserLevel = 3;

// Bits of a descriptor's rights: 8 to 23 of its upper half.
enum Rights : uint32_t {
  kRightsAccessed = 1u << 0,
  kRightsWritable = 1u << 1,  // of data; of code: readable
  kRightsDown = 1u << 2,      // of data: expand-down; of code: conforming
  kRightsCode = 1u << 3,
  kRightsPlain = 1u << 4,  // code or data, not a system segment
  kRightsLevelShift = 5,
  kRightsPresent = 1u << 7,
  kRightsLong = 1u << 13,
  kRightsBig = 1u << 14,    // 32-bit
  kRightsPages = 1u << 15,  // the limit counts pages
};

// Data that can be written?
constexpr bool is_writable(uint64_t rights) {
  return (rights & (kRightsPlain | kRightsCode | kRightsWritable)) == (kRightsPlain | kRightsWritable);
}

// The selectors that Linux gives processes on a 64-bit kernel.
inline constexpr uint16_t kSelectorUser32 = 0x23, kSelectorUserData = 0x2b, kSelectorUser64 = 0x33;
// What SLDT shows of a process that has an LDT.
inline constexpr uint16_t kSelectorLdt = 0x50;
// The three entries of the GDT that a thread may set (set_thread_area).
inline constexpr unsigned kFirstTlsEntry = 12;

// A segment as a register holds it.
struct SegmentParts {
  uint64_t base;
  uint32_t limit;  // in bytes, the last one that counts
  uint32_t rights;
};

uint64_t make_descriptor(uint32_t base, uint32_t limit20, uint32_t rights);
SegmentParts descriptor_parts(uint64_t descriptor);

// What an instruction that loads a selector meets.
struct SegmentFault {
  uint32_t raise = 0;  // RaiseCode, 0 if there is none
  uint32_t error = 0;  // its error code
};

// MOV to, POP or L?S of register n (not CS): checks as user mode does, and loads. Changes nothing on a fault.
SegmentFault load_segment(X86State& s, unsigned n, uint16_t selector);
// May a far jump, call or return go to `selector`:`offset`? returns: RPL may not be below the level.
SegmentFault check_code_segment(const X86State& s, uint16_t selector, uint64_t offset, bool returns);
// Goes there, once it has been checked: loads CS and the pc.
void enter_code_segment(X86State& s, uint16_t selector, uint64_t offset);

// The descriptor that a selector names; false if it is null or beyond its table.
bool find_descriptor(const X86State& s, uint16_t selector, uint64_t* out);

// Sets the flat segments of a new process, Linux's GDT, and what system registers show.
void reset_segments(X86State& s, bool code32);
// Loads CS and SS again: what delivery of a signal and sigreturn do in a 64-bit process. FS and GS keep their
// bases, whatever their selectors name.
void reload_code_and_stack(X86State& s);
// Loads all segments again: what sigreturn of 32 bits does, and a thread whose descriptors have changed
// (modify_ldt, set_thread_area). Selectors that cannot be loaded become null.
void reload_segments(X86State& s);
// Sets X86State::mode. After changes of the segment slots that went past the functions above.
void update_mode(X86State& s);

}  // namespace xarch::x86
