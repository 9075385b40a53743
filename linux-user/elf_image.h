// ElfImage: an ELF program's headers, read and checked. Nothing in a file is trusted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tcg/support/result.h"

namespace xarch::linux_user {

struct ElfSegment {
  uint64_t vaddr = 0;
  uint64_t offset = 0;
  uint64_t file_bytes = 0;
  uint64_t mem_bytes = 0;
  int prot = 0;
};

struct ElfImage {
  uint16_t machine = 0;
  uint8_t elf_class = 0;  // 1: 32-bit, 2: 64-bit
  bool big_endian = false;
  bool position_independent = false;  // ET_DYN
  uint32_t flags = 0;                 // e_flags
  uint64_t entry = 0;
  uint64_t phdr_vaddr = 0;  // where the program headers are once loaded; 0 if in no segment
  uint16_t phdr_count = 0;
  uint16_t phdr_bytes = 0;        // of one
  std::vector<ElfSegment> loads;  // in file order, none empty
  uint64_t low = 0, high = 0;     // range of all of them
  uint64_t max_align = 4096;      // largest p_align that is a power of two
  std::string interp;             // empty: none
  bool exec_stack = false;        // PT_GNU_STACK asks for it
};

enum class FileKind : uint8_t { kElf, kScript, kOther };

// What a file is by its first bytes; an Error (code: errno) if it cannot be read.
Result<FileKind> file_kind(int fd, const std::string& name);

// Reads and checks the headers of the file behind `fd`. limit: first address user mode may not use (0: any).
// `name` stands in error messages; the code is ENOEXEC, or the errno of a failed read.
Result<ElfImage> read_elf(int fd, const std::string& name, uint64_t limit = 0);

// Is it a program for the host's own kernel and processor?
bool native_machine(const ElfImage& image);
bool native_machine(uint16_t machine, bool big_endian);

// "AArch64", "MIPS", …; "machine 1234" for what has no name here.
std::string machine_name(uint16_t machine);

}  // namespace xarch::linux_user
