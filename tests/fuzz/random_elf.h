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
  // Appends random code: anything, or an instruction of a random row of the table.
  void (*insn)(std::vector<uint8_t>* code, uint64_t random_a, uint64_t random_b);
  // Appends instructions that set register n (n below num_registers) to a 32-bit value.
  void (*set_register)(std::vector<uint8_t>* code, unsigned n, uint32_t value);
  unsigned num_registers;
  // Takes the system calls out of the code, at whatever byte they begin; null: `insn` makes none.
  void (*clean)(std::vector<uint8_t>* code);
};

const GuestKind& arm64_kind();
const GuestKind& mips_kind();
const GuestKind& x86_64_kind();
const GuestKind& i386_kind();

// The file of this seed. Its code is mapped without write permission, and its data without execute
// permission, so that it can't make itself a system call.
std::vector<uint8_t> random_elf(const GuestKind& kind, uint64_t seed);

}  // namespace xarch::fuzz
