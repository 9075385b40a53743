// The jitdump's format is that of tools/perf/Documentation/jitdump-specification.txt in the kernel's sources.
#include "linux-user/perf.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "linux-user/own_fds.h"
#include "tcg/support/clock.h"
#include "tcg/support/log.h"

namespace xarch::linux_user {

namespace {

constexpr uint32_t kMagic = 0x4a695444;  // "JiTD"
constexpr uint32_t kVersion = 1;
enum RecordId : uint32_t { kCodeLoad = 0, kCodeClose = 3 };

struct DumpHeader {
  uint32_t magic, version, total_size, elf_mach, pad1, pid;
  uint64_t timestamp, flags;
};
static_assert(sizeof(DumpHeader) == 40);

struct RecordHeader {
  uint32_t id, total_size;
  uint64_t timestamp;
};
static_assert(sizeof(RecordHeader) == 16);

// Behind it stand the name with its zero byte, and the code.
struct CodeLoad {
  RecordHeader header;
  uint32_t pid, tid;
  uint64_t vma, code_addr, code_size, code_index;
};
static_assert(sizeof(CodeLoad) == 56);

// The clock of `perf record -k mono`.
uint64_t timestamp() { return static_cast<uint64_t>(now_ns(CLOCK_MONOTONIC)); }

// A file that nobody else has put there; a descriptor of ours, or -1 after a line in the log.
int create(const std::string& path) {
  unlink(path.c_str());
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd >= 0) return OwnFds::keep(fd);
  Log::line("xarch: --perf: " + path + ": " + strerror(errno));
  return -1;
}

void forget(int* fd) {
  if (*fd < 0) return;
  OwnFds::remove(*fd);
  close(*fd);
  *fd = -1;
}

}  // namespace

PerfWriter::PerfWriter(const PerfOptions& options, const MemoryMap& mem) : options_(options), symbols_(mem) {
  open_files();
}

void PerfWriter::open_files() {
  if (options_.map) open_map();
  if (options_.jitdump) open_dump();
}

std::string PerfWriter::map_path() const {
  return options_.directory + "/perf-" + std::to_string(getpid()) + ".map";
}

void PerfWriter::open_map() { map_fd_ = create(map_path()); }

void PerfWriter::open_dump() {
  // perf knows the file by its name. The dump of the program that this process was before an execve is kept.
  const std::string pid = std::to_string(getpid());
  std::string directory = options_.directory;
  if (options_.execs != 0) {
    directory += "/jit-" + pid + "." + std::to_string(options_.execs);
    mkdir(directory.c_str(), 0755);
  }
  dump_fd_ = create(directory + "/jit-" + pid + ".dump");
  if (dump_fd_ < 0) return;
  const DumpHeader header = {.magic = kMagic,
                             .version = kVersion,
                             .total_size = sizeof header,
                             .elf_mach = EM_X86_64,
                             .pad1 = 0,
                             .pid = static_cast<uint32_t>(getpid()),
                             .timestamp = timestamp(),
                             .flags = 0};
  if (write(dump_fd_, &header, sizeof header) != static_cast<ssize_t>(sizeof header))
    return forget(&dump_fd_);
  // perf record notes executable mappings, and perf inject finds the file by this one.
  marker_ = mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, dump_fd_, 0);
  if (marker_ == MAP_FAILED) {
    Log::line(std::string("xarch: --perf: a jitdump must be mapped executable: ") + strerror(errno));
    marker_ = nullptr;
    forget(&dump_fd_);
  }
}

void PerfWriter::write_map_line(uintptr_t start, const Entry& entry) {
  if (map_fd_ < 0) return;
  char numbers[48];
  snprintf(numbers, sizeof numbers, "%lx %x ", start, entry.bytes);
  const std::string line = numbers + entry.name + "\n";
  if (write(map_fd_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) forget(&map_fd_);
}

void PerfWriter::write_load(uintptr_t start, const Entry& entry) {
  if (dump_fd_ < 0) return;
  CodeLoad record = {};
  const size_t total = sizeof record + entry.name.size() + 1 + entry.bytes;
  record.header = {kCodeLoad, static_cast<uint32_t>(total), timestamp()};
  record.pid = static_cast<uint32_t>(getpid());
  record.tid = static_cast<uint32_t>(syscall(SYS_gettid));
  record.vma = record.code_addr = start;
  record.code_size = entry.bytes;
  record.code_index = next_index_++;
  const iovec parts[] = {{&record, sizeof record},
                         {const_cast<char*>(entry.name.c_str()), entry.name.size() + 1},
                         {reinterpret_cast<void*>(start), entry.bytes}};
  if (writev(dump_fd_, parts, 3) != static_cast<ssize_t>(total)) forget(&dump_fd_);
}

void PerfWriter::add(uintptr_t start, uint32_t bytes, std::string name) {
  if (bytes == 0) return;
  const auto at = entries_.insert_or_assign(start, Entry{bytes, true, std::move(name)}).first;
  write_map_line(start, at->second);
  write_load(start, at->second);
}

void PerfWriter::begin_code(const uint8_t* start, size_t bytes, size_t stub_bytes) {
  const auto from = reinterpret_cast<uintptr_t>(start);
  const auto first = entries_.lower_bound(from), last = entries_.lower_bound(from + bytes);
  if (first != last) {
    // A map has no times: what was at these addresses before must go from it.
    entries_.erase(first, last);
    if (map_fd_ >= 0 && ftruncate(map_fd_, 0) == 0) {
      lseek(map_fd_, 0, SEEK_SET);
      for (const auto& [at, entry] : entries_) write_map_line(at, entry);
    }
  }
  code_[from] = bytes;
  add(from, static_cast<uint32_t>(stub_bytes), "[xarch stubs]");
}

void PerfWriter::end_code(const uint8_t* start) {
  const auto range = code_.find(reinterpret_cast<uintptr_t>(start));
  if (range == code_.end()) return;
  for (auto at = entries_.lower_bound(range->first);
       at != entries_.end() && at->first < range->first + range->second; ++at)
    at->second.live = false;
  code_.erase(range);
}

void PerfWriter::translated(uint64_t pc, const uint8_t* code, uint32_t bytes) {
  add(reinterpret_cast<uintptr_t>(code), bytes, symbols_.name(pc));
}

void PerfWriter::begin_child() {
  if (marker_ != nullptr) munmap(marker_, 4096);
  marker_ = nullptr;
  forget(&map_fd_);
  forget(&dump_fd_);
  open_files();
  for (const auto& [start, entry] : entries_) {
    if (!entry.live) continue;
    write_map_line(start, entry);
    write_load(start, entry);
  }
}

void PerfWriter::finish() {
  if (dump_fd_ < 0) return;
  const RecordHeader close_record = {kCodeClose, sizeof close_record, timestamp()};
  if (write(dump_fd_, &close_record, sizeof close_record) < 0) forget(&dump_fd_);
}

}  // namespace xarch::linux_user
