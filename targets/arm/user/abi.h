// The Linux ABI of AArch64.
#pragma once

#include <memory>
#include <string>

#include "linux-user/abi.h"

namespace xarch::arm {

// The ABI with this CPU model (empty: the default one); the error names the models there are.
Result<std::unique_ptr<linux_user::UserAbi>> make_arm64_abi(std::string_view cpu);

// Names of the CPU models, separated by ", ".
std::string arm64_models();

// For the list of guests a program is built with.
inline constexpr linux_user::AbiFactory kArm64Abi = {183, 2, false, "aarch64", make_arm64_abi, arm64_models};

}  // namespace xarch::arm
