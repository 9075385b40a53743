// Static executables of random code, for the guests there are.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace xarch::fuzz {

// What random code needs to know of a guest.
struct GuestKind {
  std::string_view name;
  uint16_t elf_machine;
  bool is_64;
  bool big;
  // A word of random code: any word, or one of a random row of the instruction table; no system call.
  uint32_t (*word)(uint64_t random_a, uint64_t random_b);
  // Instructions that set register n (n below num_registers) to a 32-bit value.
  void (*set_register)(std::vector<uint32_t>* code, unsigned n, uint32_t value);
  unsigned num_registers;
};

const GuestKind& arm64_kind();
const GuestKind& mips_kind();

// The file of this seed. Its code is mapped without write permission, and its data without execute
// permission, so that it can't make itself a system call.
std::vector<uint8_t> random_elf(const GuestKind& kind, uint64_t seed);

}  // namespace xarch::fuzz
