#include "tests/fpu/oracle.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

namespace xarch::test {

namespace {

template <typename T>
void swap_words(std::vector<T>& v) {
  auto* words = reinterpret_cast<uint64_t*>(v.data());
  for (size_t i = 0; i < v.size() * sizeof(T) / 8; ++i) words[i] = __builtin_bswap64(words[i]);
}

}  // namespace

std::vector<GuestAnswer> run_guest(const std::string& command, const std::vector<GuestCase>& cases,
                                   bool swap) {
  std::vector<GuestCase> in = cases;
  std::vector<GuestAnswer> out(cases.size());
  if (swap) swap_words(in);
  char from[] = "/tmp/xarch-fpu-in-XXXXXX", to[] = "/tmp/xarch-fpu-out-XXXXXX";
  const int in_file = mkstemp(from), out_file = mkstemp(to);
  const auto bytes = static_cast<ssize_t>(in.size() * sizeof in[0]);
  size_t answers = 0;
  const std::string line = "timeout 120 " + command + " < " + from + " > " + to;
  if (write(in_file, in.data(), in.size() * sizeof in[0]) == bytes && system(line.c_str()) == 0) {
    const ssize_t got = read(out_file, out.data(), out.size() * sizeof out[0]);
    if (got > 0) answers = static_cast<size_t>(got) / sizeof out[0];
  }
  close(in_file);
  close(out_file);
  unlink(from);
  unlink(to);
  out.resize(answers);
  if (swap) swap_words(out);
  return out;
}

}  // namespace xarch::test
