// What the hazard tests share.
#pragma once

#include <gtest/gtest.h>

#include "tests/support/toy_machine.h"

namespace xarch::toy {

using tcg::BackendKind;
using tcg::Exit;

class Hazard : public testing::TestWithParam<Executor> {};

inline auto backends() {
  return testing::Values(Executor(BackendKind::kInterp), Executor(BackendKind::kX86_64),
                         Executor(BackendKind::kX86_64, true));
}
inline std::string backend_name(const testing::TestParamInfo<Executor>& i) { return i.param.name(); }

}  // namespace xarch::toy
