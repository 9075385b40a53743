// fpu_campaign SECONDS [SEED [NAME]]: runs all checks (those whose name contains NAME) in turns for about
// that long and says how many cases each ran. Exits with 1 at the first difference.
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/fpu/checks.h"

int main(int argc, char** argv) {
  using xarch::test::Check;
  if (argc < 2) {
    std::fprintf(stderr, "usage: fpu_campaign SECONDS [SEED [NAME]]\n");
    return 2;
  }
  const double seconds = std::atof(argv[1]);
  const uint64_t first = argc > 2 ? std::strtoull(argv[2], nullptr, 0) : 1;
  std::vector<Check> checks;
  for (Check& check : xarch::test::all_checks()) {
    if (argc < 4 || std::strstr(check.name.c_str(), argv[3]) != nullptr) checks.push_back(check);
  }
  std::vector<uint64_t> done(checks.size());
  const auto start = std::chrono::steady_clock::now();
  uint64_t seed = first;
  for (; std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() < seconds; ++seed) {
    for (size_t i = 0; i < checks.size(); ++i) {
      const std::string difference = checks[i].run(seed, checks[i].slice);
      if (!difference.empty()) {
        std::printf("%s, seed %" PRIu64 ": %s\n", checks[i].name.c_str(), seed, difference.c_str());
        return 1;
      }
      done[i] += checks[i].slice;
    }
  }
  uint64_t total = 0;
  for (size_t i = 0; i < checks.size(); ++i) {
    std::printf("%-20s %12" PRIu64 " cases\n", checks[i].name.c_str(), done[i]);
    total += done[i];
  }
  std::printf("%-20s %12" PRIu64 " cases, seeds %" PRIu64 " to %" PRIu64 ", no difference\n", "all", total,
              first, seed - 1);
}
