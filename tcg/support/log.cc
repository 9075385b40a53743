#include "tcg/support/log.h"

#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace xarch {

uint32_t Log::mask_ = 0;
int Log::fd_ = 2;

namespace {

struct Name {
  std::string_view name;
  Trace trace;
};
constexpr Name kNames[] = {
    {"in", Trace::kIn},           {"ir", Trace::kIr},         {"ir_opt", Trace::kIrOpt},
    {"out", Trace::kOut},         {"exec", Trace::kExec},     {"cpu", Trace::kCpu},
    {"syscall", Trace::kSyscall}, {"signal", Trace::kSignal}, {"memory", Trace::kMemory},
    {"unimpl", Trace::kUnimpl},
};

void write_all(int fd, const char* p, size_t n) {
  while (n > 0) {
    ssize_t done = ::write(fd, p, n);
    if (done <= 0) return;
    p += done;
    n -= static_cast<size_t>(done);
  }
}

void vline(int fd, const char* format, va_list args) {
  char buffer[1024];
  int n = vsnprintf(buffer, sizeof buffer - 1, format, args);
  if (n < 0) return;
  size_t len = static_cast<size_t>(n) < sizeof buffer - 2 ? static_cast<size_t>(n) : sizeof buffer - 2;
  buffer[len++] = '\n';
  write_all(fd, buffer, len);
}

}  // namespace

bool Log::enable(std::string_view names, std::string_view* bad) {
  uint32_t mask = mask_;
  while (!names.empty()) {
    size_t comma = names.find(',');
    std::string_view one = names.substr(0, comma);
    names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
    bool known = false;
    for (const Name& n : kNames) {
      if (n.name == one) {
        mask |= static_cast<uint32_t>(n.trace);
        known = true;
      }
    }
    if (!known) {
      *bad = one;
      return false;
    }
  }
  mask_ = mask;
  return true;
}

void Log::line(std::string_view text) {
  if (text.size() < 1023) {
    char buffer[1024];
    memcpy(buffer, text.data(), text.size());
    buffer[text.size()] = '\n';
    write_all(fd_, buffer, text.size() + 1);
  } else {
    write_all(fd_, text.data(), text.size());
    write_all(fd_, "\n", 1);
  }
}

void Log::printf(const char* format, ...) {
  va_list args;
  va_start(args, format);
  vline(fd_, format, args);
  va_end(args);
}

void Log::fatal(const char* format, ...) {
  va_list args;
  va_start(args, format);
  vline(2, format, args);
  va_end(args);
  abort();
}

}  // namespace xarch
