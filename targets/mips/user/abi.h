// The Linux ABI of 32-bit big-endian MIPS: o32.
#pragma once

#include <memory>
#include <string>

#include "linux-user/abi.h"

namespace xarch::mips {

// The ABI with this CPU model (empty: the default one); the error names the models there are.
Result<std::unique_ptr<linux_user::UserAbi>> make_mips_abi(std::string_view cpu);

// Names of the CPU models, separated by ", ".
std::string mips_models();

// For the list of guests a program is built with.
inline constexpr linux_user::AbiFactory kMipsAbi = {8, 1, true, "mips", make_mips_abi, mips_models};

}  // namespace xarch::mips
