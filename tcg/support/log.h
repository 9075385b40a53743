// Diagnostics on stderr, and the switches of `--trace`.
#pragma once

#include <cstdint>
#include <string_view>

namespace xarch {

// What `--trace a,b,…` can turn on.
enum class Trace : uint32_t {
  kIn = 1u << 0,       // guest instructions of each region translated
  kIr = 1u << 1,       // the region as lifted
  kIrOpt = 1u << 2,    // the region after the passes
  kOut = 1u << 3,      // emitted host code
  kExec = 1u << 4,     // every entry into a block from the run loop
  kCpu = 1u << 5,      // guest registers at those entries
  kSyscall = 1u << 6,  // same as --strace
  kSignal = 1u << 7,
  kMemory = 1u << 8,  // address space changes
  kUnimpl = 1u << 9,  // what the guest asked for and does not exist here
};

// The process-wide log: it is written by every thread, so lines are formatted first and written by one
// write(2).
class Log {
 public:
  static bool enabled(Trace t) { return (mask_ & static_cast<uint32_t>(t)) != 0; }
  static uint32_t mask() { return mask_; }
  static void set_mask(uint32_t mask) { mask_ = mask; }
  // Parses a comma-separated list of names; false (nothing changed) if one is unknown, which is put into
  // *bad.
  static bool enable(std::string_view names, std::string_view* bad);
  // Sends the log to a file instead of stderr. The descriptor must be close-on-exec and stays open for the
  // process.
  static void set_fd(int fd) { fd_ = fd; }
  static int fd() { return fd_; }
  // Writes one line; a newline is added. Async-signal-safe.
  static void line(std::string_view text);
  // printf-style, at most 1023 characters. Async-signal-safe as far as snprintf with integers and strings is.
  static void printf(const char* format, ...) __attribute__((format(printf, 1, 2)));
  // For conditions that mean a bug in xarch itself: writes the line and aborts.
  [[noreturn]] static void fatal(const char* format, ...) __attribute__((format(printf, 1, 2)));

 private:
  static uint32_t mask_;
  static int fd_;
};

}  // namespace xarch
