// Names of guest code: the functions of the files that are mapped.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "linux-user/memory_map.h"

namespace xarch::linux_user {

// Functions of one ELF file, by their addresses in it. Nothing in the file is trusted.
class FileSymbols {
 public:
  // Reads .symtab, or .dynsym of a stripped file. What cannot be read has no names.
  static std::unique_ptr<FileSymbols> read(const std::string& path);
  // The function that the byte at this offset of the file belongs to, and how far into it; false if none.
  bool find(uint64_t file_offset, std::string* name, uint64_t* offset) const;
  size_t size() const { return functions_.size(); }

 private:
  struct Function {
    uint64_t start, end;
    std::string name;  // demangled
  };
  struct Segment {
    uint64_t offset, bytes, vaddr;
  };
  void settle_ends();
  std::vector<Function> functions_;  // by start
  std::vector<Segment> segments_;

  friend class SymbolReader;
};

// Of an address space.
class Symbols {
 public:
  explicit Symbols(const MemoryMap& mem) : mem_(mem) {}
  // "function", "function+0x10", "file+0x1234", or "[anon]+…" for code in no file. Takes the area lock.
  std::string name(uint64_t pc);

 private:
  struct File {
    std::string base_name;
    std::unique_ptr<FileSymbols> symbols;
  };
  const File& file_of(const Area& area);

  const MemoryMap& mem_;
  std::map<std::pair<uint64_t, uint64_t>, File> files_;  // by device and inode
};

}  // namespace xarch::linux_user
