// --perf: tells perf(1) which guest function translated code belongs to, by a map and by a jitdump.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "linux-user/perf_options.h"
#include "linux-user/symbols.h"
#include "tcg/runtime/code_listener.h"

namespace xarch::linux_user {

class PerfWriter final : public tcg::CodeListener {
 public:
  // Opens the files; what cannot be opened is said in the log and left out.
  PerfWriter(const PerfOptions& options, const MemoryMap& mem);

  void begin_code(const uint8_t* start, size_t bytes, size_t stub_bytes) override;
  void end_code(const uint8_t* start) override;
  void translated(uint64_t pc, const uint8_t* code, uint32_t bytes) override;

  // In the child of a fork: files of its own, which begin with what it has inherited.
  void begin_child();
  // The process ends.
  void finish();

 private:
  struct Entry {
    uint32_t bytes;
    bool live;  // its memory is mapped
    std::string name;
  };
  using Entries = std::map<uintptr_t, Entry>;

  void open_files();
  void open_map();
  void open_dump();
  void add(uintptr_t start, uint32_t bytes, std::string name);
  void write_map_line(uintptr_t start, const Entry& entry);
  void write_load(uintptr_t start, const Entry& entry);
  std::string map_path() const;

  const PerfOptions options_;
  Symbols symbols_;
  int map_fd_ = -1, dump_fd_ = -1;
  void* marker_ = nullptr;  // the mapping that perf record sees
  uint64_t next_index_ = 0;
  Entries entries_;                   // none overlap
  std::map<uintptr_t, size_t> code_;  // ranges of memory for code
};

}  // namespace xarch::linux_user
