// A check runs `count` random cases of some operations against another implementation and answers what the
// first difference was. The tests run a slice of each check, the campaign program as many as time allows.
#pragma once

#include <cstdint>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "tcg/fpu/fpu.h"

namespace xarch::test {

struct Check {
  std::string name;
  // Empty: no difference.
  std::function<std::string(uint64_t seed, uint64_t count)> run;
  uint64_t slice;  // cases that a test runs
};
// For gtest's messages.
inline void PrintTo(const Check& check, std::ostream* out) { *out << check.name; }

std::vector<Check> sse_checks();
std::vector<Check> half_checks();
std::vector<Check> x87_checks();
std::vector<Check> quad_checks();
std::vector<Check> reference_checks();
std::vector<Check> all_checks();

inline std::string hex(fpu::U128 v) {
  std::string s;
  for (int i = 124; i >= 0; i -= 4) {
    const int digit = static_cast<int>(v >> i & 15);
    if (digit != 0 || !s.empty() || i == 0) s += "0123456789abcdef"[digit];
  }
  return s;
}

// One case: what went in, and two answers.
struct Outcome {
  fpu::U128 value = 0;
  uint32_t flags = 0;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};
inline std::string describe(const char* op, std::initializer_list<fpu::U128> operands, const fpu::Env& e,
                            const Outcome& ours, const Outcome& theirs) {
  std::ostringstream s;
  s << op;
  for (fpu::U128 v : operands) s << ' ' << hex(v);
  s << " (rounding " << static_cast<int>(e.rounding) << (e.flush_inputs ? " flush-in" : "")
    << (e.flush_outputs ? " flush-out" : "") << (e.flush_half ? " flush-half" : "")
    << (e.default_nan ? " default-nan" : "") << " precision " << static_cast<int>(e.x87_precision)
    << "): ours " << hex(ours.value) << " flags " << ours.flags << ", theirs " << hex(theirs.value)
    << " flags " << theirs.flags;
  return s.str();
}

}  // namespace xarch::test
