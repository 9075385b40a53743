// What the hazard tests share.
#pragma once

#include <gtest/gtest.h>

#include "tests/support/toy_machine.h"

namespace xarch::toy {

using tcg::BackendKind;
using tcg::Exit;

class Hazard : public testing::TestWithParam<BackendKind> {};

inline auto backends() { return testing::Values(BackendKind::kInterp, BackendKind::kX86_64); }
inline std::string backend_name(const testing::TestParamInfo<BackendKind>& i) {
  return i.param == BackendKind::kInterp ? "interp" : "x86_64";
}

}  // namespace xarch::toy
