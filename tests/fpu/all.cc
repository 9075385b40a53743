#include "tests/fpu/checks.h"

namespace xarch::test {

std::vector<Check> all_checks() {
  std::vector<Check> all;
  for (auto* some : {sse_checks, half_checks, x87_checks, quad_checks, reference_checks}) {
    for (Check& check : some()) all.push_back(check);
  }
  return all;
}

}  // namespace xarch::test
